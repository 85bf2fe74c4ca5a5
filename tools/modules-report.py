#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What the wrapped nDPI does on the labelled corpus: beside ndpiReader 4.2, and behind our own classifiers.
    modules-report.py SHARED TOOL"""
import collections
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


def predictions(corpus, score, tool, modules, labels):
    p = subprocess.run([sys.executable, os.path.join(corpus, "predict.py"), "--args=--modules " + modules, tool, *labels],
                       stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    said = {}
    for line in p.stdout.decode().splitlines():
        r = json.loads(line)
        name = r.get("proto")
        k = score.key(r["file"], r["l4"], r["src_ip"], r["src_port"], r["dst_ip"], r["dst_port"])
        if name or k not in said:
            said[k] = name[5:] if name and name.startswith("ndpi:") else name
    return said


def main():
    shared, tool = sys.argv[1:3]
    corpus = os.path.join(shared, "corpus")
    score = load(os.path.join(corpus, "score.py"), "score")
    names = score.Names(os.path.join(corpus, "protocols.tsv"))
    labels = [os.path.join(corpus, "labels", n) for n in ("ndpi.tsv", "go-dpi.tsv")]
    said = {m: predictions(corpus, score, tool, m, labels) for m in ("ndpi", "own", "own,ndpi")}
    right = collections.Counter()
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
            ok = {m: names.right(r["expected"], names.canon(said[m].get(k))) for m in said}
            reader, _, how = r["ndpi42"].partition("/")
            ok["reader"] = how.startswith("DPI") and names.right(r["expected"], names.canon(reader))
            right.update(m for m in ok if ok[m])
            what = "%s: %s" % (r["file"].split("/")[-1], r["expected"])
            if ok["reader"] and not ok["ndpi"]:
                lists["only ndpiReader is right"]["%s (we: %s)" % (what, said["ndpi"].get(k))] += 1
            if ok["ndpi"] and not ok["reader"]:
                lists["only our module is right"]["%s (ndpiReader: %s)" % (what, r["ndpi42"])] += 1
            if ok["own,ndpi"] and not ok["own"]:
                lists["nDPI adds to own"][r["expected"]] += 1
            if said["own,ndpi"].get(k) and not said["own"].get(k) and not ok["own,ndpi"]:
                lists["nDPI adds wrongly"]["%s (said %s)" % (what, said["own,ndpi"].get(k))] += 1
            if ok["own"] and not ok["own,ndpi"]:
                lists["own alone is right, own,ndpi is not"][what] += 1
    for m, n in sorted(right.items()):
        print("%-10s %5d of %d right, %.2f %%" % (m, n, flows, 100.0 * n / flows))
    for title in lists:
        print("\n%s: %d" % (title, sum(lists[title].values())))
        for what, n in lists[title].most_common(40):
            print("  %4d  %s" % (n, what))


main()
