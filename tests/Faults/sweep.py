#!/usr/bin/env python3
"""Lets the program be killed, or a call fail, at every one of the calls by which it changes files, and looks at what is left.

Each case begins with a copy of the same small site and repository. What must hold afterwards is in the checks below; how many
cases were tried and how many held is printed for each kind of fault. A case that does not hold is printed with the command
that repeats it.
"""
import argparse
import contextlib
import errno
import glob
import multiprocessing
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import traceback

from site_under_test import Broken, Site, check, state_of

OPEN_READ, OPEN_WRITE, WRITE, SYNC, NAME, REMOVE, META, SIZE, READ = (1 << i for i in range(9))
CHANGES = OPEN_WRITE | WRITE | SYNC | NAME | REMOVE | META | SIZE

KINDS = {
    # What goes wrong, at which calls, and whether at all later ones too.
    "kill": ("kill", CHANGES, False),
    "torn": ("torn", CHANGES, False),
    "short": ("short", WRITE | READ, False),
    "ENOSPC": (str(errno.ENOSPC), OPEN_WRITE | WRITE | SYNC | NAME | SIZE, False),
    "full disk": (str(errno.ENOSPC), OPEN_WRITE | WRITE | SYNC | SIZE, True),
    "EIO": (str(errno.EIO), CHANGES | READ | OPEN_READ, False),
    "dead disk": (str(errno.EIO), CHANGES | READ | OPEN_READ, True),
    "EMFILE": (str(errno.EMFILE), OPEN_READ | OPEN_WRITE, False),
    "EACCES": (str(errno.EACCES), OPEN_READ | OPEN_WRITE | NAME | REMOVE | META, False),
}
KILLS = ("kill", "torn")
# A snapshot exists when all of this is on disk; what is told of it elsewhere may be lost.
MUST_BE_ON_DISK = re.compile(r"f(data)?sync .*/backups/(staging/.*(\.tmp|\.gz)|packs/.*|snapshots)$")


class Scenario:
    """Something the program does, on a site prepared for it."""

    words = ("create",)
    settings = {}

    def prepare(self, site):
        """Makes snapshots; returns what is to be known later."""
        site.make(**self.settings)
        known = []
        for step in (1, 2):
            site.change(step)
            site.succeed("create", "--quiet", "--no-rotate")
            known.append((site.snapshots()[-1], site.state()))
        site.change(3)
        site.leave_log(3)
        return {"known": known, "live": site.state()}

    def after(self, site, told, run, is_kill):
        """What must hold after the fault."""
        raise NotImplementedError


class Create(Scenario):
    """A run that stores something new and removes the oldest snapshot."""

    settings = {"max_backups": 2}

    def after(self, site, told, run, is_kill):
        check(site.state() == told["live"], "the site was changed")
        known = dict(told["known"])
        if not known and site.run("list").returncode == 10:
            check(is_kill or run.returncode in (1, 2, 10), f"there is no repository after exit code {run.returncode}")
            there = []
        else:
            there = site.snapshots()
            site.succeed("verify", "--deep")
        newest = told["known"][-1][0] if known else None
        check(not known or newest in there, f"snapshot {newest} is gone")
        new = [i for i in there if i not in known]
        check(is_kill or (len(new) == 1) == (run.returncode in (0, 3)) or "rotat" in run.stderr or run.returncode == 1,
              f"{len(new)} new snapshots after exit code {run.returncode}")
        for snapshot in there[-2:]:
            if snapshot in new and site.is_partial(snapshot):
                # It says that something is missing, which may be a whole half.
                check(is_kill or run.returncode in (1, 3), f"a partial snapshot after exit code {run.returncode}")
                site.succeed("restore", snapshot, "--to", f"{site.root}/partial", "--quiet")
            else:
                check(site.state_in(snapshot) == known.get(snapshot, told["live"]), f"snapshot {snapshot} is not what was saved")
        if not is_kill and run.returncode == 1:
            check(os.path.exists(site.failures), "the failure was not told")
        self.go_on(site, told)

    @staticmethod
    def go_on(site, told):
        """The next run needs nobody's help and leaves nothing behind."""
        before = site.snapshots() if os.path.exists(f"{site.repository}/repository.json") else []
        site.succeed("create", "--quiet")
        there = site.snapshots()
        check(there[-1] not in before, "the next run made no snapshot")
        check(site.state_in(there[-1]) == told["live"], "the next run's snapshot is not what is there")
        check(site.orphans() == [], f"orphans: {site.orphans()}")
        site.succeed("verify", "--deep")


class First(Create):
    """The run that makes the repository."""

    def prepare(self, site):
        site.make(**self.settings)
        return {"known": [], "live": site.state()}


class Resumed(Create):
    """A run that continues one that was killed."""

    def prepare(self, site):
        told = super().prepare(site)
        log = Log(site.root)
        for at in range(10, 100):
            fault(site, self, "kill", at, log)
            left = site.orphans()
            if any(name.startswith("packs/") for name in left) and any(name.startswith("staging/") for name in left):
                return told
        raise Broken("no killed run left anything to continue")


class Rotate(Scenario):
    """A rotation that frees packs."""

    words = ("rotate", "--max-backups", "1")

    def after(self, site, told, run, is_kill):
        there = site.snapshots()
        known = dict(told["known"])
        check(there and there[-1] == told["known"][-1][0], "the newest snapshot is gone")
        check(is_kill or run.returncode != 0 or len(there) == 1 or "is damaged: its header" in run.stderr, "a rotation that succeeded removed nothing")
        site.succeed("verify", "--deep")
        for snapshot in there:
            check(site.state_in(snapshot) == known[snapshot], f"snapshot {snapshot} is not what was saved")
        Create.go_on(site, told)
        site.succeed(*self.words)
        check(len(site.snapshots()) == 1 and site.orphans() == [], f"orphans: {site.orphans()}")


class Restore(Scenario):
    """A whole site that goes back in place."""

    turns = 0

    def prepare(self, site):
        told = super().prepare(site)
        self.words = ("restore", told["known"][0][0], "--yes", "--quiet")
        return told

    def after(self, site, told, run, is_kill):
        old, new = told["live"], told["known"][0][1]
        live = site.state()
        for half, name in ((0, "storage"), (1, "database")):
            check(live[half] in (old[half], new[half]), f"the {name} is neither the old nor the new one")
            check(live[half] == old[half] or old[half] in self.aside(site, half), f"the old {name} is not kept")
        if not is_kill and "taking back" not in run.stderr:
            check(live == (new if run.returncode == 0 else old), f"the site is not {'restored' if run.returncode == 0 else 'as it was'} after exit code {run.returncode}")
        for snapshot, state in told["known"]:
            check(site.state_in(snapshot) == state, f"snapshot {snapshot} is not what was saved")
        self.settle(site, old, new, live)
        site.succeed(*self.words)
        check(site.state() == new, "restoring once more did not restore")
        return "mixed" if live not in (old, new) else None

    @staticmethod
    def settle(site, old, new, live):
        """What was killed half way is said by status, and is finished or taken back, each of them every other time."""
        if site.run("restore", "latest", "--dry-run").returncode == 0:
            check(live in (old, new), "a site that is half restored is not refused")
            return
        check("--undo" in site.run("status").stdout, "status does not name the unfinished restore")
        Restore.turns += 1
        wanted = old if Restore.turns % 2 else new
        words = ("restore", "--undo" if wanted is old else "--continue", "--quiet")
        if site.run(*words).returncode != 0:
            words = ("restore", "--undo", "--quiet")
            wanted = old
            site.succeed(*words)
        check(site.state() == wanted, f"'{' '.join(words)}' did not lead where it should")

    @staticmethod
    def aside(site, half):
        """The digests of what is kept beside."""
        found = []
        patterns = ("/*storage*restore_*", "/.*storage*restore_*") if half == 0 else ("/data/*before_restore_*", "/data/.*restore_*/app.db")
        for path in [found for pattern in patterns for found in glob.glob(site.app + pattern)]:
            with contextlib.suppress(Exception):
                found.append(state_of(path, site.database)[0] if half == 0 else state_of(site.storage, path)[1])
        return found


class Files(Scenario):
    """Some files that go back in place, each by itself."""

    def prepare(self, site):
        told = super().prepare(site)
        snapshot, out = told["known"][0][0], f"{site.root}/out"
        site.succeed("restore", snapshot, "--to", out, "--path", "/storage/videos", "--path", "/storage/portraits/*.json", "--quiet")
        told |= {"old": contents(site.storage), "new": contents(f"{out}/storage")}
        shutil.rmtree(out)
        self.words = ("restore", snapshot, "--path", "/storage/videos", "--path", "/storage/portraits/*.json", "--yes", "--quiet")
        return told

    def after(self, site, told, run, is_kill):
        old, new, live = told["old"], told["new"], contents(site.storage)
        check(site.state()[1] == told["live"][1], "the database was changed")
        for path, content in old.items():
            check(live.get(path) in (content, new.get(path)), f"{path} is neither the old nor the new one")
            check(live[path] == content or content in [contents(d)[f] for d, f in self.aside(site, path)], f"the old {path} is not kept")
        for path in live:
            check(path in old or path in new or "before_restore_" in path, f"{path} came from nowhere")
        if not is_kill and "taking back" not in run.stderr:
            wanted = {**old, **new} if run.returncode == 0 else old
            check({p: c for p, c in live.items() if "before_restore_" not in p} == wanted, f"the files are not right after exit code {run.returncode}")
        if site.run("restore", "latest", "--dry-run").returncode != 0:
            site.succeed("restore", "--undo", "--quiet")
            check({p: c for p, c in contents(site.storage).items() if "before_restore_" not in p} == old, "the files are not what they were before it was taken back")
        site.succeed(*self.words)
        live = contents(site.storage)
        check(all(live[path] == content for path, content in new.items()), "restoring once more did not restore")

    @staticmethod
    def aside(site, path):
        """Where a file may be kept: beside its place, or in what a killed restore left."""
        found = [(os.path.dirname(f), os.path.basename(f)) for f in glob.glob(glob.escape(f"{site.storage}/{path}") + ".before_restore_*")]
        return found + [(d, path) for d in glob.glob(f"{site.app}/.storage.restore_*") if os.path.exists(f"{d}/{path}")]


def contents(directory):
    """What each file below a directory holds."""
    found = {}
    for parent, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(parent, name)
            if not os.path.islink(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, directory)] = file.read()
    return found


class Aside(Scenario):
    """A whole site restored into a new directory."""

    def prepare(self, site):
        told = super().prepare(site)
        self.words = ("restore", told["known"][0][0], "--to", f"{site.root}/aside", "--quiet")
        return told

    def after(self, site, told, run, is_kill):
        check(site.state() == told["live"], "the site was changed")
        there = f"{site.root}/aside"
        if run.returncode == 0:
            check(state_of(f"{there}/storage", f"{there}/app/app.db") == told["known"][0][1], "what was restored is not what was saved")
        elif os.path.exists(there):
            check(is_kill or run.dead_disk, "a restore that failed left its directory")
            if os.listdir(there) and not os.path.exists(f"{there}/RESTORE-IS-NOT-FINISHED"):
                check(state_of(f"{there}/storage", f"{there}/app/app.db") == told["known"][0][1], "an unfinished restore is not marked")
        site.succeed("verify", "--deep")


SCENARIOS = {"first": First, "create": Create, "resumed": Resumed, "rotate": Rotate, "restore": Restore, "files": Files, "aside": Aside}


class Log:
    """Where the preloaded library counts."""

    def __init__(self, directory):
        self.path = f"{directory}/fault.log"

    def clear(self):
        with open(self.path, "wb") as file:
            file.write(bytes(4096))

    def read(self):
        with open(self.path, "rb") as file:
            data = file.read()
        return struct.unpack_from("q", data)[0], data[12:1036].split(b"\0")[0].decode(errors="replace")


def fault(site, scenario, kind, at, log):
    """Runs the scenario's command with a fault at a call; 0 for none."""
    what, classes, sticky = KINDS[kind]
    log.clear()
    run = site.run(*scenario.words, environment={
        "LD_PRELOAD": LIBRARY, "FAULT_ROOT": site.root, "FAULT_CLASSES": str(classes), "FAULT_AT": str(at), "FAULT_KIND": what,
        "FAULT_STICKY": "yes" if sticky else "", "FAULT_LOG": log.path})
    run.dead_disk = kind == "dead disk"
    return run


class Bench:
    """A place of its own for each process: snapshots know where their site was, so all copies stand in the same place."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="faults-", dir=WORK)
        self.prepared = {}
        self.log = Log(self.root)

    def take(self, name):
        """A fresh copy of a scenario's site."""
        site = Site(f"{self.root}/site", BINARY)
        template = f"{self.root}/{name}"
        if name not in self.prepared:
            shutil.rmtree(site.root, ignore_errors=True)
            os.makedirs(site.root)
            scenario = SCENARIOS[name]()
            told = scenario.prepare(site)
            os.rename(site.root, template)
            self.prepared[name] = scenario, told
        shutil.rmtree(site.root, ignore_errors=True)
        subprocess.run(["cp", "-a", template, site.root], check=True)
        return site, *self.prepared[name]


def count(name, kind):
    """How many calls there are at which this can go wrong."""
    site, scenario, _ = HERE.take(name)
    run = fault(site, scenario, kind, 0, HERE.log)
    check(run.returncode == 0, f"{name} fails without a fault: {run.stderr}")
    return HERE.log.read()[0]


def attempt(case):
    """One case; returns it with what went wrong, or None, and a remark."""
    name, kind, at = case
    what = ""
    try:
        site, scenario, told = HERE.take(name)
        is_kill = kind in KILLS
        run = fault(site, scenario, kind, at, HERE.log)
        reached, what = HERE.log.read()
        if reached < at or not what:
            return case, None, "not reached"
        check("Unhandled" not in run.stderr and "\n   at " not in run.stderr, f"a stack trace: {run.stderr}")
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
    global BINARY, LIBRARY, WORK, HERE
    BINARY, LIBRARY, WORK = binary, library, work
    HERE = Bench()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--library", required=True, help="fault.c, compiled")
    parser.add_argument("--work", required=True, help="a directory to work in")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS)
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--at", type=int, help="this call only")
    parser.add_argument("--every", type=int, default=1, help="only each so many-th call")
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
                    print(f"{name:8} {kind:10} {len(reached):5} of {last:4} calls, {len(reached) - len(bad):5} held"
                          + (f", {mixed} left one half restored" if mixed else ""), flush=True)
                    for (_, _, at), problem in bad:
                        print(f"  --scenario {name} --kind '{kind}' --at {at}: {problem}", flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{tried} faults tried, {survived} survived")
    if given.counts:
        with open(given.counts, "w") as file:
            file.write(f"{survived} {tried - survived} 0\n")
    sys.exit(0 if tried and tried == survived else 1)


if __name__ == "__main__":
    main()
