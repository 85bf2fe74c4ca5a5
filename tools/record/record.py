#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Records captures from real servers and clients, each in namespaces of its own.

record.py record [-j N] [-k] [--random N] [--into DIR] [NAME...]
                                                      record scenarios (or single runs, by a capture's name)
record.py install [NAME...]                           only install their packages (into layers of their own)
record.py check                                       say which captures no longer match their recipe
record.py docs                                        write docs/captures.md
record.py list                                        the runs of all scenarios

A small Debian 12 is made by debootstrap under /var/cache/cdpi-record; each set of packages is an overlay on it, each
recording an overlay in memory on that. The machine itself is not changed. Needs root, debootstrap and iproute2.
"""

import argparse
import concurrent.futures
import fcntl
import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import packets
import recipe

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CAPTURES = ROOT / "tests" / "captures"
CACHE = pathlib.Path(os.environ.get("CDPI_RECORD_CACHE", "/var/cache/cdpi-record"))
MIRROR = "http://deb.debian.org/debian"
BASE_PACKAGES = (
    "ca-certificates,iproute2,ethtool,tcpdump,python3-minimal,python3,openssl,netcat-openbsd,socat,procps,iputils-ping,curl,perl,psmisc,netbase"
)
SOURCES = f"""deb {MIRROR} bookworm main
deb {MIRROR} bookworm-updates main
deb http://deb.debian.org/debian-security bookworm-security main
"""


class Failed(Exception):
    """A recording that did not come about, with the reason."""


def locked(name):
    """Only one process makes a base or a layer at a time; the lock goes with the file."""
    CACHE.mkdir(parents=True, exist_ok=True)
    file = open(CACHE / f"{name}.lock", "w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def ensure_base():
    base = CACHE / "base"
    with locked("base"):
        if base.exists():
            return base
        part = CACHE / "base.part"
        if part.exists():
            shutil.rmtree(part)
        print("making a small Debian 12 (once)", flush=True)
        with open(CACHE / "base.log", "w") as log:
            subprocess.run(["debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", "bookworm", part, MIRROR],
                           check=True, stdout=log, stderr=log)
        (part / "etc/apt/sources.list").write_text(SOURCES)
        (part / "etc/apt/apt.conf.d/99record").write_text(
            'APT::Install-Recommends "false";\nDpkg::Options {"--force-unsafe-io";"--force-confold";};\nAPT::Sandbox::User "root";\n')
        policy = part / "usr/sbin/policy-rc.d"
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
        (part / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
        for name in ("etc/hostname", "etc/mailname"):
            (part / name).write_text("host.example\n")
        scratch = tempfile.mkdtemp(prefix="cdpi-record.")
        in_overlay(str(CACHE / "empty"), scratch, part, ["apt-get", "update", "-q"], CACHE / "base.log")
        part.rename(base)
    return base


def in_overlay(lower, scratch, upper, command, log):
    """Runs a command that changes `upper`, with the network of the host: only for package installation."""
    pathlib.Path(lower.split(":")[0]).mkdir(parents=True, exist_ok=True)
    for name in ("resolv.conf", "hosts"):
        target = upper / "etc" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if os.path.exists(f"/etc/{name}"):
            target.unlink(missing_ok=True)
            shutil.copy(f"/etc/{name}", target)
    with open(upper / "etc/hosts", "a") as hosts:
        hosts.write("127.0.1.1 host.example host\n")
    named = ["sh", "-c", 'hostname host.example; exec "$@"', "sh", *command]  # packages may write the name down
    with open(log, "a") as out:
        done = subprocess.run(["unshare", "--mount", "--pid", "--uts", "--fork", "--kill-child=KILL", HERE / "sandbox.sh", lower, scratch,
                               upper, "/etc/ssl/certs:/host-certs", "--", *named], stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    for name in ("resolv.conf", "hosts"):
        (upper / "etc" / name).unlink(missing_ok=True)
    shutil.rmtree(f"{upper}.work", ignore_errors=True)
    os.rmdir(scratch)
    return done.returncode


def ensure_layer(wanted):
    """The overlays with a recipe's packages, made when they are not there; recipes with equal lists share one."""
    lower = str(ensure_base())
    packages = sorted(set(wanted.packages))
    if packages:
        lower = one_layer(lower, packages, f"apt-get install -q -y {' '.join(packages)} && apt-get clean", packages + ["npm"])
    if wanted.npm:
        command = f"npm install --cafile /host-certs/ca-certificates.crt --no-fund --no-audit --prefix /opt/npm {' '.join(wanted.npm_options + wanted.npm)}"
        lower = one_layer(lower, wanted.npm, command, packages + ["npm"] + wanted.npm_options + wanted.npm)
    return lower


def one_layer(lower, names, command, key):
    """One overlay over `lower` in which `command` ran, kept under the first of `names` and a digest of `key`."""
    name = "layer-" + names[0].replace("/", "_") + "-" + hashlib.sha256(" ".join(key).encode()).hexdigest()[:12]
    layer, part = CACHE / name, CACHE / f"{name}.part"
    with locked(name):
        if not layer.exists():
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir(parents=True)
            scratch = tempfile.mkdtemp(prefix="cdpi-record.")
            if in_overlay(lower, scratch, part, ["sh", "-c", command], CACHE / f"{name}.log"):
                shutil.rmtree(part, ignore_errors=True)
                raise Failed(f"packages did not install, see {CACHE / name}.log")
            part.rename(layer)
    return f"{layer}:{lower}"


def versions(lower, wanted):
    """Package names and versions as the layer's dpkg knows them."""
    top = lower.split(":")[0]
    for directory in lower.split(":"):
        if pathlib.Path(directory, "var/lib/dpkg/status").exists():
            break
    said = subprocess.run(["dpkg-query", f"--admindir={directory}/var/lib/dpkg", "-W", "-f", "${Package} ${Version}\n", *wanted.packages],
                          stdout=subprocess.PIPE, check=True).stdout.decode() if wanted.packages else ""
    found = dict(line.split() for line in said.splitlines())
    for package in wanted.npm:
        info = pathlib.Path(top, "opt/npm/node_modules", package.rsplit("@", 1)[0] if "@" in package[1:] else package, "package.json")
        found[f"npm:{package}"] = __import__("json").loads(info.read_text())["version"]
    return found or {"python3": "3.11 of Debian 12"}


def perform(wanted, run, lower, out):
    """Plays the recipe's run in fresh namespaces; leaves raw.pcap and logs in `out`."""
    scratch = tempfile.mkdtemp(prefix="cdpi-record.")
    settings = [f"{name}={value}" for name, value in run.variables.items()]
    command = ["setpriv", "--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--net", "--uts", "--ipc", "--fork", "--kill-child=KILL",
               HERE / "sandbox.sh", lower, scratch, "-", f"{out}:/out", f"{HERE}:/recorder", f"{recipe.SCENARIOS / wanted.scenario}:/recipe",
               "--", "/bin/bash", "/recorder/inside.sh", *settings]
    player = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        said = player.communicate(timeout=wanted.limit)[0].decode(errors="replace").strip()
    except subprocess.TimeoutExpired:
        player.kill()
        player.wait()
        raise Failed(f"over its limit of {wanted.limit} s") from None
    finally:
        for _ in range(50):
            try:
                os.rmdir(scratch)
                break
            except OSError:
                __import__("time").sleep(0.1)
    if player.returncode:
        raise Failed(said or f"exit status {player.returncode}")


def named_flows(raw, expectations):
    """The capture's flows, each with its expectation; a flow that none covers fails the recording."""
    wanted = {e.match if e.match == "icmp6/nd" else e.transport for e in expectations}
    seen = [packets.parse(time, frame) for time, frame in packets.read_pcap(raw)]
    seen = [p for p in seen if not packets.is_noise(p, wanted)]
    flows = packets.flows_of(seen, lambda transport, port: any(e.has_port(transport, port) for e in expectations))
    flows = [f for f in flows if any(p.payload for p in f.packets)]
    for flow in flows:
        flow.expected = next((e for e in expectations if e.covers(flow)), None)
        if flow.expected is None:
            raise Failed(f"unexpected flow: {flow.transport} {flow.client} > {flow.server}")
    return [f for f in flows if f.expected.protocol != "-"]


def check_exchange(flows, expectations):
    for expectation in expectations:
        mine = [f for f in flows if f.expected is expectation]
        if expectation.protocol == "-" or (expectation.is_optional and not mine):
            continue
        if not mine:
            raise Failed(f"no flow for: {expectation.line}")
        speakers = {p.source[0] for f in mine for p in f.packets if p.payload}  # not both in one flow where it is multicast
        if not expectation.is_oneway and len(speakers) < 2:
            raise Failed(f"only one side spoke in: {expectation.line}")


def endpoint(pair, transport):
    address = f"[{pair[0]}]" if ":" in pair[0] else pair[0]
    return f"{address}:{pair[1]}" if transport in ("tcp", "udp", "sctp") else pair[0]


def facts(wanted, run, found, flows):
    yield "# Written by tools/record/record.py: what this capture holds."
    yield f"scenario: {wanted.scenario}"
    yield f"run: {' '.join([run.suffix] + [f'{k}={v}' for k, v in run.variables.items()])}"
    yield f'about: "{wanted.about}"'
    yield f"recipe: {recipe.digest(wanted.scenario)}"
    yield "programs:"
    yield from (f'  - "{name} {version}"' for name, version in sorted(found.items()))
    yield "flows:"
    for flow in flows:
        yield (f'  - {{transport: {packets.KEYWORDS.get(flow.transport, flow.transport)}, client: "{endpoint(flow.client, flow.transport)}", '
               f'server: "{endpoint(flow.server, flow.transport)}", protocol: "{flow.expected.protocol}", '
               f'application: {flow.expected.application or "null"}}}')


def record(wanted, run, keep, captures):
    lower = ensure_layer(wanted)
    out = tempfile.mkdtemp(prefix=f"cdpi-{run.name}.")
    try:
        perform(wanted, run, lower, out)
        expectations = wanted.expectations(run)
        flows = named_flows(f"{out}/raw.pcap", expectations)
        check_exchange(flows, expectations)
        chosen, kept = packets.cut(flows)
        captures.mkdir(parents=True, exist_ok=True)
        packets.write_pcap(captures / f"{run.name}.pcap", packets.retimed(kept))
        lines = facts(wanted, run, versions(lower, wanted), chosen)
        (captures / f"{run.name}.yaml").write_text("\n".join(lines) + "\n")
        return f"{len(chosen)} flows, {(captures / f'{run.name}.pcap').stat().st_size} bytes"
    except Exception:
        keep = True
        raise
    finally:
        latest = pathlib.Path(tempfile.gettempdir(), "cdpi-record", run.name)
        shutil.rmtree(latest, ignore_errors=True)
        if keep:
            latest.parent.mkdir(exist_ok=True)
            shutil.move(out, latest)
        else:
            shutil.rmtree(out, ignore_errors=True)


def chosen_runs(names, count):
    """Runs by scenario or capture name; all of them without names; `count` of them at random."""
    runs = []
    for scenario in recipe.scenarios():
        one = recipe.Recipe(scenario)
        runs += [(one, run) for run in one.runs if not names or scenario in names or run.name in names]
    for name in names:
        if not any(name in (one.scenario, run.name) for one, run in runs):
            sys.exit(f"record: no scenario or capture named {name}")
    return random.sample(runs, min(count, len(runs))) if count else runs


def record_all(arguments):
    if os.geteuid() != 0:
        sys.exit("record: recording makes namespaces and mounts: it needs root")
    failures = 0
    with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
        jobs = {pool.submit(record, one, run, arguments.keep, arguments.into): run for one, run in chosen_runs(arguments.names, arguments.random)}
        for job in concurrent.futures.as_completed(jobs):
            name = jobs[job].name
            try:
                print(f"{name}: {job.result()}", flush=True)
            except Exception as error:  # one broken recipe does not stop the others
                failures += 1
                print(f"{name}: FAILED: {error} (logs in {tempfile.gettempdir()}/cdpi-record/{name})", flush=True)
    return 1 if failures else 0


def install(arguments):
    for one in {id(one): one for one, _ in chosen_runs(arguments.names, 0)}.values():
        try:
            ensure_layer(one)
            print(f"{one.scenario}: installed", flush=True)
        except Failed as error:
            print(f"{one.scenario}: {error}", flush=True)
    return 0


def read_facts(path):
    """The few shapes of line that facts() writes."""
    said = {"programs": [], "flows": []}
    for line in path.read_text().splitlines():
        if line.startswith("  - {"):
            pairs = [p.split(": ", 1) for p in line[5:-1].split(", ")]
            said["flows"].append({k: v.strip('"') for k, v in pairs})
        elif line.startswith("  - "):
            said["programs"].append(line[4:].strip('"'))
        elif ": " in line and not line.startswith("#"):
            key, value = line.split(": ", 1)
            said[key] = value.strip('"')
    return said


def check(_):
    """A capture is stale when its recipe changed or went, a recipe unrecorded when a run has no capture."""
    wrong, known = 0, {run.name: run for _, run in chosen_runs([], 0)}
    for name, run in known.items():
        if not (CAPTURES / f"{name}.yaml").exists():
            print(f"{name}: not recorded yet")
            wrong += 1
        elif read_facts(CAPTURES / f"{name}.yaml")["recipe"] != recipe.digest(run.scenario):
            print(f"{name}: the recipe changed since it was recorded")
            wrong += 1
    for path in sorted(CAPTURES.glob("*.yaml")):
        if path.stem not in known:
            print(f"{path.stem}: has no recipe any more")
            wrong += 1
    print(f"{len(known)} runs, {wrong} to look at")
    return 1 if wrong else 0


def docs(_):
    rows, names, total = [], set(), 0
    for path in sorted(CAPTURES.glob("*.yaml")):
        said, size = read_facts(path), path.with_suffix(".pcap").stat().st_size
        protocols = sorted({f["protocol"] + ("" if f["application"] == "null" else f" ({f['application']})") for f in said["flows"]})
        names |= {f["protocol"] for f in said["flows"]}
        total += size
        rows.append(f"| {path.stem} | {said['about']} | {', '.join(said['programs'])} | {', '.join(protocols)} | {size} |")
    head = [
        "# Captures of our own", "",
        "Generated by `tools/record/record.py docs`; recorded by the recipes of `tools/record/scenarios/`.", "",
        f"{len(rows)} captures, {len(names)} protocols, {total} bytes in all.", "",
        "| capture | scenario | programs | protocols | bytes |", "|---|---|---|---|---|"]
    (ROOT / "docs").mkdir(exist_ok=True)
    (ROOT / "docs" / "captures.md").write_text("\n".join(head + rows) + "\n")
    print(head[4])
    return 0


def listing(_):
    for one, run in chosen_runs([], 0):
        print(run.name, "-", one.about)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    for name, action in (("record", record_all), ("install", install), ("check", check), ("docs", docs), ("list", listing)):
        command = commands.add_parser(name)
        command.set_defaults(action=action)
        if name in ("record", "install"):
            command.add_argument("names", nargs="*")
        if name == "record":
            command.add_argument("-j", "--jobs", type=int, default=1)
            command.add_argument("-k", "--keep", action="store_true", help="keep raw capture and logs under the temporary directory")
            command.add_argument("--random", type=int, default=0, metavar="N")
            command.add_argument("--into", type=pathlib.Path, default=CAPTURES, metavar="DIR", help="instead of tests/captures")
    arguments = parser.parse_args()
    return arguments.action(arguments)


if __name__ == "__main__":
    sys.exit(main())
