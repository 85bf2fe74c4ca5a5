#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The examples, built against the public headers, do what they say.   examples_test.py BUILD ROOT"""
import os
import socket
import subprocess
import sys
import time

BUILD, ROOT = sys.argv[1], sys.argv[2]
CAPTURE = os.path.join(ROOT, "tests/captures/ssh-openssh.pcap")
passed = failed = 0


def check(good, what):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print("FAIL %s" % what)


def run(*args):
    p = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return p.returncode, p.stdout.decode()


def example(name):
    return os.path.join(BUILD, "examples", name)


def honeypot():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    p = subprocess.Popen([example("honeypot"), str(port), "2"], stdout=subprocess.PIPE)
    for text in (b"SSH-2.0-scanner\r\n", b"\x00nothing known"):
        for _ in range(50):
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=5) as c:
                    c.sendall(text)
                    c.shutdown(socket.SHUT_WR)
                    c.settimeout(10)
                    c.recv(1)
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
    out = p.communicate(timeout=30)[0].decode().splitlines()
    check(len(out) == 2 and "SSH" in out[0] and "unknown" in out[1], "honeypot: %s" % out)


def main():
    code, out = run(example("minimal"), CAPTURE)
    check(code == 0 and "own detected protocol SSH" in out, "minimal: %s" % out)
    code, out = run(example("minimal"), "/nowhere")
    check(code == 1 and "/nowhere" in out, "minimal, no such file: %s" % out)
    code, out = run(example("batch"), CAPTURE)
    check(code == 0 and "final: SSH" in out and "ended: SSH" in out, "batch: %s" % out)
    code, out = run(example("own_capture"))
    check(code == 0 and "SSH, certain" in out, "own_capture: %s" % out)
    honeypot()
    tool = os.path.join(BUILD, "cdpi")
    module = example("cdpi-greeting.so")
    code, out = run(tool, "--modules", "own," + module, "--set", "greeting.word=zzz", "--flows", CAPTURE)
    check(code == 0 and "SSH (certain, own)" in out, "a module that knows nothing: %s" % out)
    code, out = run(tool, "--modules", module, "--set", "greeting.word=SSH-", "--flows", CAPTURE)
    check(code == 0 and "greeting:GREETING (likely, greeting)" in out, "a module alone: %s" % out)
    code, out = run(tool, "--modules", "own," + module, "--set", "greeting.nosuch=1", "--flows", CAPTURE)
    check(code == 0 and "nosuch" in out and "SSH" in out, "a module that does not open costs a line: %s" % out)
    shout, count = example("cdpi-shout.so"), example("cdpi-count.so")
    if os.path.exists(shout):
        code, out = run(tool, "--modules", shout, "--set", "shout.least=3", "--explain", CAPTURE)
        check(code == 0 and "shout:SHOUT (likely, shout)" in out and "bytes 0 to 2" in out, "a module in C++: %s" % out)
        code, out = run(tool, "--modules", "own," + shout, "--set", "shout.least=x", "--flows", CAPTURE)
        check(code == 0 and "wants a number" in out and "SSH" in out, "an exception stays inside: %s" % out)
    else:
        print("SKIP a module in C++: there is no compiler")
    if os.path.exists(count):
        capture = os.path.join(ROOT, "tests/captures/syslog-rsyslog.pcap")
        code, out = run(tool, "--modules", count, "--set", "count.least=1", "--explain", capture)
        check(code == 0 and "count:MONOLOGUE (likely, count)" in out, "a module in Rust: %s" % out)
        code, out = run(tool, "--modules", "own," + count, "--set", "count.most=1", "--flows", capture)
        check(code == 0 and "only setting" in out, "a module in Rust that does not open: %s" % out)
    else:
        print("SKIP a module in Rust: there is no rustc")
    print("examples: %d checks passed, %d failed" % (passed, failed))
    return 1 if failed else 0


sys.exit(main())
