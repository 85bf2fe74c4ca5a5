# SPDX-License-Identifier: MIT
"""Link-local multicast name queries by RFC 4795."""
import socket
import struct


def question(number, name, kind):
    labels = b"".join(bytes([len(l)]) + l for l in name.encode().split(b".")) + b"\0"
    return struct.pack("!6H", number, 0, 1, 0, 0, 0) + labels + struct.pack("!2H", kind, 1)


speaker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
speaker.bind(("192.0.2.1", 0))
speaker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.1"))
speaker.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
speaker.settimeout(3)
for number, kind in enumerate((1, 28)):
    speaker.sendto(question(number + 7, "host", kind), ("224.0.0.252", 5355))
    print(speaker.recv(9000))
