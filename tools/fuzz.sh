#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs each fuzzer for SECONDS_EACH (60) seconds from its seeds.   fuzz.sh JOBS
set -euo pipefail
command -v clang >/dev/null || { echo "cdpi: clang is not installed: no fuzzing"; exit 0; }
tools/build.sh fuzz "$1"
for fuzzer in build/fuzz/fuzz/*_fuzz; do
    name=$(basename "$fuzzer" _fuzz)
    mkdir -p "build/fuzz/found/$name" "build/fuzz/seeds/$name"
    [ -x "build/fuzz/fuzz/${name}_seeds" ] && "build/fuzz/fuzz/${name}_seeds" "build/fuzz/seeds/$name" src/protocols
    rm -f "build/fuzz/$name-"*
    "$fuzzer" -max_total_time="${SECONDS_EACH:-60}" -rss_limit_mb=2048 -timeout=10 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/$name-" "build/fuzz/found/$name" "build/fuzz/seeds/$name" >"build/fuzz/$name.log" 2>&1 ||
        {
            grep -A 60 -m 1 -E 'ERROR|runtime error' "build/fuzz/$name.log" || tail -40 "build/fuzz/$name.log"
            for input in "build/fuzz/$name-"*; do
                [ -f "$input" ] && echo "$input, in base64:" && base64 -w 0 "$input" && echo
            done
            echo "FAIL fuzzer $name"
            exit 1
        }
    echo "fuzzer $name: $(grep -oE 'number_of_executed_units: *[0-9]+' "build/fuzz/$name.log" | grep -oE '[0-9]+$') runs, nothing found"
done
