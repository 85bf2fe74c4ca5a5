#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Builds a preset, quietly unless something is wrong.   build.sh PRESET JOBS [TARGET...]
set -euo pipefail
preset=$1 jobs=$2
shift 2
mkdir -p build
if ! cmake --preset "$preset" >"build/$preset.configure.log" 2>&1; then
    cat "build/$preset.configure.log" >&2
    exit 1
fi
grep -E '^-- cdpi:' "build/$preset.configure.log" | sed 's/^-- //' || true
if ! cmake --build "build/$preset" -j "$jobs" ${1:+--target "$@"} >"build/$preset.build.log" 2>&1; then
    grep -E 'error|warning|undefined|FAILED' "build/$preset.build.log" >&2 || tail -30 "build/$preset.build.log" >&2
    exit 1
fi
