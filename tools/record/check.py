#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Looks at every committed capture: sizes, time stamps, addresses, names, and what tshark makes of each flow.

check.py [--all]   --all lists every flow that tshark sees otherwise, not only the counts

tshark is asked when it is there; it is told the ports by -d from the facts.
"""

import collections
import csv
import functools
import ipaddress
import pathlib
import re
import shutil
import subprocess
import sys

import packets
import record

TOTAL_BYTES = 12_000_000
DOCUMENTATION = [ipaddress.ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")]
# what tshark calls our protocols, where it can be told a port; the others it must find alone, or has no dissector for
DISSECTORS = {
    "LMTP": "smtp", "ManageSieve": "managesieve",
    "AFS": "rx", "AMQP": "amqp", "BFD": "bfd", "BGP": "bgp", "CoAP": "coap", "CORBA": "giop", "CVS": "cvspserver", "Chargen": "chargen",
    "DCERPC": "dcerpc", "DHCP": "dhcp", "DHCPv6": "dhcpv6", "DICOM": "dicom", "DNS": "dns", "DRDA": "drda", "DTLS": "dtls",
    "Daytime": "daytime", "Diameter": "diameter", "Discard": "discard", "Echo": "echo", "FTP": "ftp", "FTP-DATA": "ftp-data",
    "FastCGI": "fcgi", "Finger": "finger", "Ganglia": "ganglia", "Gearman": "gearman", "Geneve": "geneve", "Git": "git",
    "Gopher": "gopher", "HAProxy": "proxy", "HL7": "hl7", "HTTP": "http", "HTTP2": "http2", "gRPC": "http2", "ICAP": "icap", "ICP": "icp",
    "IMAP": "imap", "IRC": "irc", "Ident": "ident", "IPsec": "isakmp", "iSCSI": "iscsi", "JSON-RPC": "json", "KNXnet/IP": "kip",
    "Kafka": "kafka", "Kerberos": "kerberos", "L2TP": "l2tp", "LDAP": "ldap", "LDP": "ldp", "LLMNR": "llmnr", "LPD": "lpd", "MPEG-TS": "mp2t",
    "MQTT": "mqtt", "Modbus": "mbtcp", "MySQL": "mysql", "NAT-PMP": "nat-pmp", "NFS": "nfs", "NNTP": "nntp", "NTP": "ntp", "NetBIOS": "nbns",
    "NetFlow": "cflow", "NRPE": "nrpe", "OPC-UA": "opcua", "OpenFlow": "openflow", "OpenVPN": "openvpn", "OpenWire": "openwire", "POP3": "pop",
    "PPTP": "pptp", "PTP": "ptp", "PostgreSQL": "pgsql", "QUIC": "quic", "RADIUS": "radius", "RDP": "tpkt", "RIP": "rip", "RIPng": "ripng",
    "RMCP": "rmcp", "RMI": "rmi", "RSH": "rsh", "RTCP": "rtcp", "RTMP": "rtmpt", "RTP": "rtp", "SRTP": "rtp", "RTPS": "rtps", "RTSP": "rtsp",
    "Redis": "resp", "SIP": "sip", "SMB": "nbss", "SMPP": "smpp", "SMTP": "smtp", "SNMP": "snmp", "SOCKS": "socks", "SSDP": "ssdp",
    "SSH": "ssh", "STOMP": "stomp", "STUN": "stun", "SunRPC": "rpc", "Syslog": "syslog", "TFTP": "tftp", "TLS": "tls", "Telnet": "telnet",
    "Thrift": "thrift", "Time": "time", "TP-Link-SHP": "tplink-smarthome", "UFTP": "uftp4", "VNC": "vnc", "VXLAN": "vxlan", "WSD": "http",
    "WebSocket": "http", "Whois": "whois", "WireGuard": "wg", "X11": "x11", "XDMCP": "xdmcp", "XMPP": "xmpp", "Z39.50": "z3950",
    "ZMTP": "zmtp", "Zabbix": "zabbix", "collectd": "collectd", "gpsd": None, "mDNS": "mdns", "memcached": "memcache", "rlogin": "rlogin",
    "rsync": "rsync", "sFlow": "sflow", "distcc": "distcc", "NATS": "nats", "9P": "9p", "BACnet": "bvlc", "BMP": "bmp", "Babel": "babel", "Bitcoin": "bitcoin",
    "Ceph": "ceph", "FIX": "fix", "Firebird": "gdsdb", "GTP": "gtp", "Icecast": "http", "MongoDB": "mongo", "NBD": "nbd", "RTR": "rpkirtr",
    "Performance-Co-Pilot": "pcp", "RakNet": "raknet", "S7comm": "tpkt", "SPICE": "spice", "AJP": "ajp13",
}
# names under which tshark's frame.protocols shows the protocol, where they differ
SHOWN = {
    "HAProxy": {"proxy", "http"}, "RTMP": {"rtmpt"}, "IPsec": {"isakmp", "udpencap"}, "RDP": {"tpkt", "rdp", "tls"}, "WebSocket": {"websocket", "http"},
    "gRPC": {"http2", "grpc"}, "SMB": {"smb", "smb2", "nbss"}, "SunRPC": {"rpc", "portmap"}, "NFS": {"nfs", "rpc"}, "PPTP": {"pptp"}, "NetBIOS": {"nbns", "nbdgm", "nbss"},
    "UFTP": {"uftp", "uftp4"}, "HTTP": {"http", "icy"}, "WSD": {"wsd", "xml", "http"}, "RTP": {"rtp"}, "SRTP": {"rtp", "srtp"}, "ICMPv6": {"icmpv6"}, "OpenFlow": {"openflow", "openflow_v1", "openflow_v4"},
    "BitTorrent": {"bittorrent", "bt-dht", "bt-utp", "bt-tracker"}, "KNXnet/IP": {"kip"}, "AFS": {"rx"}, "TLS": {"tls", "x509sat"}, "FTP-DATA": {"ftp-data"}, "LDAP": {"ldap", "cldap"}, "PIM": {"pim"},
    "OPC-UA": {"opcua"}, "TP-Link-SHP": {"tplink-smarthome"}, "MQTT": {"mqtt"}, "IPIP": {"ip"}, "6in4": {"ipv6"},
    "L2TPv3": {"l2tp"}, "S7comm": {"s7comm", "cotp"}, "BACnet": {"bvlc", "bacnet", "bacapp"}, "AJP": {"ajp13"},
}


def known_fields():
    """protocol -> tshark's names for it, from the dissectors above."""
    return {name: SHOWN.get(name, {shown}) for name, shown in DISSECTORS.items() if shown}


def is_allowed(text):
    address = ipaddress.ip_address(text)
    return (any(address in n for n in DOCUMENTATION) or address.is_private or address.is_loopback or address.is_multicast
            or address.is_link_local or address.is_unspecified or text == "255.255.255.255")


def look_at(path):
    """What breaks the promises about every capture."""
    size = path.stat().st_size
    if size > packets.CAPTURE_BYTES:
        yield f"{size} bytes, over {packets.CAPTURE_BYTES}"
    times = []
    for time, frame in packets.read_pcap(path):
        times.append(time)
        layer = packets.network_layer(frame)
        for address in layer[:2] if layer else ():
            if not is_allowed(address):
                yield f"address {address} is nobody's to use"
    if not times or times[0] != packets.START * 1_000_000:
        yield "does not start at the fixed time"
    if any(not 0 <= b - a <= packets.LONGEST_GAP for a, b in zip(times, times[1:])):
        yield "a pause over a second, or time runs backwards"
    machine = pathlib.Path("/etc/hostname")
    name = machine.read_text().strip() if machine.exists() else ""
    if len(name) > 5 and name.encode() in path.read_bytes():
        yield f"holds the name of this machine, {name}"


def endpoints(text):
    """(address, port) of what facts() wrote."""
    found = re.fullmatch(r"\[?([0-9a-fA-F:.]+?)\]?(?::(\d+))?", text) if text.count(":") < 2 or text.startswith("[") else None
    return (found[1], int(found[2] or 0)) if found else (text, 0)


@functools.lru_cache(maxsize=None)
def can_be_told(table, dissector):
    """Whether this tshark has the dissector, and a table of ports for it."""
    command = ["tshark", "-n", "-d", f"{table}==60000,{dissector}", "-r", "-"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    return b"Valid protocols" not in done.stderr and b"Unknown" not in done.stderr


def told(flows):
    """-d options by the facts: the server's port is that protocol."""
    options = set()
    for flow in flows:
        dissector, port = DISSECTORS.get(flow["protocol"]), endpoints(flow["server"])[1]
        table = f"{flow['transport']}.port"
        if dissector and port and flow["transport"] in ("tcp", "udp") and can_be_told(table, dissector):
            options.add(f"{table}=={port},{dissector}")
    return [word for option in sorted(options) for word in ("-d", option)]


@functools.lru_cache(maxsize=None)
def dissectors_there():
    said = subprocess.run(["tshark", "-G", "protocols"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.decode()
    return {line.split("\t")[2] for line in said.splitlines() if line.count("\t") >= 2}


def seen_by_tshark(path, flows):
    """{flow's ends: (names in frame.protocols, malformed)}; the layers of tunnels come outermost first."""
    fields = ["ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "tcp.srcport", "tcp.dstport", "udp.srcport", "udp.dstport", "frame.protocols"]
    command = ["tshark", "-n", "-r", path, *told(flows), "-T", "fields", "-E", "occurrence=f"] + [w for f in fields for w in ("-e", f)]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    seen = collections.defaultdict(lambda: [set(), False])
    for row in csv.reader(done.stdout.decode().splitlines(), delimiter="\t"):
        names = row[8].split(":")
        outer = 2 if "ipv6" in names and "ip" not in names[: names.index("ipv6")] else 0  # a tunnel may hold the other kind
        source, target = row[outer], row[outer + 1]
        ports = (row[4] or row[6] or 0, row[5] or row[7] or 0)
        one = seen[frozenset(((source, int(ports[0])), (target, int(ports[1]))))]
        one[0].update(names)
        one[1] = one[1] or "_ws.malformed" in names
    return seen


def ask_tshark(show_all):
    names, right, other, none, malformed, lines = known_fields(), 0, 0, 0, 0, []
    for path in sorted(record.CAPTURES.glob("*.pcap")):
        flows = record.read_facts(path.with_suffix(".yaml"))["flows"]
        seen = seen_by_tshark(path, flows)
        for flow in flows:
            protocol = flow["protocol"]
            said, broken = seen[frozenset((endpoints(flow["client"]), endpoints(flow["server"])))]
            wanted = names.get(protocol) or SHOWN.get(protocol) or {protocol.lower()}
            if broken:
                malformed += 1
            elif said & wanted:
                right += 1
                continue
            elif not wanted & dissectors_there():
                none += 1
            else:
                other += 1
            lines.append(f"{path.stem}: {flow['transport']} {flow['server']} {protocol}: tshark says {' '.join(sorted(said))}")
    if show_all:
        print("\n".join(lines))
    asked = right + other + malformed
    print(f"tshark: {right} of {asked} flows as the facts say ({100 * right / max(asked, 1):.1f} %), {other} otherwise, {malformed} malformed; "
          f"{none} apart, whose protocol it has no dissector for")


def main():
    wrong, total = 0, 0
    for path in sorted(record.CAPTURES.glob("*.pcap")):
        total += path.stat().st_size
        for complaint in look_at(path):
            wrong += 1
            print(f"{path.stem}: {complaint}")
    if total > TOTAL_BYTES:
        wrong += 1
        print(f"{total} bytes in all, over {TOTAL_BYTES}")
    print(f"{total} bytes in all, {wrong} complaints")
    if shutil.which("tshark"):
        ask_tshark("--all" in sys.argv)
    else:
        print("tshark is not there and was not asked")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
