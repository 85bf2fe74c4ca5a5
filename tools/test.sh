#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Runs the tests of a build folder and counts their checks.   test.sh BUILD [ctest options]
set -uo pipefail
build=$1
shift
log=$build/test.log
export ASAN_OPTIONS=detect_leaks=1:strict_string_checks=1 UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=suppressions=$PWD/tests/tsan.supp
ctest --test-dir "$build" -j "$(nproc)" --timeout 600 -V "$@" >"$log" 2>&1
status=$?
grep -E '^[0-9]+: (FAIL|SKIP|==.*ERROR|.*runtime error)' "$log" | sed -E 's/^[0-9]+: //' | head -100
grep -E 'Test +#[0-9]+: ' "$log" | sed -E 's/^ *[0-9]+\/[0-9]+ //'
passed=$(grep -oE '[0-9]+ checks passed' "$log" | awk '{n += $1} END {print n + 0}')
failed=$(grep -oE 'checks passed, [0-9]+ failed' "$log" | awk '{n += $3} END {print n + 0}')
skipped=$(grep -cE '^[0-9]+: SKIP' "$log")
if [ $status -ne 0 ] && [ "$failed" -eq 0 ]; then
    failed=$(grep -cE '\*\*\*(Failed|Exception|Timeout|Not Run)' "$log")
    [ "$failed" -eq 0 ] && failed=1
    tail -40 "$log"
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
