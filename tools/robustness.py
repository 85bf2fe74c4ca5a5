#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What becomes of the verdicts on our recordings when a capture is worse than ours: one side missing, joined late, cut short.

robustness.py CDPI [--protocol NAME] [--only CHANGE]

Every flow of tests/captures that the tool names right by itself is written again under each change, with addresses of its own, and named
anew. A row a change: flows, named right, unnamed, named falsely. Below it what was named falsely; with --protocol, what was not named.
What the changes marked with * do to a flow says nothing of it: they must leave every verdict as it is.
"""

import argparse
import collections
import json
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools" / "record"))
import packets  # noqa: E402

TCP, UDP = 6, 17
SYN, PUSH = 2, 8


class Segment:
    """A packet of a flow: who sent it, when, its transport's header and payload."""

    def __init__(self, time, by_client, transport, bytes_):
        size = 8 if transport == UDP else (bytes_[12] >> 4) * 4
        self.time, self.by_client, self.transport = time, by_client, transport
        self.header, self.payload = bytes_[:size], bytes_[size:]

    def part(self, at, size):
        """A piece of a TCP segment's payload, with its sequence number; pushed, as what is written in pieces is."""
        sequence = (struct.unpack_from("!I", self.header, 4)[0] + at) & 0xFFFFFFFF
        header = self.header[:4] + struct.pack("!I", sequence) + self.header[8:13] + bytes((self.header[13] | PUSH,)) + self.header[14:]
        return Segment(self.time, self.by_client, self.transport, header + self.payload[at : at + size])

    def with_ports(self, client, server):
        ports = (client, server) if self.by_client else (server, client)
        return Segment(self.time, self.by_client, self.transport, struct.pack("!HH", *ports) + self.header[4:] + self.payload)

    def frame(self, client, server):
        rest = self.header + self.payload
        if self.transport == UDP:
            rest = rest[:4] + struct.pack("!H", len(rest)) + rest[6:]
        source, target = (client, server) if self.by_client else (server, client)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(rest), 0, 0, 64, self.transport, 0) + source + target
        return bytes(12) + b"\x08\x00" + ip + rest


# ---- changes ------------------------------------------------------------------------------------


def only(by_client):
    return lambda flow: [s for s in flow if s.by_client == by_client]


def joined_after(count):
    """No handshake, and the first payloads lost."""

    def change(flow):
        left, kept = count, []
        for s in flow:
            if s.transport == TCP and s.header[13] & SYN:
                continue
            if s.payload and left:
                left -= 1
                continue
            kept.append(s)
        return kept

    return change


def joined_within(share):
    """No handshake, and a part of each side's first payload lost: the capture begins within a message."""

    def change(flow):
        begun, kept = set(), []
        for s in flow:
            if s.transport != TCP:
                return []
            if s.header[13] & SYN:
                continue
            if s.payload and s.by_client not in begun:
                begun.add(s.by_client)
                lost = max(1, int(len(s.payload) * share))
                s = s.part(lost, len(s.payload) - lost)
            kept.append(s)
        return kept

    return change


def in_pieces(size, first=1 << 16):
    """TCP's payloads in pieces: the first bytes of each, what follows whole."""

    def change(flow):
        pieces = []
        for s in flow:
            if s.transport != TCP or not s.payload:
                pieces.append(s)
                continue
            end = min(len(s.payload), first)
            pieces += [s.part(at, min(size, end - at)) for at in range(0, end, size)]
            if end < len(s.payload):
                pieces.append(s.part(end, len(s.payload) - end))
        return pieces

    return change


def on_other_ports(flow):
    chosen = random.Random(len(flow))
    client, server = chosen.randrange(40000, 50000), chosen.randrange(50000, 60000)
    return [s.with_ports(client, server) for s in flow]


CHANGES = {  # name: (change, snap length, whether the verdict must stand)
    "as it is": (lambda flow: flow, 0, True),
    "TCP in pieces of 1": (in_pieces(1, 96), 0, True),
    "TCP in pieces of 7": (in_pieces(7), 0, True),
    "TCP in pieces of 100": (in_pieces(100), 0, True),
    "on other ports": (on_other_ports, 0, False),
    "client only": (only(True), 0, False),
    "server only": (only(False), 0, False),
    "no handshake": (joined_after(0), 0, False),
    "joined after 1": (joined_after(1), 0, False),
    "joined after 2": (joined_after(2), 0, False),
    "joined after 4": (joined_after(4), 0, False),
    "joined within, a tenth": (joined_within(0.1), 0, False),
    "joined within, a half": (joined_within(0.5), 0, False),
    "snap length 128": (lambda flow: flow, 128, False),
    "snap length 96": (lambda flow: flow, 96, False),
    "snap length 64": (lambda flow: flow, 64, False),
}

# ---- recordings ---------------------------------------------------------------------------------


def endpoint(text):
    found = re.fullmatch(r"\[?([0-9a-fA-F:.]+?)\]?(?::(\d+))?", text) if text.count(":") < 2 or text.startswith("[") else None
    return (found[1], int(found[2] or 0)) if found else (text, 0)


def facts(path):
    for line in path.read_text().splitlines():
        m = re.match(r"\s+- \{(transport: .*)\}\s*$", line)
        if m:
            yield {k: v.strip('"') for k, v in re.findall(r'(\w+): ("[^"]*"|[^,]*)', m[1])}


def flows_of(path):
    """(protocol, segments) of the TCP and UDP flows that a capture's facts tell of."""
    seen = collections.defaultdict(list)
    for time, frame in packets.read_pcap(path):
        layer = packets.network_layer(frame)
        if layer and layer[2] in (TCP, UDP) and len(layer[3]) >= 8:
            ports = struct.unpack_from("!HH", layer[3])
            source, target = (layer[0], ports[0]), (layer[1], ports[1])
            seen[layer[2], frozenset((source, target))].append((time, source, layer[3]))
    for fact in facts(path.with_suffix(".yaml")):
        transport = {"tcp": TCP, "udp": UDP}.get(fact["transport"])
        client = endpoint(fact["client"])
        found = seen.get((transport, frozenset((client, endpoint(fact["server"])))))
        if found:
            yield fact["protocol"], [Segment(time, source == client, transport, bytes_) for time, source, bytes_ in found]


# ---- naming -------------------------------------------------------------------------------------


def address(network, number):
    return bytes((network, number >> 16 & 255, number >> 8 & 255, number & 255))


def name(tool, flows, change, snap):
    """What the tool calls each flow under a change; None where it does not, or where nothing is left of the flow."""
    with tempfile.NamedTemporaryFile(suffix=".pcap") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for number, (_, segments) in enumerate(flows):
            for s in change(segments):
                frame = s.frame(address(10, number), address(11, number))
                kept = frame[:snap] if snap else frame
                file.write(struct.pack("<IIII", s.time // 1_000_000, s.time % 1_000_000, len(kept), len(frame)) + kept)
        file.flush()
        done = subprocess.run([tool, "--no-decap", "--format", "json", file.name], stdout=subprocess.PIPE, check=True)
    names = {}
    for line in done.stdout.decode().splitlines():
        record = json.loads(line)
        if record["event_type"] != "flow":
            continue
        a, b, c, d = (int(n) for n in record["src_ip"].split("."))
        names[b << 16 | c << 8 | d] = record["cdpi"]["protocol"] or names.get(b << 16 | c << 8 | d)
    return names


def report(title, flows, names, must_stand, protocol):
    right = unnamed = 0
    false, lost = collections.Counter(), collections.Counter()
    for number, (wanted, _) in enumerate(flows):
        if number not in names:
            continue
        got = names[number]
        right += got == wanted
        unnamed += got is None
        if got is None:
            lost[wanted] += 1
        elif got != wanted:
            false[f"{wanted} > {got}"] += 1
    total = right + unnamed + sum(false.values())
    print(f"{title:24}{'*' if must_stand else ' '} {total:6} {right:6} {unnamed:6} {sum(false.values()):6}")
    for what, count in false.most_common():
        print(f"    {count} {what}")
    if protocol and lost[protocol]:
        print(f"    {lost[protocol]} of {protocol} unnamed")
    return total == right or not must_stand


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tool")
    parser.add_argument("--protocol", help="only the flows of this one, and which are lost")
    parser.add_argument("--only", help="only this change")
    wanted = parser.parse_args()
    flows = [f for path in sorted((ROOT / "tests" / "captures").glob("*.pcap")) for f in flows_of(path)]
    flows = [f for f in flows if wanted.protocol in (None, f[0])]
    alone = name(wanted.tool, flows, *CHANGES["as it is"][:2])
    flows = [f for number, f in enumerate(flows) if alone.get(number) == f[0]]
    print(f"{'':25} {'flows':>6} {'right':>6} {'none':>6} {'false':>6}")
    good = True
    for title, (change, snap, must_stand) in CHANGES.items():
        if wanted.only in (None, title):
            good &= report(title, flows, name(wanted.tool, flows, change, snap), must_stand, wanted.protocol)
    return 0 if good else 1


sys.exit(main())
