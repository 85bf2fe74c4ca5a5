#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""docs/model.md from what cdpi-train predicted of samples it had not seen.   report.py WORK GROUPS FLOWS MODELS > model.md"""
import collections
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


def rows_of(path):
    for line in open(path):
        source, group, label, is_class, said, probability = line.split()
        yield source, group, label, is_class == "1", said, float(probability)


def protocols(rows):
    flows, right, wrong = collections.Counter(), collections.Counter(), collections.Counter()
    groups = collections.defaultdict(set)
    for source, group, label, is_class, said, probability in rows:
        if is_class and source == "capture":
            flows[label] += 1
            groups[label].add(group)
        if said == "-" or probability < THRESHOLD:
            continue
        if said != label:
            wrong[said] += 1
        elif source == "capture":
            right[label] += 1
    print("| protocol | scenarios | flows | recall | answers wrong |\n|---|---|---|---|---|")
    for p in sorted(flows, key=str.lower):
        print("| %s | %d | %d | %s | %d of %d |" % (p, len(groups[p]), flows[p], interval(right[p], flows[p]), wrong[p], wrong[p] + right[p]))
    total = sum(right.values())
    print("\nAll: recall %s of %d flows; precision %s.\n" %
          (interval(total, sum(flows.values())), sum(flows.values()), interval(total, total + sum(wrong.values()))))


def reliability(rows):
    bins = [(0, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 1.01)]
    print("| probability | answers | mean said | right |\n|---|---|---|---|")
    for low, high in bins:
        inside = [r for r in rows if low <= r[5] < high and r[4] != "-"]
        if inside:
            good = sum(r[2] == r[4] for r in inside)
            print("| %.2f to %.2f | %d | %.2f | %s |" % (low, min(high, 1), len(inside), sum(r[5] for r in inside) / len(inside), interval(good, len(inside))))
    print()


def none_of_these(rows):
    for source, what in (("capture", "recorded flows of protocols that are no class"), ("case", "cases of such, and near misses"), ("noise", "noise")):
        mine = [r for r in rows if not r[3] and r[0] == source]
        labelled = [r for r in mine if r[4] != "-" and r[5] >= THRESHOLD]
        if mine:
            print("- %s: %d of %d get a name, %s" % (what, len(labelled), len(mine), interval(len(labelled), len(mine))))
    print()


def main():
    work, groups, flows, models = sys.argv[1:]
    print("""# The learned model

The module `ml` is asked last, about flows that neither our own classifiers nor the wrapped libraries name. It is linear
(liblinear, L1-regularised logistic regression, one class against the others) over the first payload of each side: counts of
byte pairs in the first 256 bytes, the first four bytes where they stand, sizes, who spoke first. One model for TCP and one
for UDP; class `-` is "none of these". It answers `likely`, from a probability of %.1f on (`ml.threshold`).

Made by `make model` (tools/train) from the recordings in tests/captures and the cases of the rooms; no third party's capture
takes part. The same samples give the same model, byte for byte.

**Read the figures with this in mind.** A protocol should be a class from 5 recorded scenarios and 50 flows on. Our recordings
are not that many yet: with that rule there is no class at all. The models that ship are made with at least %s groups (a
scenario's captures, moved ports included, or a protocol's cases) and %s flows. They show that the way works; they are small, and
the intervals are wide. `tools/train/train.sh FOLDER` takes more recordings, LEAST_GROUPS and LEAST_FLOWS set the rule.

Flows of other people's captures, of which none trained it, are in docs/modules.md: few get an answer, nearly all of these are
right. Other kinds of models (boosted trees, say) have not been compared yet.

All figures are of samples whose whole group was left out of training (10 folds; intervals 95 %%, Wilson). Protocols that are no
class, cases and noise train and test "none of these": a protocol that was tested was never seen, so this is the share of unknown
protocols that would get a wrong name. Probabilities are calibrated on the same left-out predictions, by one scale a model.
""" % (THRESHOLD, groups, flows))
    for transport in ("tcp", "udp"):
        rows = list(rows_of(os.path.join(work, "report-" + transport)))
        size = os.path.getsize(os.path.join(models, "cdpi-%s.model" % transport))
        print("## %s\n\n%d samples, model of %d KiB.\n" % (transport.upper(), len(rows), size // 1024))
        print("Recall on recorded flows, by protocol, at the threshold:\n")
        protocols(rows)
        print("Is a probability what it says? Of the answers other than \"none of these\":\n")
        reliability(rows)
        print("None of these:\n")
        none_of_these(rows)


main()
