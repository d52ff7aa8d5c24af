#!/usr/bin/env python3
"""Root runs the program beside a hostile neighbour, who exchanges something in his own directory just before the n-th system call that
names anything there: a directory, or a file, for a link that leads to root's own, and perhaps back again some calls later.

Nobody races: the program is stopped at the call (swap.c), so that each moment is tried, and can be tried again. Afterwards nothing of root's is
written, removed or has other owners, modes or times; nothing that only root may read is where the neighbour can read it; and the command has
ended by itself, and not by a bug. What is exchanged are the name in the call and the directories above it.
"""
import argparse
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import traceback

from neighbours import ROOTS, Beside, check_unread, check_untouched, describe, holds_secret
from site_under_test import Broken, check

# What the neighbour does: of which directory above the call, for how many calls, and what is there instead.
MOVES = [(level, back, "link") for level in (0, 1, 2) for back in (0, 1, 3)] + [(3, 0, "link"), (0, 0, "fifo")]


class Application:
    """The application's directory is the neighbour's."""

    words = ()

    def make(self, site):
        site.make_at(f"{site.near}/app", f"{site.root}/backups")
        site.give(site.near)
        site.succeed("create", "--quiet")
        site.write_all(2)
        site.give(site.storage)

    def ready(self, site):
        """Brings about what a copy of a site cannot have."""

    def after(self, site):
        """What else must hold."""


class Create(Application):
    """What a link leads to may be saved: it is its owner's as well when it is restored, and the neighbour cannot read it then."""

    words = ("create",)

    def after(self, site):
        if holds_secret(site.repository):
            site.put_back()
            site.succeed("restore", "latest", "--yes", "--quiet")
            check_unread(site.near)


class Restore(Application):
    words = ("restore", "latest", "--yes")


class RestoreFiles(Application):
    words = ("restore", "latest", "--yes", "--path", "/storage/deep", "--path", "/storage/one")


class RestoreTo(Application):
    words = ("restore", "latest", "--to", "{near}/app/out")


class Continue(Application):
    words = ("restore", "--continue")
    killed = 0

    def ready(self, site):
        """Kills a restore when it has begun to replace what is there."""
        if not Continue.killed:
            Continue.killed = self.find(site)
        site.swap(SWAP, Restore.words, Continue.killed, kind="kill")

    @staticmethod
    def find(site):
        shutil.copytree(site.near, f"{site.root}/as-it-was", symlinks=True)
        site.swap(SWAP, Restore.words, 0)
        calls = site.calls()[0]
        exchanges = [int(call.split()[0]) for call in calls if " renameat2 " in call and ".probe" not in call]
        shutil.rmtree(site.near)
        subprocess.run(["cp", "-a", f"{site.root}/as-it-was", site.near], check=True)
        return exchanges[len(exchanges) // 2]


class Undo(Continue):
    words = ("restore", "--undo")


class Drill(Application):
    words = ("drill",)


class Doctor(Application):
    words = ("doctor",)


class Backups(Application):
    """The directory above that of the backups is the neighbour's; the application is root's, and secret."""

    settings = {}

    def make(self, site):
        site.make_at(f"{site.root}/app", f"{site.near}/backups", **self.settings)
        for step in (1, 2, 3):
            site.write_all(f"{step} {ROOTS}")
            for name in ("one", "two", "deep/three", "deep/er/four"):
                os.chmod(f"{site.storage}/{name}", 0o600)
            os.chmod(site.database, 0o600)
            if step < 3:
                site.succeed("create", "--quiet", "--no-rotate")
        site.give_only(site.near, f"{site.near}/.pocket")


class CreateThere(Backups):
    words = ("create", "--max-backups", "2")


class RestoreThence(Backups):
    words = ("restore", "latest", "--yes")


class RotateThere(Backups):
    words = ("rotate", "--max-backups", "1")


class DrillThere(Backups):
    words = ("drill",)


class DoctorThere(Backups):
    words = ("doctor",)


class Their(Application):
    """The backups are the neighbour's themselves, so that root works there as the neighbour; the application is another's, who hides nothing."""

    def make(self, site):
        site.make_at(f"{site.root}/app", f"{site.near}/backups")
        site.give(site.near)
        for step in (1, 2, 3):
            site.write_all(step)
            if step < 3:
                site.succeed("create", "--quiet", "--no-rotate")


class CreateTheir(Their):
    words = ("create", "--max-backups", "2")


class RotateTheir(Their):
    words = ("rotate", "--max-backups", "1")


class RestoreTheir(Their):
    words = ("restore", "latest", "--yes")


class DrillTheir(Their):
    words = ("drill",)


class DoctorTheir(Their):
    words = ("doctor",)


class Push(Application):
    """The second place is root's, in a directory of the neighbour's."""

    words = ("offsite", "push")
    is_their = False

    def make(self, site):
        site.make_at(f"{site.root}/app", f"{site.near if self.is_their else site.root}/backups", offsite={"remote": f"{site.near}/copies"})
        os.makedirs(f"{site.near}/copies")
        site.give_only(site.near, f"{site.near}/.pocket")
        if self.is_their:
            site.give(site.near)
        site.succeed("create", "--quiet", "--no-offsite")


class PushTheir(Push):
    """The backups and the second place are the neighbour's."""

    is_their = True


SCENARIOS = {
    "create": Create, "restore": Restore, "restore files": RestoreFiles, "restore to": RestoreTo, "continue": Continue, "undo": Undo, "drill": Drill,
    "doctor": Doctor, "create there": CreateThere, "restore thence": RestoreThence, "rotate there": RotateThere, "drill there": DrillThere,
    "doctor there": DoctorThere, "create their": CreateTheir, "rotate their": RotateTheir, "restore their": RestoreTheir, "drill their": DrillTheir,
    "doctor their": DoctorTheir, "push": Push, "push their": PushTheir,
}


class Bench:
    """A place of its own for each process: snapshots know where their site was, so all copies stand in the same place."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="swaps-", dir=WORK)
        os.chmod(self.root, 0o711)
        self.prepared = {}

    def take(self, name):
        """A fresh copy of a scenario's site; and what its mirror is like."""
        path, template = f"{self.root}/site", f"{self.root}/{name}"
        shutil.rmtree(path, ignore_errors=True)
        scenario = SCENARIOS[name]()
        if name not in self.prepared:
            os.mkdir(path)
            site = Beside(path, BINARY)
            scenario.make(site)
            site.reflect()
            os.rename(path, template)
            self.prepared[name] = site
        subprocess.run(["cp", "-a", template, path], check=True)
        site = self.prepared[name]
        scenario.ready(site)
        return site, scenario, [word.format(near=site.near, root=site.root) for word in scenario.words], describe(site.mirror)


def sweep(task):
    """A part of a scenario's cases: what came of each, how many calls there are, and how the command ends if nothing is done."""
    name, part, parts, (every, only_at, moves) = task
    site, _, words, before = HERE.take(name)
    code, _ = site.swap(SWAP, words, 0)
    check_untouched(before, site.mirror)
    calls = site.calls()[0]
    cases = [(name, at, move) for at, call in enumerate(calls, 1) for move in moves if only_at in (None, at) and can(call, move, site.near)]
    first = list(SCENARIOS).index(name) % every
    return [attempt(case) for case in cases[first::every][part::parts]], len(calls), code


def can(call, move, near):
    """Whether there is something so far above what a call names, and of that kind."""
    (_, _, what, _, path), (level, _, kind) = call.split(" ", 4), move
    return path.count("/") - level > near.count("/") and (level > 0 or what in ("f" if kind == "fifo" else "df-"))


def attempt(case):
    """One case; returns it with what went wrong, or None; whether it was reached; and the exit code."""
    name, at, (level, back, kind) = case
    what, reached, code = "", False, None
    try:
        site, scenario, words, before = HERE.take(name)
        try:
            code, said = site.swap(SWAP, words, at, level, back, kind)
        finally:
            calls, done = site.calls()
            reached = bool(done) and done[0].startswith("=")
            what = (calls[at - 1] if len(calls) >= at else "") + "; ".join(["", *done])
        if not reached:
            return case, None, False, code
        check("internal error" not in said and "Unhandled" not in said and "\n   at " not in said, f"a bug: {said}")
        check(code in (0, 1, 2, 3, 10, 11), f"exit code {code}: {said}")
        check_untouched(before, site.mirror)
        check_unread(site.near)
        scenario.after(site)
        return case, None, True, code
    except Broken as e:
        return case, f"{what}: {e}", True, code
    except Exception:  # pylint: disable=broad-except
        return case, f"{what}: {traceback.format_exc()}", True, code


def begin(binary, swap, work):
    global BINARY, SWAP, WORK, HERE
    BINARY, SWAP, WORK = binary, swap, work
    HERE = Bench()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--swap", required=True, help="swap.c, compiled")
    parser.add_argument("--work", required=True, help="a directory to work in")
    parser.add_argument("--scenario", action="append", choices=SCENARIOS)
    parser.add_argument("--at", type=int, help="this call only")
    parser.add_argument("--move", help="LEVEL,BACK,KIND: this only")
    parser.add_argument("--every", type=int, default=1, help="every n-th case only")
    parser.add_argument("--counts", help="a file for the totals: passed, failed, skipped")
    given = parser.parse_args()
    work = tempfile.mkdtemp(prefix="swaps-", dir=given.work)
    os.chmod(work, 0o711)
    places = os.path.abspath(given.binary), os.path.abspath(given.swap), work
    moves = [(int(level), int(back), kind) for level, back, kind in [given.move.split(",")]] if given.move else MOVES
    names = given.scenario or list(SCENARIOS)
    # To prepare a site takes as long as some cases.
    parts = 1 if given.every > 10 else os.cpu_count()
    tasks = [(name, part, parts, (given.every, given.at, moves)) for name in names for part in range(parts)]
    tried = held = 0
    try:
        with multiprocessing.Pool(os.cpu_count(), begin, places) as pool:
            answers = pool.imap(sweep, tasks)
            for name in names:
                found, calls, code = zip(*(next(answers) for _ in range(parts)))
                results = sum(found, [])
                bad = [(case, problem) for case, problem, _, _ in results if problem]
                reached = [code for _, _, was, code in results if was]
                tried, held = tried + len(reached), held + len(reached) - len(bad)
                print(f"{name:15} {len(reached):5} exchanges at {calls[0]:4} calls, {len(reached) - len(bad):5} held; exit code {code[0]}, with them "
                      + (", ".join(f"{reached.count(c)} x {c}" for c in sorted(set(reached), key=str)) or "none"), flush=True)
                for (_, at, (level, back, kind)), problem in bad:
                    print(f"  --scenario '{name}' --at {at} --move {level},{back},{kind}: {problem}", flush=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{tried} exchanges tried, {held} held")
    if given.counts:
        with open(given.counts, "w", encoding="utf-8") as file:
            file.write(f"{held} {tried - held} 0\n")
    sys.exit(0 if tried and tried == held else 1)


if __name__ == "__main__":
    main()
