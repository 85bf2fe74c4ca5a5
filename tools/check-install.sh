#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs into a scratch prefix, and builds and runs an example against it by pkg-config and by find_package.
set -euo pipefail
prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
root=$PWD
cmake --install build/release --prefix "$prefix" >/dev/null
export PKG_CONFIG_PATH="$prefix/lib/pkgconfig:$prefix/lib/x86_64-linux-gnu/pkgconfig:$(echo "$prefix"/lib/*/pkgconfig)"
export LD_LIBRARY_PATH="$prefix/lib:$(echo "$prefix"/lib/*-linux-gnu)"
capture=$(tools/demo-captures.sh | head -1)
passed=0
cc -o "$prefix/by-pkg-config" examples/minimal.c $(pkg-config --cflags --libs cdpi-capture)
"$prefix/by-pkg-config" "$capture" | grep -q detected && passed=$((passed + 1))
mkdir "$prefix/consumer"
cat >"$prefix/consumer/CMakeLists.txt" <<END
cmake_minimum_required(VERSION 3.20)
project(consumer C)
find_package(cdpi REQUIRED)
add_executable(consumer $root/examples/minimal.c)
target_link_libraries(consumer PRIVATE cdpi::cdpi cdpi::capture)
END
cmake -S "$prefix/consumer" -B "$prefix/consumer/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
cmake --build "$prefix/consumer/build" >/dev/null
"$prefix/consumer/build/consumer" "$capture" | grep -q detected && passed=$((passed + 1))
"$prefix/bin/cdpi" --version | grep -q cdpi && passed=$((passed + 1))
# What was built as a module is found where it was installed.
path=$(echo "$prefix"/lib*/cdpi/modules "$prefix"/lib/*/cdpi/modules)
built=$(ls build/release/modules/*.so 2>/dev/null | wc -l)
opened=$(CDPI_MODULE_PATH=${path// /:} "$prefix/bin/cdpi" --list modules | grep -cE '^(ndpi|protoident|ml) +[0-9l]')
[ "$built" -eq "$opened" ] && passed=$((passed + 1))
echo "install: $passed checks passed, $((4 - passed)) failed"
[ "$passed" -eq 4 ]
