#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# clang-format would change nothing.
command -v clang-format >/dev/null || { echo "SKIP layout: clang-format is not installed"; exit 0; }
loose=$(git ls-files -z '*.c' '*.h' '*.cc' | xargs -0 -r clang-format --dry-run 2>&1 | grep -c 'warning:')
files=$(git ls-files '*.c' '*.h' '*.cc' | wc -l)
[ "$loose" -eq 0 ] || git ls-files -z '*.c' '*.h' '*.cc' | xargs -0 -r clang-format --dry-run 2>&1 | grep 'warning:' | head -5
echo "layout: $files checks passed, $loose failed"
[ "$loose" -eq 0 ]
