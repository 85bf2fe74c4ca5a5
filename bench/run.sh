#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Speed and memory beside libndpi, in one interleaved run.   run.sh SHARED BUILD
# SCALE=s (default) for small workloads, SCALE=full for the large ones (3.5 GB in build/bench); ROUNDS (5).
set -euo pipefail
shared=$1 build=$2 out=$PWD/build/bench
scale=${SCALE:-s}
if [ ! -f "$shared/bench/Makefile" ]; then
    echo "cdpi: no workloads at $shared/bench: set SHARED=DIR" >&2
    exit 1
fi
for package in libpcap-dev libndpi-dev wireshark-common; do
    dpkg -s "$package" >/dev/null 2>&1 || { echo "cdpi: bench needs $package: apt-get install $package" >&2; exit 1; }
done
out=$out/$scale
if [ ! -f "$out/tiny.pcap" ]; then
    echo "cdpi: making workloads in $out" >&2
    make -s -C "$shared/bench" OUT="$out" all workloads $([ "$scale" = s ] && echo SCALE=s) >&2
fi
python3 bench/compare.py "$build/cdpi" "$out" "${ROUNDS:-5}"
"$build/bench/flood" "${FLOOD:-2000000}"
"$build/bench/proposals" "$out/mix.pcap"
