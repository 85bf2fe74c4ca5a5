#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Recorded tunnels: the outer flow has its name, and what is inside is a flow of its own that says in JSON which tunnel
carries it; without decapsulation there is no such flow. tunnels_test.py CDPI FOLDER"""
import json
import os
import subprocess
import sys

TOOL, FOLDER = sys.argv[1], sys.argv[2]

# capture, outer protocol, tunnel, its numbers, what is inside
EXPECTED = [
    ("ovs-tunnels-gre", "GRE", "gre", {0}, {"ICMP"}),
    ("ovs-tunnels-gre-key", "GRE", "gre", {42}, {"ICMP"}),
    ("ovs-tunnels-gre-l3", "GRE", "gre", {0}, {"ICMP"}),
    ("ovs-tunnels-gre6", "GRE", "gre", {0}, {"ICMP"}),
    ("ovs-tunnels-erspan1", "GRE", "erspan", {30}, {"ICMP"}),
    ("ovs-tunnels-erspan2", "GRE", "erspan", {30}, {"ICMP"}),
    ("ovs-tunnels-geneve", "Geneve", "geneve", {0}, {"ICMP"}),
    ("ovs-tunnels-geneve-moved", "Geneve", "geneve", {42}, {"ICMP"}),
    ("ovs-tunnels-geneve-options", "Geneve", "geneve", {42}, {"ICMP"}),
    ("ovs-tunnels-geneve6", "Geneve", "geneve", {0}, {"ICMP"}),
    ("ovs-tunnels-vxlan", "VXLAN", "vxlan", {0}, {"ICMP"}),
    ("ovs-tunnels-vxlan-key", "VXLAN", "vxlan", {42}, {"ICMP"}),
    ("ovs-tunnels-vxlan-moved", "VXLAN", "vxlan", {42}, {"ICMP"}),
    ("ovs-tunnels-vxlan-gpe", "VXLAN", "vxlan", {0}, {"ICMP"}),
    ("ovs-gtpu", "GTP", "gtp", {1000, 2000}, {"ICMP"}),
    ("ovs-gtpu-moved", "GTP", "gtp", {1000, 2000}, {"ICMP"}),
    ("vxlan-linux", "VXLAN", "vxlan", {42}, {"ICMP"}),
    ("vxlan-linux-moved", "VXLAN", "vxlan", {42}, {"ICMP"}),
    ("vxlan-linux-gbp", "VXLAN", "vxlan", {42}, {"ICMP"}),
    ("vxlan-linux-gpe", "VXLAN", "vxlan", {42}, {"ICMP"}),
    ("vxlan-linux-v6", "VXLAN", "vxlan", {42}, {"ICMP"}),
    ("teredo-miredo", "Teredo", "teredo", {0}, {"ICMPv6"}),
    ("tunnels-tun-ipip", "IPIP", "ipip", {0}, {"ICMP", "ICMPv6"}),
    ("tunnels-tun-4in6", "IPIP", "ipip", {0}, {"ICMP", "ICMPv6"}),
    ("tunnels-tun-6in4", "6in4", "6in4", {0}, {"ICMPv6"}),
    ("tunnels-tun-6in6", "6in4", "6in4", {0}, {"ICMPv6"}),
]


def flows(*arguments):
    out = subprocess.run([TOOL, "--format", "json", *arguments], stdout=subprocess.PIPE, check=True, timeout=60).stdout
    records = [json.loads(line) for line in out.decode().splitlines()]
    return [r for r in records if r["event_type"] == "flow"]


def main():
    failed = 0
    for name, outer, kind, numbers, inside in EXPECTED:
        path = os.path.join(FOLDER, name + ".pcap")
        got = flows(path)
        carried = [f["tunnel"] for f in got if "tunnel" in f]
        sound = (
            {f["cdpi"]["protocol"] for f in got if "tunnel" not in f} == {outer}
            and {t["type"] for t in carried} == {kind}
            and {t["id"] for t in carried} == numbers
            and {f["cdpi"]["protocol"] for f in got if "tunnel" in f} == inside
            and not any("tunnel" in f for f in flows("--no-decap", path))
        )
        if not sound:
            print("FAIL %s: %s" % (name, [(f["cdpi"]["protocol"], f.get("tunnel")) for f in got]))
            failed += 1
    print("recorded tunnels: %d checks passed, %d failed" % (len(EXPECTED) - failed, failed))
    return 1 if failed else 0


sys.exit(main())
