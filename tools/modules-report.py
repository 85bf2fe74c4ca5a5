#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the wrapped nDPI does on the labelled corpus: beside ndpiReader 4.2, and behind our own classifiers.
    modules-report.py SHARED TOOL"""
import collections
import concurrent.futures
import importlib.util
import json
import os
import subprocess
import sys


def load(path, name):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def captures_of(labels):
    return sorted({line.split("\t", 1)[0] for path in labels for line in open(path).read().split("\n")[1:] if line})


def predictions(corpus, score, tool, modules, labels):
    """Flow -> (name, rule). A module's own name counts as the name: ndpi:NAME as NAME."""
    def run(name):
        p = subprocess.run([tool, "--format", "json", "--modules", modules, os.path.join(corpus, "captures", name)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return name, [json.loads(line) for line in p.stdout.decode("utf-8", "replace").splitlines() if line.startswith("{")]
    said = {}
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for capture, records in pool.map(run, captures_of(labels)):
            for r in (r for r in records if r["event_type"] == "flow"):
                name, evidence = r.get("app_proto"), r["cdpi"].get("evidence") or {}
                k = score.key(capture, str(r["proto"]).lower(), r["src_ip"], r.get("src_port", 0), r["dest_ip"], r.get("dest_port", 0))
                if name or k not in said:
                    said[k] = (name[5:] if name and name.startswith("ndpi:") else name, evidence.get("rule"))
    return said


def main():
    shared, tool = sys.argv[1:3]
    corpus = os.path.join(shared, "corpus")
    score = load(os.path.join(corpus, "score.py"), "score")
    names = score.Names(os.path.join(corpus, "protocols.tsv"))
    labels = [os.path.join(corpus, "labels", n) for n in ("ndpi.tsv", "go-dpi.tsv")]
    said = {m: predictions(corpus, score, tool, m, labels) for m in ("ndpi", "own", "own,ndpi")}
    right, by_rule = collections.Counter(), collections.Counter()
    lists = collections.defaultdict(collections.Counter)
    flows = 0
    for path in labels:
        rows = open(path).read().split("\n")
        head = rows[0].split("\t")
        for line in rows[1:]:
            r = dict(zip(head, line.split("\t")))
            if not line or r["truth"] != "TRUSTED" or r["dup"] != "-" or r["l4"] not in ("tcp", "udp"):
                continue
            flows += 1
            k = score.key(r["file"], r["l4"], r["a_ip"], r["a_port"], r["b_ip"], r["b_port"])
            ok = {m: names.right(r["expected"], names.canon(said[m].get(k, (None, None))[0])) for m in said}
            reader, _, how = r["ndpi42"].partition("/")
            ok["ndpi, by DPI without its caches"] = ok["ndpi"] and said["ndpi"][k][1] == "DPI"
            ok["ndpiReader 4.2"] = ok["reader"] = how.startswith("DPI") and names.right(r["expected"], names.canon(reader))
            ok["ndpiReader 4.2, by DPI without its caches"] = ok["reader"] and how == "DPI"
            by_rule[said["ndpi"].get(k, (None, None))[1]] += ok["ndpi"]
            right.update(m for m in ok if ok[m] and m != "reader")
            what = "%s: %s" % (r["file"].split("/")[-1], r["expected"])
            if ok["reader"] and not ok["ndpi"]:
                lists["only ndpiReader is right"]["%s (we: %s)" % (what, said["ndpi"].get(k, (None, None))[0])] += 1
            if ok["ndpi"] and not ok["reader"]:
                lists["only our module is right"]["%s (ndpiReader: %s)" % (what, r["ndpi42"])] += 1
            if ok["own,ndpi"] and not ok["own"]:
                lists["nDPI adds to own"][r["expected"]] += 1
            if said["own,ndpi"].get(k, (None,))[0] and not said["own"].get(k, (None,))[0] and not ok["own,ndpi"]:
                lists["nDPI adds wrongly"]["%s (said %s)" % (what, said["own,ndpi"][k][0])] += 1
            if ok["own"] and not ok["own,ndpi"]:
                lists["own alone is right, own,ndpi is not"][what] += 1
    for m, n in sorted(right.items()):
        print("%-44s %5d of %d right, %.2f %%" % (m, n, flows, 100.0 * n / flows))
    print("right by nDPI's confidence: " + ", ".join("%s %d" % (rule, n) for rule, n in by_rule.most_common() if n))
    for title in lists:
        print("\n%s: %d" % (title, sum(lists[title].values())))
        for what, n in lists[title].most_common(40):
            print("  %4d  %s" % (n, what))


if __name__ == "__main__":
    main()
