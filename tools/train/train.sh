#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes the models of modules/ml and docs/model.md from our captures and cases.   train.sh [FOLDER of more recordings...]
# LEAST_CAPTURES and LEAST_FLOWS: what makes a protocol a class; C: the cost; OUT: where the models go (modules/ml); SHARED: the corpus.
set -euo pipefail
cd "$(dirname "$0")/../.."
captures=${LEAST_CAPTURES:-5} flows=${LEAST_FLOWS:-50} cost=${C:-128} out=${OUT:-modules/ml} shared=${SHARED:-../shared}
build=build/release work=build/train
mkdir -p "$work"
tools/build.sh release "$(nproc)"
cmake --build "$build" --target cdpi-train cdpi-collect >/dev/null
python3 tools/train/prepare.py "$build/cdpi" "$build/train/cdpi-collect.so" . "$@" >"$work/samples"
for transport in tcp udp; do
    "$build/cdpi-train" "$work/samples" $transport "$out/cdpi-$transport.model" "$work/report-$transport" "$captures" "$flows" "$cost" &
done
wait
if [ -f "$shared/corpus/score.py" ]; then
    cp "$out"/cdpi-*.model "$build/modules/"
    python3 tools/train/adds.py "$shared" "$build/cdpi" >"$work/adds"
fi
python3 tools/train/report.py "$work" "$captures" "$flows" "$out" >"$work/model.md"
[ "$out" != modules/ml ] || cp "$work/model.md" docs/model.md
