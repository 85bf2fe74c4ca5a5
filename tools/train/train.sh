#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Makes the models of modules/ml and docs/model.md from our captures and cases.   train.sh [FOLDER of more recordings...]
# LEAST_GROUPS and LEAST_FLOWS: what makes a protocol a class; C: the cost; OUT: where the models go (modules/ml).
set -euo pipefail
cd "$(dirname "$0")/../.."
groups=${LEAST_GROUPS:-2} flows=${LEAST_FLOWS:-4} cost=${C:-128} out=${OUT:-modules/ml}
build=build/release work=build/train
mkdir -p "$work"
tools/build.sh release "$(nproc)"
cmake --build "$build" --target cdpi-train cdpi-collect >/dev/null
python3 tools/train/prepare.py "$build/cdpi" "$build/train/cdpi-collect.so" . "$@" >"$work/samples"
for transport in tcp udp; do
    "$build/cdpi-train" "$work/samples" $transport "$out/cdpi-$transport.model" "$work/report-$transport" "$groups" "$flows" "$cost"
done
python3 tools/train/report.py "$work" "$groups" "$flows" "$out" >"$work/model.md"
[ "$out" != modules/ml ] || cp "$work/model.md" docs/model.md
