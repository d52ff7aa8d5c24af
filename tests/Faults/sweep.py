#!/usr/bin/env python3
"""Lets the program be killed, or a call fail, at every one of the calls by which it changes files, and looks at what is left.

Each case begins with a copy of the same small site and repository. What must hold afterwards is in the checks below; how many
cases were tried and how many held is printed for each kind of fault. A case that does not hold is printed with the command
that repeats it.
"""
import argparse
import multiprocessing
import os
import re
import shutil
import subprocess
import sys
import tempfile
import traceback

import injection
from injection import KILLS, KINDS, Log, fault
from mounts import clear, own_mounts, unmount_below
from lively import GoneOn, TakenBack
from layouts import Layered, LayoutAside, LayoutCreate, LayoutRestore, LayoutTreeAlone
from scenarios import Aside, Create, Files, First, Restore, Resumed, Rotate
from site_under_test import Broken, check

# A snapshot exists when all of this is on disk; what is told of it elsewhere may be lost.
MUST_BE_ON_DISK = re.compile(r"f(data)?sync .*/backups/((staging|leases)/.*(\.tmp|\.gz)|packs/.*|snapshots)$")


SCENARIOS = {
    "first": First, "create": Create, "resumed": Resumed, "rotate": Rotate, "restore": Restore, "files": Files, "aside": Aside,
    "layout create": LayoutCreate, "layout restore": LayoutRestore, "layout tree": LayoutTreeAlone, "layout aside": LayoutAside, "layered": Layered,
    "continue": GoneOn, "undo": TakenBack,
}


class Bench:
    """A place of its own for each process: snapshots know where their site was, so all copies stand in the same place."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="faults-", dir=WORK)
        self.prepared = {}
        self.log = Log(self.root)

    def take(self, name):
        """A fresh copy of a scenario's site."""
        site = SCENARIOS[name].place(f"{self.root}/site", BINARY)
        template = f"{self.root}/{name}"
        if name not in self.prepared:
            clear(site.root)
            os.makedirs(site.root)
            scenario = SCENARIOS[name]()
            told = scenario.prepare(site)
            unmount_below(site.root)
            os.rename(site.root, template)
            self.prepared[name] = scenario, told
        clear(site.root)
        subprocess.run(["cp", "-a", template, site.root], check=True)
        site.mount()
        self.prepared[name][0].ready(site)
        return site, *self.prepared[name]


def count(name, kind):
    """How many calls there are at which this can go wrong."""
    site, scenario, _ = HERE.take(name)
    run = fault(site, scenario.words, kind, 0, HERE.log)
    check(run.returncode == 0, f"{name} fails without a fault: {run.stderr}")
    return HERE.log.read()[0]


def attempt(case):
    """One case; returns it with what went wrong, or None, and a remark."""
    name, kind, at = case
    what = ""
    try:
        site, scenario, told = HERE.take(name)
        is_kill = kind in KILLS
        run = fault(site, scenario.words, kind, at, HERE.log)
        reached, what = HERE.log.read()
        if reached < at or not what:
            return case, None, "not reached"
        check("Unhandled" not in run.stderr and "\n   at " not in run.stderr, f"a stack trace: {run.stderr}")
        check("takes its name" not in run.stderr, f"a name is blamed for a fault: {run.stderr}")
        allowed = (0, 1, 2) if what.endswith("config.json") else (0, 1, 3, 10, 11)
        check(run.returncode == -9 if is_kill else run.returncode in allowed, f"exit code {run.returncode}: {run.stderr}")
        check(kind != "EIO" or run.returncode == 1 or not MUST_BE_ON_DISK.match(what), "that it may not be on disk was not told")
        check(is_kill or run.returncode in (0, 3) or "error: " in run.stderr, f"exit code {run.returncode} without an error: {run.stderr}")
        return case, None, scenario.after(site, told, run, is_kill)
    except Broken as e:
        return case, f"{what}: {e}", None
    except Exception:  # pylint: disable=broad-except
        return case, f"{what}: {traceback.format_exc()}", None


def begin(binary, library, work):
    global BINARY, WORK, HERE
    BINARY, injection.LIBRARY, WORK = binary, library, work
    own_mounts()
    HERE = Bench()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--library", required=True, help="fault.c, compiled")
    parser.add_argument("--work", required=True, help="a directory to work in")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS)
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--at", type=int, help="this call only")
    parser.add_argument("--every", type=int, default=1, help="every n-th call only")
    parser.add_argument("--counts", help="a file for the totals: passed, failed, skipped")
    given = parser.parse_args()
    work = tempfile.mkdtemp(prefix="sweep-", dir=given.work)
    places = os.path.abspath(given.binary), os.path.abspath(given.library), work
    tried = survived = 0
    try:
        begin(*places)
        with multiprocessing.Pool(os.cpu_count(), begin, places) as pool:
            for name in given.scenario or SCENARIOS:
                for number, kind in enumerate(given.kind or KINDS):
                    last = count(name, kind)
                    # Threads do not always make as many calls; some beyond the count may be reached.
                    ats = [given.at] if given.at else range(1 + number % given.every, last + 5, given.every)
                    results = pool.map(attempt, [(name, kind, at) for at in ats], chunksize=1)
                    bad = [(case, problem) for case, problem, _ in results if problem]
                    reached = [r for r in results if r[2] != "not reached"]
                    mixed = sum(r[2] == "mixed" for r in results)
                    tried, survived = tried + len(reached), survived + len(reached) - len(bad)
                    print(f"{name:14} {kind:10} {len(reached):5} of {last:4} calls, {len(reached) - len(bad):5} held"
                          + (f", {mixed} left one half restored" if mixed else ""), flush=True)
                    for (_, _, at), problem in bad:
                        print(f"  --scenario {name} --kind '{kind}' --at {at}: {problem}", flush=True)
    finally:
        clear(work)
    print(f"{tried} faults tried, {survived} survived")
    if given.counts:
        with open(given.counts, "w") as file:
            file.write(f"{survived} {tried - survived} 0\n")
    sys.exit(0 if tried and tried == survived else 1)


if __name__ == "__main__":
    main()
