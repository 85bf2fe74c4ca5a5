#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares fresh recordings with the committed captures: each must get the verdicts that its namesake gets.

verdicts.py CDPI DIR   DIR is what `record.py record --into DIR` wrote

Flows are told apart by transport and expected protocol: ports of clients, and how often a program connects, may differ.
"""

import collections
import json
import pathlib
import subprocess
import sys

import record
from check import endpoints

KEYWORDS = {"ICMPV6": "icmp6", "IPV6-ICMP": "icmp6"}


def verdicts_of(tool, path):
    """{(transport, ends): the verdict, None while there is none}"""
    said = subprocess.run([tool, "--format", "json", path], stdout=subprocess.PIPE, check=True, timeout=60).stdout
    found = {}
    for line in map(json.loads, said.decode().splitlines()):
        if line["event_type"] == "flow":
            ends = frozenset(((line["src_ip"], line.get("src_port", 0)), (line["dest_ip"], line.get("dest_port", 0))))
            transport = KEYWORDS.get(line["proto"].upper(), line["proto"].lower())
            found[transport, ends] = found.get((transport, ends)) or line["cdpi"]["protocol"]
    return found


def summary(tool, path):
    """{(transport, expected protocol): the verdicts its flows get}"""
    got, wanted = verdicts_of(tool, path), collections.defaultdict(set)
    for flow in record.read_facts(path.with_suffix(".yaml"))["flows"]:
        transport = KEYWORDS.get(flow["transport"].upper(), flow["transport"].lower())
        ends = frozenset((endpoints(flow["client"]), endpoints(flow["server"])))
        wanted[transport, flow["protocol"]].add(got.get((transport, ends)) or "nothing")
    return wanted


def main():
    tool, fresh = sys.argv[1], sorted(pathlib.Path(sys.argv[2]).glob("*.pcap"))
    differ = 0
    for path in fresh:
        now, then = summary(tool, path), summary(tool, record.CAPTURES / path.name)
        for transport, protocol in sorted(now.keys() | then.keys()):
            one, other = now.get((transport, protocol)), then.get((transport, protocol))
            if one != other:
                differ += 1
                print(f"{path.stem}: {transport} {protocol}: now {', '.join(sorted(one or ['no flow']))}; "
                      f"committed {', '.join(sorted(other or ['no flow']))}")
    print(f"{len(fresh)} recorded anew, {differ} verdicts differ")
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
