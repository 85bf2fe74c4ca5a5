#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How the protocols that go-dpi knows fare: of TRUSTED flows that are one of them, how many are right; of the others, how many
are called one of them.   fourteen.py CORPUS PREDICTIONS"""
import json
import sys

sys.path.insert(0, sys.argv[1])
import score  # noqa: E402  (the corpus's own rules for names and keys)

FOURTEEN = {"HTTP", "DNS", "SSH", "DCERPC", "SMTP", "RDP", "SMB", "ICMP", "FTP", "TLS", "NetBIOS", "XMPP", "MQTT",
            "BitTorrent", "mDNS", "LLMNR"}


def main():
    names = score.Names(sys.argv[1] + "/protocols.tsv")
    predicted = {}
    for line in open(sys.argv[2]):
        r = json.loads(line)
        k = score.key(r["file"], r["l4"], r["src_ip"], r["src_port"], r["dst_ip"], r["dst_port"])
        if names.canon(r.get("proto")) is not None or k not in predicted:
            predicted[k] = r.get("proto")
    ours = right = others = false = 0
    for name in ("ndpi", "go-dpi"):
        lines = open("%s/labels/%s.tsv" % (sys.argv[1], name)).read().split("\n")
        head = lines[0].split("\t")
        for line in lines[1:]:
            if not line:
                continue
            r = dict(zip(head, line.split("\t")))
            if r["truth"] != "TRUSTED" or r["dup"] != "-" or r["l4"] not in ("tcp", "udp"):
                continue
            got = names.canon(predicted.get(score.key(r["file"], r["l4"], r["a_ip"], r["a_port"], r["b_ip"], r["b_port"])))
            is_right = names.right(r["expected"], got)
            if r["expected"] in FOURTEEN:
                ours += 1
                right += is_right
                if not is_right:
                    print("  missed: %s %s:%s %s:%s %s, got %s" % (r["file"], r["a_ip"], r["a_port"], r["b_ip"], r["b_port"], r["expected"], got))
            else:
                others += 1
                if got in FOURTEEN and not is_right:
                    false += 1
                    print("  false: %s %s:%s %s:%s %s, got %s" % (r["file"], r["a_ip"], r["a_port"], r["b_ip"], r["b_port"], r["expected"], got))
    print("the fourteen (and mDNS, LLMNR): %d of %d right (%.2f %%); %d of %d others called one of them" % (
        right, ours, 100.0 * right / max(ours, 1), false, others))


main()
