# SPDX-License-Identifier: MIT
"""A one-shot query by RFC 6762 section 5.1 and a full one from port 5353; the daemon's answers are what is wanted."""
import socket
import struct


def question(name, kind):
    labels = b"".join(bytes([len(l)]) + l for l in name.encode().split(b".")) + b"\0"
    return struct.pack("!6H", 0, 0, 1, 0, 0, 0) + labels + struct.pack("!2H", kind, 1)


for port in (5353, 0):
    speaker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    speaker.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    speaker.bind(("192.0.2.1", port))
    speaker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.1"))
    speaker.settimeout(3)
    for name, kind in (("_http._tcp.local", 12), ("host.local", 1), ("_services._dns-sd._udp.local", 12)):
        speaker.sendto(question(name, kind), ("224.0.0.251", 5353))
    if port == 0:
        print(speaker.recv(9000))
