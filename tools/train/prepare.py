#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Samples for the model, from our recorded captures and our cases.   prepare.py CDPI COLLECT.so ROOT [MORE...] > samples

MORE: folders of further recordings (tools/train/repeat.py), each with captures or with folders of captures. A line a sample:
    source group capture label transport first-speaker wire-client wire-server packets hex-client hex-server times
source is `capture`, `case`, `noise` or `shuffled`. The same bytes are one sample: `capture` names all captures that have it, parted by
commas, `times` says in how many flows. A group is a scenario with its captures, moved and repeated, or the cases of a protocol.
Label `-` is "none of these"."""
import collections
import glob
import os
import random
import re
import subprocess
import sys
import tempfile

MOST_BYTES = 256


def flows_of(path):
    """(transport, client port, server port) -> protocol, from a capture's facts."""
    labels = {}
    for line in open(path):
        m = re.search(r'transport: (\w+), client: "([^"]*)", server: "([^"]*)", protocol: "?([^",]+)', line)
        if m:
            ports = [int(x.rsplit(":", 1)[1]) for x in m.group(2, 3) if re.search(r":\d+$", x)]
            if len(ports) == 2:
                labels[m.group(1), ports[0], ports[1]] = m.group(4)
    return labels


def scenario_of(path):
    for line in open(path):
        if line.startswith("scenario:"):
            return line.split(":", 1)[1].strip()
    return os.path.basename(path)


def flows_in(cdpi, collect, capture):
    """What the module collect is shown of each flow."""
    with tempfile.NamedTemporaryFile("r") as out:
        subprocess.run([cdpi, "--modules", "own," + collect, "--ask-all", "--set", "collect.file=" + out.name, "--format", "none", capture],
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
        for line in out:
            number, client, server, *rest = line.split()
            transport = {"6": "tcp", "17": "udp"}.get(number)
            if transport and rest[4:] != ["-", "-"]:
                yield transport, int(client), int(server), rest


def captures(cdpi, collect, folder):
    for facts in sorted(glob.glob(os.path.join(folder, "*.yaml")) + glob.glob(os.path.join(folder, "*/*.yaml"))):
        labels = flows_of(facts)
        name = "/".join(facts[:-5].split("/")[-2:])
        for transport, client, server, rest in flows_in(cdpi, collect, facts[:-5] + ".pcap"):
            label = labels.get((transport, client, server)) or labels.get((transport, server, client))
            if label:
                yield ["capture", scenario_of(facts), name, label, transport, *rest]


ESCAPES = {"r": 13, "n": 10, "t": 9, "0": 0, "\\": 92, '"': 34}


def text_bytes(text):
    out, i = bytearray(), 0
    while i < len(text):
        if text[i] != "\\":
            out += text[i].encode("latin-1", "replace")
        elif text[i + 1] == "x":
            out.append(int(text[i + 2:i + 4], 16))
            i += 3
        else:
            out.append(ESCAPES[text[i + 1]])
            i += 1
        i += 1
    return bytes(out)


def message_bytes(text):
    out = bytearray()
    for token in re.findall(r'"(?:[^"\\]|\\.)*"(?:\*\d+)?|\S+', text):
        body, _, times = token.rpartition("*") if re.search(r"\*\d+$", token) else (token, "", "1")
        part = text_bytes(body[1:-1]) if body.startswith('"') else bytes.fromhex(body)
        out += part * min(int(times), 4096)
    return bytes(out)


def cases_of(path):
    """Transport, messages and expectation of each case of a file."""
    case = None
    lines = []
    for line in open(path, encoding="utf-8"):
        if line[:1] in " \t" and lines and line.strip():
            lines[-1] += " " + line.strip()
        else:
            lines.append(line.rstrip("\n"))
    for line in lines + ["=="]:
        if line.startswith("=="):
            if case and case["transport"] and case["messages"] and case["expects"]:
                yield case
            case = {"transport": None, "messages": [], "expects": None}
        elif case is None or not line or line[0] == "#":
            continue
        elif re.match(r"(tcp|udp) ", line):
            case["transport"] = line[:3]
        elif re.match(r"[cs] ", line):
            try:
                case["messages"].append((line[0], message_bytes(line[2:])))
            except ValueError:
                case["transport"] = None
        elif line.startswith("is "):
            case["expects"] = line.split()[1]


def cases(root):
    for path in sorted(glob.glob(os.path.join(root, "src/protocols/*/*.cases"))):
        room = os.path.basename(path)[:-6]
        for case in cases_of(path):
            firsts = []
            for side in "cs":
                firsts.append(next((b for s, b in case["messages"] if s == side), b""))
            label = "-" if case["expects"] == "none" else case["expects"]
            yield ["case", "cases/" + room, "-", label, case["transport"], "0" if case["messages"][0][0] == "c" else "1",
                   *(str(len(b)) for b in firsts), "-", *(b[:MOST_BYTES].hex() or "-" for b in firsts)]


def noise(count, seed):
    """What is nobody's: random bytes, words, records of counted length."""
    rng = random.Random(seed)
    words = b"alpha beta gamma delta count value name state open close start stop item list 12 7 404".split()
    for n in range(count):
        sides = []
        for _ in range(rng.choice((1, 2, 2))):
            size, kind = rng.randrange(1, 600), rng.randrange(3)
            if kind == 0:
                body = rng.randbytes(size)
            elif kind == 1:
                body = rng.choice((b" ", b"\n", b", ")).join(rng.choice(words) for _ in range(size // 6 + 1))
            else:
                body = size.to_bytes(rng.choice((2, 4)), rng.choice(("big", "little"))) + bytes([rng.randrange(8)]) + rng.randbytes(size)
            sides.append(body)
        sides += [b""] * (2 - len(sides))
        yield ["noise", "noise/%d" % (n % 20), "-", "-", ("tcp", "udp")[n & 1], "0", *(str(len(b)) for b in sides), "-",
               *(b[:MOST_BYTES].hex() or "-" for b in sides)]


def shuffled(samples, share, seed):
    """Recorded payloads with their bytes in disorder: their letters alone make no protocol."""
    rng = random.Random(seed)
    for sample in samples:
        if sample[0] != "capture" or rng.random() > share:
            continue
        sides = []
        for text in sample[9:11]:
            body = bytearray.fromhex(text.replace("-", ""))
            rng.shuffle(body)
            sides.append(body.hex() or "-")
        yield ["shuffled", "shuffled/" + sample[1], "-", "-", *sample[4:8], "-", *sides]


def counted(samples):
    """Each once a group and label, with the captures and the number of flows that it was seen in."""
    times, where, first = collections.Counter(), collections.defaultdict(set), {}
    for sample in samples:
        key = (*sample[:2], *sample[3:8], *sample[9:])
        times[key] += 1
        where[key].add(sample[2])
        first.setdefault(key, sample[8])
    return ((*key[:2], ",".join(sorted(where[key])), *key[2:7], first[key], *key[7:], str(times[key])) for key in first)


def main():
    cdpi, collect, root, *more = sys.argv[1:]
    recorded = [s for f in [os.path.join(root, "tests/captures"), *more] for s in captures(cdpi, collect, f)]
    recorded.sort()  # the engine ends flows in no fixed order
    others = list(cases(root)) + list(noise(800, 1)) + list(shuffled(recorded, 0.1, 1))
    print("\n".join(sorted(" ".join(s) for s in counted(recorded + others))))


main()
