#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the model says of the labelled corpus, alone and behind the others.   adds.py SHARED TOOL"""
import collections
import importlib.util
import os
import sys

LADDERS = ("ml", "own", "own,ml", "own,ndpi", "own,ndpi,ml")


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(labels):
    for path in labels:
        rows = open(path).read().split("\n")
        head = rows[0].split("\t")
        for line in rows[1:]:
            row = dict(zip(head, line.split("\t")))
            if line and row["dup"] == "-" and row["l4"] in ("tcp", "udp"):
                yield row


def main():
    shared, tool = sys.argv[1:3]
    corpus = os.path.join(shared, "corpus")
    score = load(os.path.join(corpus, "score.py"), "score")
    report = load(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../modules-report.py"), "report")
    names = score.Names(os.path.join(corpus, "protocols.tsv"))
    labels = [os.path.join(corpus, "labels", n) for n in ("ndpi.tsv", "go-dpi.tsv")]
    said = {m: report.predictions(corpus, score, tool, m, labels) for m in LADDERS}
    flows, named, right = (collections.defaultdict(collections.Counter) for _ in range(3))
    wrong, added = collections.Counter(), collections.defaultdict(collections.Counter)
    for row in rows_of(labels):
        k = score.key(row["file"], row["l4"], row["a_ip"], row["a_port"], row["b_ip"], row["b_port"])
        kind = row["truth"]
        if kind not in ("TRUSTED", "SINGLE", "UNKNOWN") or (kind == "UNKNOWN" and row["payload_packets"] == "0"):
            continue
        says = {m: said[m].get(k, (None, None))[0] for m in LADDERS}
        for m in LADDERS:
            flows[m][kind] += 1
            named[m][kind] += bool(says[m])
            right[m][kind] += bool(says[m]) and kind != "UNKNOWN" and names.right(row["expected"], names.canon(says[m]))
        if says["ml"] and kind == "TRUSTED" and not names.right(row["expected"], names.canon(says["ml"])):
            wrong["%s called %s" % (row["expected"], says["ml"])] += 1
        for before in ("own", "own,ndpi"):
            if says[before + ",ml"] and not says[before]:
                ok = kind != "UNKNOWN" and names.right(row["expected"], names.canon(says[before + ",ml"]))
                added[before]["%s: %s called %s" % ("right" if ok else "no label" if kind == "UNKNOWN" else "wrong", row["expected"] or "?", says[before + ",ml"])] += 1
    print("The labelled corpus, none of whose captures trains the model (`adds.py`):\n")
    print("| modules | TRUSTED: named | right | SINGLE: named | right | UNKNOWN with payload: named |\n|---|---|---|---|---|---|")
    for m in LADDERS:
        t, s = "TRUSTED", "SINGLE"
        print("| `%s` | %d of %d | %d (%.1f %% of the named) | %d of %d | %d | %d of %d |" % (
            m, named[m][t], flows[m][t], right[m][t], 100 * right[m][t] / max(1, named[m][t]), named[m][s], flows[m][s], right[m][s],
            named[m]["UNKNOWN"], flows[m]["UNKNOWN"]))
    print("\nWrong on TRUSTED flows, alone: " + ("; ".join("%s (%d)" % w for w in wrong.most_common(12)) or "none") + ".")
    for before in ("own", "own,ndpi"):
        print("\nAdded after `%s`: " % before + ("; ".join("%s (%d)" % w for w in added[before].most_common(20)) or "nothing") + ".")


main()
