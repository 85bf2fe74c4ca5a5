# SPDX-License-Identifier: MIT
"""Reads a raw capture, tells its flows, cuts and normalises it, writes it again."""

import collections
import ipaddress
import struct

START = 1767225600  # 2026-01-01T00:00:00Z, the first packet of every capture
LONGEST_GAP = 1_000_000  # microseconds
PAYLOAD_PACKETS = 16  # a flow is cut after so many packets with payload ...
FLOW_BYTES = 12_000  # ... or bytes, whichever comes first
TRAILING = 2  # and this many packets without payload after them
SAME_FLOWS = 6  # flows to one server port
CAPTURE_BYTES = 64 * 1024

TRANSPORTS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6", 132: "sctp"}
KEYWORDS = {"icmp6": "icmpv6", "ip/2": "igmp", "ip/4": "ipv4", "ip/41": "ipv6", "ip/46": "rsvp", "ip/47": "gre", "ip/50": "esp", "ip/51": "ah",
            "ip/88": "eigrp", "ip/89": "ospfigp", "ip/103": "pim", "ip/112": "vrrp", "ip/113": "pgm", "ip/115": "l2tp"}  # as the tool writes them in "proto"
NEIGHBOUR_TYPES = {130, 131, 132, 133, 134, 135, 136, 137, 143}


class Packet(collections.namedtuple("Packet", "time frame transport source target payload flags kind")):
    """source and target are (address, port); payload is its length; flags TCP's; kind ICMP's type."""


class Flow:
    def __init__(self, transport, client, server):
        self.transport, self.client, self.server = transport, client, server
        self.packets = []
        self.expected = None

    def first_payload(self):
        return next((p.frame[-p.payload :] for p in self.packets if p.payload), b"")

    def sent_by_client(self):
        return sum(p.payload for p in self.packets if p.source == self.client)


def read_pcap(path):
    with open(path, "rb") as file:
        data = file.read()
    if len(data) < 24:
        return
    magic, link = struct.unpack_from("<I", data)[0], struct.unpack_from("<I", data, 20)[0]
    if magic != 0xA1B2C3D4 or link != 1:
        raise ValueError(f"{path}: not a little-endian Ethernet capture in microseconds")
    at = 24
    while at + 16 <= len(data):
        seconds, micros, kept, _ = struct.unpack_from("<IIII", data, at)
        yield seconds * 1_000_000 + micros, data[at + 16 : at + 16 + kept]
        at += 16 + kept


def write_pcap(path, packets):
    with open(path, "wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))
        for time, frame in packets:
            file.write(struct.pack("<IIII", time // 1_000_000, time % 1_000_000, len(frame), len(frame)))
            file.write(frame)


def network_layer(frame):
    """(source, target, IP protocol, layer-4 bytes), or None for what is not IP or a later fragment."""
    kind, at = struct.unpack_from("!H", frame, 12)[0], 14
    while kind in (0x8100, 0x88A8):  # VLAN, QinQ
        kind, at = struct.unpack_from("!H", frame, at + 2)[0], at + 4
    if kind == 0x8847:  # MPLS, to the bottom of the stack; the payload's first four bits tell what it is
        while at + 4 < len(frame) and not frame[at + 2] & 1:
            at += 4
        at += 4
        kind = {4: 0x0800, 6: 0x86DD}.get(frame[at] >> 4) if at < len(frame) else None
    if kind == 0x0800:
        head = (frame[at] & 15) * 4
        total, fragment = struct.unpack_from("!H", frame, at + 2)[0], struct.unpack_from("!H", frame, at + 6)[0]
        if fragment & 0x1FFF:
            return None
        source, target = (str(ipaddress.IPv4Address(frame[at + n : at + n + 4])) for n in (12, 16))
        return source, target, frame[at + 9], frame[at + head : at + total]
    if kind == 0x86DD:
        length, following = struct.unpack_from("!HB", frame, at + 4)
        source, target = (str(ipaddress.IPv6Address(frame[at + n : at + n + 16])) for n in (8, 24))
        end, at = at + 40 + length, at + 40
        while following in (0, 43, 60):  # hop-by-hop, routing, destination options
            following, size = frame[at], frame[at + 1]
            at += 8 + size * 8
        if following == 44:
            if struct.unpack_from("!H", frame, at + 2)[0] & 0xFFF8:
                return None
            following, at = frame[at], at + 8
        return source, target, following, frame[at:end]
    return None


def parse(time, frame):
    layer = network_layer(frame)
    if layer is None:
        return Packet(time, frame, None, None, None, len(frame) - 14, 0, None)
    source, target, protocol, rest = layer
    transport = TRANSPORTS.get(protocol, f"ip/{protocol}")
    if transport == "tcp":
        ports, size = struct.unpack_from("!HH", rest), (rest[12] >> 4) * 4
        return Packet(time, frame, transport, (source, ports[0]), (target, ports[1]), len(rest) - size, rest[13], None)
    if transport in ("udp", "sctp"):
        ports = struct.unpack_from("!HH", rest)
        size = len(rest) - (8 if transport == "udp" else 12)
        return Packet(time, frame, transport, (source, ports[0]), (target, ports[1]), size, 0, None)
    kind = rest[0] if transport.startswith("icmp") and rest else None
    return Packet(time, frame, transport, (source, 0), (target, 0), len(rest), 0, kind)


def is_noise(packet, wanted):
    """ARP, neighbour discovery, group membership and unreachables are nobody's scenario unless it says so."""
    if packet.transport is None:
        return True
    if packet.transport == "icmp6" and packet.kind in NEIGHBOUR_TYPES:
        return "icmp6/nd" not in wanted
    return packet.transport in ("icmp", "icmp6", "ip/2", "ip/0") and packet.transport not in wanted


def flows_of(packets, is_server_port):
    """Groups packets by their two ends; the client is who sent SYN, or who talks to a port of the recipe, or who spoke first."""
    flows, keys = [], {}
    for packet in packets:
        key = packet.transport, *sorted((packet.source, packet.target))
        is_syn = packet.transport == "tcp" and packet.flags & 0x12 == 0x02
        old = keys.get(key)
        if old is None or (is_syn and any(p.flags & 0x05 for p in old.packets)):
            client, server = packet.source, packet.target
            is_answer = packet.transport == "tcp" and packet.flags & 0x12 == 0x12
            backwards = is_server_port(packet.transport, client[1]) and not is_server_port(packet.transport, server[1])
            if is_answer or (backwards and not is_syn):
                client, server = server, client
            old = keys[key] = Flow(packet.transport, client, server)
            flows.append(old)
        old.packets.append(packet)
    return flows


def head_of(flow, payload_packets):
    kept, seen, size, trailing = [], 0, 0, 0
    for packet in flow.packets:
        is_over = seen >= payload_packets or size >= FLOW_BYTES
        if is_over and (packet.payload or trailing >= TRAILING):
            break
        trailing += is_over
        seen += packet.payload > 0
        size += packet.payload
        kept.append(packet)
    return kept


def cut(flows):
    """The packets to keep, in order; flows are cut shorter until all fits."""
    count, chosen = collections.Counter(), []
    for flow in flows:
        group = flow.expected, flow.transport
        count[group] += 1
        if count[group] <= SAME_FLOWS:
            chosen.append(flow)
    for payload_packets in (PAYLOAD_PACKETS, 10, 6, 4):
        packets = sorted((p for f in chosen for p in head_of(f, payload_packets)), key=lambda p: p.time)
        if sum(16 + len(p.frame) for p in packets) + 24 <= CAPTURE_BYTES:
            return chosen, packets
    raise ValueError("does not fit in 64 KiB even when cut short")


def retimed(packets):
    """Starts at START, keeps intervals, shortens pauses."""
    now, last = START * 1_000_000, None
    for packet in packets:
        now += 0 if last is None else max(0, min(packet.time - last, LONGEST_GAP))
        last = packet.time
        yield now, packet.frame
