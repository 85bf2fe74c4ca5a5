#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Scores the tool against the labelled corpus.   corpus.sh SHARED TOOL
set -uo pipefail
shared=$1 tool=$2
if [ ! -f "$shared/corpus/predict.py" ]; then
    echo "cdpi: no corpus at $shared/corpus: set SHARED=DIR" >&2
    exit 1
fi
labels=("$shared/corpus/labels/ndpi.tsv" "$shared/corpus/labels/go-dpi.tsv")
python3 "$shared/corpus/predict.py" --args="--modules ${MODULES:-own}" "$tool" "${labels[@]}" >build/predictions.jsonl || exit 1
for set in "${labels[@]}"; do
    python3 "$shared/corpus/score.py" -p build/predictions.jsonl -l "$set" | sed "s|^== .*|== $(basename "$set" .tsv)|"
done
python3 "$shared/corpus/score.py" -p build/predictions.jsonl -l "${labels[0]}" -l "${labels[1]}" --misses build/misses.tsv |
    sed -n '/== ALL/,$p'
python3 tools/fourteen.py "$shared/corpus" build/predictions.jsonl
echo "misses: build/misses.tsv"
# Every capture cut at 200 random places, in one process.
find "$shared/corpus/captures" -type f -print0 | xargs -0 -n 100000 "$(dirname "$tool")/tests/cut_test" "${CUTS:-200}"
