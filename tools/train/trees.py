#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Gradient-boosted trees over packets' lengths (and times), beside the linear model.   trees.py SAMPLES tcp|udp REPORT [options]

Debian's python3-sklearn; only to compare, nothing of it ships. The report is written as cdpi-train writes its own: the same classes,
the same ways of leaving out, probabilities scaled on what was left out. --bytes adds the first four bytes of each side."""
import argparse
import collections
import math

import numpy
from sklearn.ensemble import HistGradientBoostingClassifier

PACKETS = 8
WAYS = ("capture", "scenario", "protocol")


def read(path, transport):
    for line in open(path):
        word = line.rstrip("\n").split(" ")
        if word[4] == transport and word[0] in ("capture", "noise"):  # cases have neither lengths nor times
            yield {"source": word[0], "group": word[1], "captures": word[2].split(","), "label": word[3], "first": int(word[5]),
                   "wire": (int(word[6]), int(word[7])), "packets": word[8], "hex": word[9:11], "times": int(word[11])}


def features(s, times, first_bytes):
    packets = [p.split("/") for p in s["packets"].split(",")] if s["packets"] != "-" else []
    if not packets:  # noise: what its first payloads tell
        packets = [(str(size if side == 0 else -size), "0") for side, size in enumerate(s["wire"]) if size]
    row = [len(packets), s["first"]]
    for n in range(PACKETS):
        size, gap = (int(packets[n][0]), int(packets[n][1])) if n < len(packets) else (0, 0)
        row.append(size)
        if times:
            row.append(math.log1p(gap))
    for text in s["hex"] if first_bytes else ():
        body = bytes.fromhex(text.replace("-", ""))[:4]
        row += list(body) + [-1] * (4 - len(body))
    return row


def choose(samples, least_captures, least_flows):
    flows, captures = collections.Counter(), collections.defaultdict(set)
    for s in samples:
        if s["source"] == "capture" and s["label"] != "-":
            flows[s["label"]] += s["times"]
            captures[s["label"]].update(s["captures"])
    return sorted(p for p in flows if flows[p] >= least_flows and len(captures[p]) >= least_captures)


def folds(samples, way, count):
    """The fold of each sample, and which folds hold all of its captures."""
    keys = {"capture": lambda s: s["captures"][0], "scenario": lambda s: s["group"], "protocol": lambda s: s["label"] if s["label"] != "-" else s["group"]}[way]
    number = {k: n % count for n, k in enumerate(sorted({keys(s) for s in samples}))}
    if way != "capture":
        return [(number[keys(s)], True) for s in samples]
    for s in samples:
        for c in s["captures"]:
            number.setdefault(c, len(number) % count)
    return [(number[s["captures"][0]], len({number[c] for c in s["captures"]}) == 1) for s in samples]


def predictions(samples, x, y, way, count, arguments):
    where = folds(samples, way, count)
    for fold in range(count):
        train = [i for i, (f, whole) in enumerate(where) if f != fold or not whole]
        test = [i for i, (f, _) in enumerate(where) if f == fold]
        if not test:
            continue
        model = HistGradientBoostingClassifier(max_iter=arguments.rounds, max_leaf_nodes=8, min_samples_leaf=8, learning_rate=0.1, l2_regularization=1,
                                               random_state=1,
                                               early_stopping=False)
        model.fit(x[train], y[train])
        there = set(model.classes_)
        for i, p in zip(test, model.predict_proba(x[test])):
            yield way, samples[i], y[i] if y[i] in there else "-", dict(zip(model.classes_, numpy.log(p + 1e-6)))


def weighed(p, scale, none):
    total = {c: scale * (v + (none if c == "-" else 0)) for c, v in p.items()}
    most = max(total.values())
    norm = most + math.log(sum(math.exp(v - most) for v in total.values()))
    return {c: v - norm for c, v in total.items()}


def calibrate(rows):
    """As cdpi-train does: a scale, and a weight of "none of these"."""
    fitting = [r for r in rows if r[0] != "capture"]
    return min(((scale, none) for scale in (0.2, 0.3, 0.45, 0.7, 1, 1.4) for none in (-2, -1, 0, 1, 2, 3, 4, 6)),
               key=lambda s: -sum(weighed(p, *s).get(truth, -14) for _, _, truth, p in fitting))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("samples")
    parser.add_argument("transport")
    parser.add_argument("report")
    parser.add_argument("--captures", type=int, default=5)
    parser.add_argument("--flows", type=int, default=50)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--times", action="store_true")
    parser.add_argument("--bytes", action="store_true")
    arguments = parser.parse_args()
    samples = list(read(arguments.samples, arguments.transport))
    classes = set(choose(samples, arguments.captures, arguments.flows))
    x = numpy.array([features(s, arguments.times, arguments.bytes) for s in samples], dtype=float)
    y = numpy.array([s["label"] if s["label"] in classes else "-" for s in samples])
    rows = [r for way in WAYS for r in predictions(samples, x, y, way, arguments.folds, arguments)]
    scale, none = calibrate(rows)
    with open(arguments.report, "w") as out:
        for way, s, truth, p in rows:
            told = weighed(p, scale, none)
            said = max(told, key=told.get)
            out.write("%s %s %s %s %d %s %s %.4f\n" % (way, s["source"], s["group"], s["label"], s["times"], truth, said, math.exp(told[said])))
    print("%s: %d samples, %d classes, scale %.2g, none %.2g" % (arguments.transport, len(samples), len(classes), scale, none))


main()
