# SPDX-License-Identifier: MIT
"""What a recipe says: packages, runs, expected flows. Recipes are bash; bash reads them."""

import hashlib
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
SCENARIOS = HERE / "scenarios"


class Run:
    """One recording of a scenario: the scenario's name, or that and a suffix, and the variables it sets."""

    def __init__(self, scenario, suffix, variables):
        self.scenario, self.suffix, self.variables = scenario, suffix, variables
        self.name = scenario if suffix == "-" else f"{scenario}-{suffix}"


class Expectation:
    """A line of `flows`: TRANSPORT[/PORT[-PORT]] PROTOCOL [APPLICATION] [oneway] [optional] [to=ADDRESS] [first=TEXT] [upto=BYTES].
    PROTOCOL "-": drop the flow. first=: only flows whose first payload begins with that text, where a program speaks two protocols to
    one port. upto=: only flows whose client sent so much or less: connections that were opened and not used."""

    def __init__(self, line):
        words = line.split()
        marks = {"oneway", "optional"}
        self.line = line
        self.match, self.protocol = words[0], words[1]
        self.target = next((w[3:] for w in words[2:] if w.startswith("to=")), None)
        self.first = next((w[6:].encode() for w in words[2:] if w.startswith("first=")), b"")
        self.upto = next((int(w[5:]) for w in words[2:] if w.startswith("upto=")), None)
        names = [w for w in words[2:] if w not in marks and not w.startswith(("to=", "first=", "upto="))]
        self.application = names[0] if names else None
        self.is_oneway, self.is_optional = "oneway" in words, "optional" in words
        self.transport, _, ports = self.match.partition("/")
        if self.transport == "ip":
            self.transport, ports = self.match, ""
        first, _, last = ports.partition("-")
        self.ports = (int(first), int(last or first)) if first.isdigit() else None

    def has_port(self, transport, port):
        return transport == self.transport and self.ports is not None and self.ports[0] <= port <= self.ports[1]

    def covers(self, flow):
        if flow.transport != self.transport or self.target not in (None, flow.server[0]):
            return False
        if not flow.first_payload().startswith(self.first):
            return False
        if self.upto is not None and flow.sent_by_client() > self.upto:
            return False
        return self.ports is None or self.has_port(flow.transport, flow.server[1]) or self.has_port(flow.transport, flow.client[1])


def ask(scenario, variables, names):
    """The values that the recipe gives to `names` when `variables` are set."""
    script = '. "$0"; for name in ' + " ".join(names) + '; do printf "%s\\0" "${!name-}"; done'
    known = {"SERVER": "192.0.2.2", "CLIENT": "192.0.2.1", "PATH": "/usr/bin:/bin", **variables}
    said = subprocess.run(["bash", "-c", script, SCENARIOS / scenario / "recipe"], env=known, check=True, stdout=subprocess.PIPE)
    return dict(zip(names, said.stdout.decode().split("\0")))


class Recipe:
    def __init__(self, scenario):
        said = ask(scenario, {}, ["about", "packages", "npm", "npm_options", "runs", "ports", "limit"])
        self.scenario, self.about = scenario, " ".join(said["about"].split())
        self.packages, self.npm, self.npm_options = said["packages"].split(), said["npm"].split(), said["npm_options"].split()
        self.limit = int(said["limit"] or 60)
        self.runs = [self.run_of(line) for line in self.run_lines(said)]

    @staticmethod
    def run_lines(said):
        if said["runs"].strip():
            return [line for line in said["runs"].replace(";", "\n").split("\n") if line.strip()]
        ports = said["ports"].split()
        return [f"{'-' if n == 0 else 'moved' if n == 1 else port} PORT={port}" for n, port in enumerate(ports)] or ["-"]

    def run_of(self, line):
        suffix, *settings = line.split()
        return Run(self.scenario, suffix, dict(s.split("=", 1) for s in settings))

    def expectations(self, run):
        lines = ask(self.scenario, run.variables, ["flows"])["flows"].split("\n")
        return [Expectation(line) for line in lines if line.strip()]


def digest(scenario):
    """What the facts remember of a recipe: a hash over the files of its folder."""
    total = hashlib.sha256()
    for path in sorted(p for p in (SCENARIOS / scenario).rglob("*") if p.is_file()):
        total.update(str(path.relative_to(SCENARIOS)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:16]


def scenarios():
    return sorted(p.parent.name for p in SCENARIOS.glob("*/recipe"))
