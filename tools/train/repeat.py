#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Records the scenarios again, with other names, words, sizes, addresses and clients' settings, for training only.

repeat.py OUT [-n ROUNDS] [-j JOBS] [-t TIMES] [--seed N] [--minutes M] [NAME...]

OUT holds a folder a round, of captures and facts as in tests/captures; it is not committed. tools/record's driver does the work,
on a rewritten copy of the recipe; each recording plays the client's side TIMES over. A recording that fails is played once more with
addresses and sizes varied only, and then left out: names may be part of what it sets up. Needs what tools/record needs.
"""
import argparse
import concurrent.futures
import os
import pathlib
import random
import shutil
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
RECORD = HERE.parent / "record"
sys.path[:0] = [str(RECORD), str(HERE)]
import packets  # noqa: E402
import recipe  # noqa: E402
import record  # noqa: E402
import variations  # noqa: E402

UNIFORM = ("icmp", "icmp6", "ip/")  # what is named by its IP protocol's number trains nothing
MTUS = (1280, 1340, 1400, 1460, 1500, 1500, 1500)


def write_settings(folder, rng, times):
    for n in range(1, times):
        for name, lines in variations.settings(rng).items():
            path = folder / "homes" / str(n) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(lines) + "\n")


def make_copy(folder, scenario, rng, times, gently):
    """tools/record as one recording sees it, rewritten."""
    rewrite = variations.rewriter(rng, gently)
    shutil.copytree(RECORD / "scenarios" / scenario, folder / "scenarios" / scenario)
    for name in ("inside.sh", "side.sh", "sandbox.sh"):
        shutil.copy2(RECORD / name, folder / name)
    for path in [folder / "inside.sh", folder / "side.sh", *(folder / "scenarios").rglob("*")]:
        if path.is_file():
            path.write_text(rewrite(path.read_text()))
    inside, side = folder / "inside.sh", folder / "side.sh"
    inside.write_text(inside.read_text().replace('address "$1" up', 'address "$1" mtu %d up' % rng.choice(MTUS)))
    side.write_text(side.read_text().replace('. /recipe/recipe\n"$1"\n', variations.AGAIN))
    (folder / "homes").mkdir()
    write_settings(folder, rng, times)


def play(scenario, run, seed, times, gently, to):
    rng = random.Random("%s %s %d" % (scenario, run.name, seed))
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cdpi-repeat."))
    try:
        make_copy(folder, scenario, rng, times, gently)
        driver = Driver(folder, scenario, times)
        return driver.record(run, to)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Driver:
    """tools/record's steps over a rewritten copy."""

    def __init__(self, folder, scenario, times):
        self.folder, self.original = folder, recipe.Recipe(scenario)
        self.original.limit += 16 * times

    def record(self, run, to):
        lower = record.ensure_layer(self.original)
        out = tempfile.mkdtemp(prefix="cdpi-%s." % run.name)
        try:
            perform(self, run, lower, out)
            expectations = self.original.expectations(run)
            flows = record.named_flows(f"{out}/raw.pcap", expectations)
            record.check_exchange(flows, expectations)
            chosen, kept = cut(flows)
            to.mkdir(parents=True, exist_ok=True)
            packets.write_pcap(to / f"{run.name}.pcap", packets.retimed(kept))
            lines = record.facts(self.original, run, record.versions(lower, self.original), chosen)
            (to / f"{run.name}.yaml").write_text("\n".join(lines) + "\n")
            return len(chosen)
        finally:
            shutil.rmtree(out, ignore_errors=True)


def cut(flows):
    """All flows, their first packets: no limit of size here."""
    return flows, sorted((p for f in flows for p in packets.head_of(f, packets.PAYLOAD_PACKETS)), key=lambda p: p.time)


def perform(driver, run, lower, out):
    """record.perform over the copy; the driver's module names folders once."""
    copy = type("Copied", (), {"SCENARIOS": driver.folder / "scenarios"})
    scope = dict(record.__dict__, HERE=driver.folder, recipe=copy)
    function = type(perform)(record.perform.__code__, scope)
    function(driver.original, run, lower, out)


def is_of_use(one, run):
    return any(not e.match.startswith(UNIFORM) and e.protocol != "-" for e in one.expectations(run))


def one_recording(scenario, run, seed, arguments, to):
    if time.time() > arguments.until:
        return "no time left"
    for gently in (False, True):
        try:
            return "%d flows%s" % (play(scenario, run, seed, arguments.times, gently, to), ", varied gently" if gently else "")
        except Exception as error:  # one that fails is left out
            said = str(error).split("\n")[0][:100]
    return "left out: " + said


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    parser.add_argument("-n", "--rounds", type=int, default=3)
    parser.add_argument("-j", "--jobs", type=int, default=2)
    parser.add_argument("-t", "--times", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=1e6)
    arguments = parser.parse_intermixed_args()
    if os.geteuid() != 0:
        sys.exit("repeat: recording makes namespaces and mounts: it needs root")
    arguments.until = time.time() + 60 * arguments.minutes
    for seed in range(arguments.seed, arguments.seed + arguments.rounds):
        runs = [(one.scenario, run) for one, run in record.chosen_runs(arguments.names, 0) if is_of_use(one, run)]
        random.Random(seed).shuffle(runs)  # whatever time allows is a fair part
        with concurrent.futures.ThreadPoolExecutor(arguments.jobs) as pool:
            jobs = {pool.submit(one_recording, scenario, run, seed, arguments, arguments.out / str(seed)): run for scenario, run in runs}
            for job in concurrent.futures.as_completed(jobs):
                print("%d %s: %s" % (seed, jobs[job].name, job.result()), flush=True)


if __name__ == "__main__":
    main()
