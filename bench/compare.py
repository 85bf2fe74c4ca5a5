#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""User CPU, peak memory and instructions of cdpi beside the yardsticks, interleaved so that a noisy machine is noisy for all.
compare.py CDPI FOLDER ROUNDS; FOLDER holds mix, bulk and tiny.pcap, ndpi_loop and floor."""
import os
import re
import shutil
import statistics
import struct
import subprocess
import sys
import threading
import time

CDPI, FOLDER, ROUNDS = sys.argv[1], sys.argv[2], int(sys.argv[3])
NULL = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def commands(capture):
    return {
        "cdpi": [CDPI, "--format", "none", capture],
        "libndpi": [os.path.join(FOLDER, "ndpi_loop"), capture, "first"],
        "floor (decode, naive table)": [os.path.join(FOLDER, "floor"), "flow", capture],
    }


def run(command):
    """User seconds, and the peak of RssAnon in bytes."""
    child = subprocess.Popen(command, **NULL)
    peak = [0]

    def watch():
        while True:
            try:
                with open("/proc/%d/status" % child.pid) as f:
                    m = re.search(r"RssAnon:\s+(\d+)", f.read())
            except OSError:
                return
            if not m:
                return
            peak[0] = max(peak[0], int(m.group(1)) * 1024)
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    if child.returncode not in (0, 1):
        sys.exit("compare.py: %s failed" % " ".join(command))
    return usage.ru_utime, peak[0]


def count_packets(capture):
    out = subprocess.run([CDPI, "--format", "none", "--stats", capture], stderr=subprocess.PIPE).stderr.decode()
    return int(re.search(r"^packets\s+(\d+)", out, re.M).group(1))


def instructions(capture):
    out = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", CDPI, "--format", "none", capture],
                         stderr=subprocess.PIPE, stdout=subprocess.DEVNULL).stderr.decode()
    return int(re.search(r"Collected : (\d+)", out).group(1))


def main():
    print("user ns a packet, median of %d interleaved rounds; peak anonymous memory" % ROUNDS)
    for name in ("mix", "bulk", "tiny"):
        capture = os.path.join(FOLDER, name + ".pcap")
        packets = count_packets(capture)
        times, memory = {}, {}
        for _ in range(ROUNDS):
            for who, command in commands(capture).items():
                user, peak = run(command)
                times.setdefault(who, []).append(user)
                memory[who] = max(memory.get(who, 0), peak)
        own = statistics.median(times["cdpi"])
        for who in times:
            user = statistics.median(times[who])
            print("%-5s %-28s %7.0f ns  %6.1f MB   %5.2f x cdpi" % (name, who, user / packets * 1e9, memory[who] / 1e6, user / max(own, 1e-9)))
    if not shutil.which("valgrind"):
        print("valgrind is not installed: no instructions counted")
        return
    mix, empty = os.path.join(FOLDER, "mix.pcap"), os.path.join(FOLDER, "empty.pcap")
    if os.path.getsize(mix) > 1 << 28:
        print("instructions are counted on the small mix: SCALE=s")
        return
    with open(empty, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
    packets = count_packets(mix)
    print("mix   instructions a packet, less those of an empty capture: %d" % ((instructions(mix) - instructions(empty)) // packets))


main()
