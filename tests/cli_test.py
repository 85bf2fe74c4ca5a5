#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The tool as its users run it: formats, files, bad input, exit status.   cli_test.py CDPI ROOT"""
import csv
import glob
import gzip
import io
import json
import os
import struct
import subprocess
import sys
import tempfile

TOOL, ROOT = sys.argv[1], sys.argv[2]
sys.path.insert(0, os.path.join(ROOT, "tests"))
from support import schema  # noqa: E402

passed = failed = 0
DIR = tempfile.mkdtemp(prefix="cdpi-cli-")


def check(good, what):
    global passed, failed
    if good:
        passed += 1
    else:
        failed += 1
        print("FAIL %s" % what)


def run(*args, **kw):
    p = subprocess.run([TOOL, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **kw)
    return p.returncode, p.stdout.decode("utf-8", "replace"), p.stderr.decode("utf-8", "replace")


def write(name, data):
    path = os.path.join(DIR, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def frame(sport, dport, payload, reverse=False):
    """Ethernet, IPv4, TCP: 192.0.2.1 to 192.0.2.2."""
    a, b = bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])
    if reverse:
        a, b, sport, dport = b, a, dport, sport
    tcp = struct.pack(">HHIIBBHHH", sport, dport, 1, 1, 0x50, 0x18, 1000, 0, 0) + payload
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(tcp), 0, 0, 64, 6, 0) + a + b
    return b"\x02" * 12 + b"\x08\x00" + ip + tcp


def pcap(frames, order="<", magic=0xA1B2C3D4, link=1, start=1700000000):
    out = [struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, link)]
    for i, f in enumerate(frames):
        out.append(struct.pack(order + "IIII", start + i, 5, len(f), len(f)) + f)
    return b"".join(out)


def pcapng(frames):
    def block(kind, body):
        body += b"\0" * (-len(body) % 4)
        n = len(body) + 12
        return struct.pack("<II", kind, n) + body + struct.pack("<I", n)
    out = block(0x0A0D0D0A, struct.pack("<IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(1, struct.pack("<HHI", 1, 0, 65535) + struct.pack("<HHBxxx", 9, 1, 9) + struct.pack("<HH", 0, 0))
    for i, f in enumerate(frames):
        t = (1700000000 + i) * 10**9
        out += block(6, struct.pack("<IIIII", 0, t >> 32, t & 0xFFFFFFFF, len(f), len(f)) + f)
    return out


SSH = [frame(40000, 22, b"SSH-2.0-OpenSSH_9.2p1\r\n", True), frame(40000, 22, b"SSH-2.0-x\r\n")]
OTHER = [frame(40001, 2223, b"SSH-2.0-OpenSSH_9.2p1\r\n", True)]


def flows(out):
    return [r for r in map(json.loads, out.splitlines()) if r["event_type"] == "flow"]


def formats():
    with open(os.path.join(ROOT, "docs", "flow.schema.json")) as f:
        root = json.load(f)
    for name, data in (("le", pcap(SSH)), ("be", pcap(SSH, ">")), ("nano", pcap(SSH, magic=0xA1B23C4D)),
                       ("ng", pcapng(SSH)), ("gz", gzip.compress(pcap(SSH)))):
        path = write(name, data)
        code, out, err = run("--format", "json", path)
        check(code == 0 and not err, "%s: exit %d %s" % (name, code, err))
        f = flows(out)
        check(len(f) == 1 and f[0]["app_proto"] == "ssh" and f[0]["cdpi"]["confidence"] == "certain", "%s: %s" % (name, out))
        check(f[0]["src_ip"] == "192.0.2.1" and f[0]["dest_port"] == 22, "%s: who is the client" % name)
        check(f[0]["timestamp"].startswith("2023-11-14T22:13:20."), "%s: time %s" % (name, f[0]["timestamp"]))
        for line in out.splitlines():
            for e in schema.errors(json.loads(line), root, root):
                check(False, "%s: schema: %s" % (name, e))
            check(True, "")
    path = write("two", pcap(SSH))
    code, out, err = run("--format", "csv", path)
    rows = list(csv.DictReader(io.StringIO(out)))
    check(code == 0 and len(rows) == 1 and rows[0]["app_proto"] == "SSH", "csv: %s" % out)
    code, out, err = run("--explain", path)
    check(code == 0 and "identification string" in out and "SSH (certain, own)" in out, "explain: %s" % out)
    code, out, err = run(path)
    check(code == 0 and "SSH" in out and "total" in out and "\x1b" not in out, "table: %s" % out)
    code, out, err = run("--color", "always", path)
    check("\x1b[" in out, "colour when asked for")
    code, out, err = run("--format", "none", "--stats", path)
    check(code == 0 and out == "" and "verdicts certain" in err and "memory peak" in err, "stats: %s" % err)


def several_files():
    a, b = write("a", pcap(SSH[:1])), write("b", pcap(SSH[1:], start=1700000005))
    code, out, _ = run("--format", "json", a, b)
    check(code == 0 and len(flows(out)) == 1, "two files, one traffic")
    code, out, _ = run("--format", "json", "--per-file", a, b)
    f = flows(out)
    check(code == 0 and len(f) == 2 and {x["capture_file"] for x in f} == {a, b}, "--per-file")
    with open(a, "rb") as f:
        code, out, _ = run("--format", "json", "-", stdin=f)
    check(code == 0 and len(flows(out)) == 1, "standard input, a file")
    code, out, _ = run("--format", "json", "-", input=pcap(SSH))
    check(code == 0 and len(flows(out)) == 1, "standard input, a pipe")
    code, out, _ = run("--format", "json", "--filter", "src port 22", write("f", pcap(SSH)))
    check(code == 0 and flows(out)[0]["flow"]["pkts_toserver"] == 0, "--filter")


def bad_input():
    whole = pcap(SSH + OTHER)
    huge = pcap(SSH) + struct.pack("<IIII", 1, 1, 0xFFFFFFFF, 0xFFFFFFFF)
    cases = (("missing", os.path.join(DIR, "nowhere"), 0), ("directory", DIR, 0), ("empty", write("empty", b""), 0),
             ("text", write("text", b"this is a text file, not a capture\n" * 9), 0),
             ("cut header", write("cuthead", whole[:17]), 0), ("cut packet", write("cutpacket", whole[:-9]), 1),
             ("cut record header", write("cutrecord", whole + b"\1\2\3"), 2),
             ("4 GB record", write("huge", huge), 1), ("cut gzip", write("cutgz", gzip.compress(whole)[:-20]), 0),
             ("unknown link type", write("link", pcap(SSH, link=147)), 0),
             ("pcapng whose lengths disagree", write("ngbad", pcapng(SSH)[:-2] + b"xx"), 1))
    for name, path, least in cases:
        code, out, err = run("--format", "json", path)
        check(code == 1, "%s: exit %d" % (name, code))
        check(err.count("\n") == 1 and os.path.basename(path) in err, "%s: one line with the name: %r" % (name, err))
        check(len(flows(out)) >= least, "%s: flows before it are printed: %s" % (name, out))
    good = write("good", pcap(SSH))
    code, out, err = run("--format", "json", os.path.join(DIR, "nowhere"), good)
    check(code == 1 and len(flows(out)) == 1, "the other files are read all the same")
    for args in (["--nosuch"], ["--format", "xml", good], ["--memory", "x", good], ["--memory", "1K", good], [],
                 ["--idle-timeout", "", good], ["--list", "x"], ["--vlan", "x", good], ["--set", "x", good],
                 ["-i", "x", good], ["--format"], ["--modules", "own,own", good]):
        code, out, err = run(*args)
        check(code == 2 and err.count("\n") == 1 and out == "", "%s: exit %d %r" % (args, code, err))
    code, out, err = run("--modules", "own,nosuch", "--format", "json", good)
    check(code == 0 and "nosuch" in err and err.count("\n") == 1 and len(flows(out)) == 1, "a missing module: %r" % err)
    code, out, err = run("-i", "nosuch0")
    check(code == 1 and err.count("\n") == 1 and "nosuch0" in err, "no such interface: %r" % err)
    code, out, err = run("--filter", "nonsense (", good)
    check(code == 1 and err.count("\n") == 1, "bad filter: %r" % err)
    if os.path.exists("/dev/full"):
        with open("/dev/full", "wb") as full:
            p = subprocess.run([TOOL, "--format", "json", good], stdout=full, stderr=subprocess.PIPE)
        check(p.returncode == 1 and p.stderr.count(b"\n") == 1, "a full device")
    r, w = os.pipe()
    os.close(r)
    p = subprocess.run([TOOL, "--format", "json", good], stdout=w, stderr=subprocess.PIPE)
    os.close(w)
    check(p.returncode == 1 and p.stderr == b"", "a closed pipe is quiet: %d %r" % (p.returncode, p.stderr))


def a_shrinking_file():
    """Larger than a batch; cut while it is read. No signal, exit status 1."""
    path = write("shrink", pcap(SSH * 200000))
    p = subprocess.Popen([TOOL, "--format", "none", path], stderr=subprocess.PIPE)
    os.truncate(path, 5000)
    _, err = p.communicate(timeout=60)
    check(p.returncode in (0, 1), "a file that shrinks: %d %r" % (p.returncode, err))


def help_and_lists():
    code, out, err = run("--help")
    lines = out.splitlines()
    check(code == 0 and len(lines) <= 30 and max(map(len, lines)) <= 90, "--help fits a screen")
    code, out, err = run("--version")
    check(code == 0 and out.startswith("cdpi "), "--version")
    code, out, err = run("--list", "protocols")
    check(code == 0 and " SSH " in out and "RFC 4253" in out, "--list protocols")
    code, out, err = run("--list", "modules")
    check(code == 0 and out.startswith("own"), "--list modules")
    # what nobody can leave out of a help
    code, out, err = run("--help")
    for option in ("--format", "--flows", "--explain", "--stats", "--modules", "--list", "--filter", "--per-file"):
        check(option in out, "--help tells of %s" % option)


def verdicts(path, *args):
    """Each flow's verdict, without what modules say beside it."""
    said = {}
    for f in flows(run("--format", "json", *args, path)[1]):
        f["cdpi"].pop("modules", None)
        said[f["flow_id"]] = f["cdpi"]
    return said


def asking_changes_nothing():
    """Modules that want packets, and --ask-all, leave own's verdicts as they are."""
    folder = os.path.join(os.path.dirname(os.path.abspath(TOOL)), "tests", "modules")
    if not os.path.exists(os.path.join(folder, "cdpi-packets.so")):
        return
    captures = sorted(glob.glob(os.path.join(ROOT, "tests", "captures", "*.pcap")))
    for path in captures[::12]:
        alone = verdicts(path)
        for more in ([], ["--ask-all"]):
            asked = verdicts(path, "--modules", "own,packets", "--module-path", folder, *more)
            check(alone == asked, "%s %s: own's verdicts change" % (path, more))


def modules():
    """Answers of each module, settings, the commands about modules; with the probe of tests/modules, where it is built."""
    path = write("modules.pcap", pcap(SSH))
    folder = os.path.join(os.path.dirname(os.path.abspath(TOOL)), "tests", "modules")
    code, out, err = run("--modules", "own,port", "--ask-all", "--format", "json", path)
    with open(os.path.join(ROOT, "docs", "flow.schema.json")) as f:
        root = json.load(f)
    for line in out.splitlines():
        for e in schema.errors(json.loads(line), root, root):
            check(False, "--ask-all: schema: %s" % e)
    answers = json.loads(out.splitlines()[1])["cdpi"]["modules"]
    check(answers[0]["state"] == "answered" and answers[0]["evidence"]["rule"], "--ask-all: own's evidence: %s" % answers)
    check("protocol" not in answers[1], "--ask-all: a guess by port is no answer: %s" % answers)
    code, out, err = run("--modules", "own", "--option", "nobody.key=1", path)
    check(code == 2 and "nobody.key" in err, "a setting for nobody: %d %s" % (code, err))
    if os.path.exists(os.path.join(folder, "cdpi-probe.so")):
        code, out, err = run("--modules", "own,probe", "--module-path", folder, "--option", "probe.nosuch=1", "--flows", path)
        check(code == 0 and "nosuch" in err and err.count("\n") == 1 and "SSH" in out, "a module that does not open: %s" % err)
        code, out, err = run("compare", "--modules", "own,probe", "--module-path", folder, path)
        check(code == 0 and "1 flows that a module names" in out, "compare: %d %s" % (code, out))
        code, out, err = run("bench", "--module", "probe", "--module-path", folder, path)
        check(code == 0 and "asked                  1 flows" in out, "bench: %d %s" % (code, out))
    code, out, err = run("bench", path)
    check(code == 0 and "answered               1 (100.0 %)" in out, "bench own: %s" % out)
    for command in ("bench", "compare", "unknown"):
        check(run(command, "/nowhere/at/all")[0] == 1 and run(command)[0] == 2, "%s: exit status" % command)
        check(run(command, "--help")[0] == 0 and run(command, "--wrong", path)[0] == 2, "%s: usage" % command)
    code, out, err = run("compare", "--module", "nosuch", path)
    check(code == 0 and "nosuch" in err, "compare without a module: %s" % err)


def unknown():
    """Two flows alike and one that is not make two clusters; the sample is one flow's frames; the skeleton has the shared bytes."""
    def datagram(source, payload):
        udp = struct.pack(">HHHH", source, 40007, 8 + len(payload), 0) + payload
        ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2]))
        return bytes(12) + b"\x08\x00" + ip + udp
    frames = [datagram(50001, b"\xfe\xed\x01\x02\x03\x04"), datagram(50002, b"\xfe\xed\x01\x02\x03\x05"), datagram(50003, b"zzzz some words")]
    with tempfile.TemporaryDirectory() as folder:
        path, sample = os.path.join(folder, "u.pcap"), os.path.join(folder, "sample.pcap")
        with open(path, "wb") as f:
            f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1))
            for i, frame in enumerate(frames):
                f.write(struct.pack("<IIII", 1700000000 + i, 0, len(frame), len(frame)) + frame)
        code, out, err = run("unknown", "--sample", sample, "--skeleton", "Mystery", path)
        check(code == 0 and out.startswith("3 flows without a verdict, 2 clusters"), "unknown: %d %s %s" % (code, out, err))
        check("cluster 1: 2 flows, udp" in out and "fe ed 01 02 03 .." in out, "unknown: shared bytes: %s" % out)
        check("looks text" in out and "looks binary" in out, "unknown: looks: %s" % out)
        check('SIGNATURE_MASKED(0, "\\xfe\\xed\\x01\\x02\\x03\\x00", "\\xff\\xff\\xff\\xff\\xff\\x00")' in out, "unknown: skeleton: %s" % out)
        code, out, err = run("--format", "json", sample)
        check(code == 0 and out.count('"event_type":"flow"') == 1, "unknown: the sample: %d %s" % (code, err))
        check(run("unknown", "--cluster", "9", "--sample", sample, path)[0] == 1, "unknown: a cluster that is not there")


unknown()
formats()
modules()
asking_changes_nothing()
several_files()
bad_input()
a_shrinking_file()
help_and_lists()
print("cli: %d checks passed, %d failed" % (passed, failed))
sys.exit(1 if failed else 0)
