#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/model.md from what cdpi-train predicted of samples it had not seen.   report.py WORK CAPTURES FLOWS MODELS > model.md

WORK holds the reports of both transports, `samples`, and, where they were made, `adds` (adds.py: what the model adds on other
people's captures) and `trees-*` (trees.py: boosted trees over the same samples)."""
import collections
import glob
import math
import os
import sys

THRESHOLD = 0.8


def interval(good, all_):
    """Wilson's, 95 %."""
    if not all_:
        return "-"
    z, p = 1.96, good / all_
    centre, width = p + z * z / (2 * all_), z * math.sqrt(p * (1 - p) / all_ + z * z / (4 * all_ * all_))
    low, high = (centre - width) / (1 + z * z / all_), (centre + width) / (1 + z * z / all_)
    return "%.0f %% (%.0f to %.0f)" % (100 * p, 100 * max(low, 0), 100 * min(high, 1))


class Row:
    """A prediction of a sample that was left out."""

    def __init__(self, line):
        self.way, self.source, self.group, self.label, flows, self.truth, self.said, probability = line.split()
        self.flows, self.probability = int(flows), float(probability)
        self.is_recorded = self.source == "capture"
        self.has_class = self.truth != "-"
        self.is_named = self.said != "-" and self.probability >= THRESHOLD
        self.is_right = self.is_named and self.said == self.label


def rows_of(path):
    return [Row(line) for line in open(path)]


def sizes(work, transport):
    """Captures and flows by protocol, all samples."""
    captures, flows, scenarios = collections.defaultdict(set), collections.Counter(), collections.defaultdict(set)
    for line in open(os.path.join(work, "samples")):
        word = line.split(" ")
        if word[0] == "capture" and word[4] == transport:
            captures[word[3]].update(word[2].split(","))
            scenarios[word[3]].add(word[1])
            flows[word[3]] += int(word[11])
    return captures, flows, scenarios


def counted(rows, way):
    """By protocol: right, asked about, wrong names given in its name."""
    right, asked, wrong = collections.Counter(), collections.Counter(), collections.Counter()
    for r in rows:
        if r.way != way:
            continue
        if r.is_recorded and r.has_class:
            asked[r.label] += 1
            right[r.label] += r.is_right
        if r.is_named and not r.is_right:
            wrong[r.said] += 1
    return right, asked, wrong


def protocols(rows, work, transport):
    captures, flows, scenarios = sizes(work, transport)
    right, asked, wrong = counted(rows, "capture")
    right_s, asked_s, wrong_s = counted(rows, "scenario")
    print("| protocol | scenarios | captures | flows | distinct | recall | precision | other software: recall | precision |\n|---|---|---|---|---|---|---|---|---|")
    for p in sorted(asked, key=str.lower):
        elsewhere = "-, -" if len(scenarios[p]) < 2 else "%s, %s" % (interval(right_s[p], asked_s[p]), interval(right_s[p], right_s[p] + wrong_s[p]))
        print("| %s | %d | %d | %d | %d | %s | %s | %s |" % (p, len(scenarios[p]), len(captures[p]), flows[p], asked[p], interval(right[p], asked[p]),
                                                      interval(right[p], right[p] + wrong[p]), elsewhere.replace(", ", " | ")))
    print()


def totals(rows):
    print("| left out of training | recall | precision | recorded flows without a class that get a name |\n|---|---|---|---|")
    for way, what in (("capture", "captures"), ("scenario", "whole scenarios"), ("protocol", "whole protocols")):
        mine = [r for r in rows if r.way == way]
        known = [r for r in mine if r.is_recorded and r.has_class]
        unknown = [r for r in mine if r.is_recorded and not r.has_class]
        named = [r for r in mine if r.is_named]
        print("| %s | %s | %s | %s |" % (what, interval(sum(r.is_right for r in known), len(known)),
                                         interval(sum(r.is_right for r in named), len(named)) if known else "-",
                                         "%d of %d, %s" % (sum(r.is_named for r in unknown), len(unknown), interval(sum(r.is_named for r in unknown), len(unknown)))))
    print()


def reliability(rows):
    bins = [(0, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1.01)]
    print("| probability | captures left out: answers | mean said | right | scenarios left out: answers | mean said | right |\n|---|---|---|---|---|---|---|")
    for low, high in bins:
        cells = []
        for way in ("capture", "scenario"):
            inside = [r for r in rows if r.way == way and low <= r.probability < high and r.said != "-"]
            good = sum(r.label == r.said for r in inside)
            mean = "%.2f" % (sum(r.probability for r in inside) / len(inside)) if inside else "-"
            cells += ["%d" % len(inside), mean, interval(good, len(inside))]
        print("| %.2f to %.2f | %s |" % (low, min(high, 1), " | ".join(cells)))
    print()


def confusions(rows):
    wrong = collections.Counter((r.label, r.said) for r in rows if r.way in ("scenario", "protocol") and r.is_recorded and r.is_named and not r.is_right)
    if wrong:
        print("Wrong names where scenarios or protocols were left out: " + "; ".join("%s called %s (%d)" % (*k, n) for k, n in wrong.most_common(10)) + ".")
        print("(NFS is a program of SunRPC; FTP-DATA under TLS begins as any TLS; WebSocket and gRPC begin as HTTP and HTTP2.)\n")


def none_of_these(rows):
    for source, what in (("case", "cases of protocols that are no class, and near misses"), ("noise", "noise"), ("shuffled", "recorded payloads, their bytes shuffled")):
        mine = [r for r in rows if r.way == "scenario" and r.source == source and not r.has_class]
        named = sum(r.is_named for r in mine)
        if mine:
            print("- %s: %d of %d get a name, %s" % (what, named, len(mine), interval(named, len(mine))))
    print()


def trees(work):
    print("| transport | model | left out | recall | precision | without a class, named |\n|---|---|---|---|---|---|")
    for transport in ("tcp", "udp"):
        _, _, scenarios = sizes(work, transport)
        for path in [os.path.join(work, "report-" + transport)] + sorted(glob.glob(os.path.join(work, "trees-%s-*" % transport))):
            name = "linear, bytes (ships)" if "report-" in path else "trees, " + path.rsplit("-", 1)[1].replace("+", " and ")
            for way in ("capture", "scenario"):
                mine = [r for r in rows_of(path) if r.way == way and r.is_recorded]
                known = [r for r in mine if r.has_class and len(scenarios[r.label]) > 1]
                unknown, named = [r for r in mine if not r.has_class], [r for r in mine if r.is_named]
                print("| %s | %s | %ss | %s | %s | %s |" % (transport.upper(), name, way, interval(sum(r.is_right for r in known), len(known)),
                                                          interval(sum(r.is_right for r in named), len(named)), interval(sum(r.is_named for r in unknown), len(unknown))))
    print()


HEAD = """# The learned model

The module `ml` is asked last, about flows that neither our own classifiers nor the wrapped libraries name. It is linear
(liblinear, L1-regularised logistic regression, one class against the others) over the first payload of each side: counts of
byte pairs in the first 256 bytes, the first twelve bytes where they stand, sizes, who spoke first. One model for TCP and one
for UDP; class `-` is "none of these". It answers `likely`, from a probability of %.1f on (`ml.threshold`).

Made by `make model` (tools/train) from the recordings in tests/captures, their repetitions and the cases of the rooms; no third
party's capture takes part. The same samples give the same model, byte for byte.

    tools/train/repeat.py FOLDER -n 2 -t 6     the scenarios again, with other names, words, sizes, addresses, clients' settings
    make model FOLDERS=FOLDER                  both models and this page; SHARED=DIR for what they add on the corpus
    /usr/bin/python3 tools/train/trees.py build/train/samples tcp build/train/trees-tcp-lengths

A protocol is a class from %s captures and %s flows on (LEAST_CAPTURES, LEAST_FLOWS); what was recorded less, the cases of other
protocols, near misses, noise and shuffled payloads train "none of these".

**How the figures are made.** Three times, each in 8 folds, with intervals of 95 %% (Wilson). *Captures* left out: the same software
at another time, under other names and settings. *Scenarios* left out: software that the model has never seen (a protocol with one
scenario then has only its cases to be learnt from). *Protocols* left out: nothing of it was seen, and no name is right. The same bytes
are one sample, however often they were recorded: recall and precision count the distinct ones. The scale of the probabilities and the weight of "none of these" come from
the last two, together: 0.8 is meant for flows of unknown software and unknown protocols, so it says too little of known ones.
"""


def main():
    work, captures, flows, models = sys.argv[1:]
    print(HEAD % (THRESHOLD, captures, flows))
    for transport in ("tcp", "udp"):
        rows = rows_of(os.path.join(work, "report-" + transport))
        size = os.path.getsize(os.path.join(models, "cdpi-%s.model" % transport))
        print("## %s\n\n%d samples, model of %d KiB.\n" % (transport.upper(), sum(r.way == "scenario" for r in rows), size // 1024))
        totals(rows)
        confusions(rows)
        print("At the threshold, by protocol:\n")
        protocols(rows, work, transport)
        print("Is a probability what it says? Of the answers other than \"none of these\":\n")
        reliability(rows)
        print("None of these:\n")
        none_of_these(rows)
    if os.path.exists(os.path.join(work, "adds")):
        print("## On other people's captures\n\n" + open(os.path.join(work, "adds")).read())
    if glob.glob(os.path.join(work, "trees-*")):
        print("## Boosted trees beside it\n\n" + open(os.path.join(os.path.dirname(__file__), "trees.md")).read())
        trees(work)


main()
