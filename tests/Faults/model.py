#!/usr/bin/env python3
"""Random sequences of what operators, applications and disks do, beside a simple model of what must be restorable.

The model is a table: for each snapshot what the site held when it was taken. After every step the repository must agree with it.
A sequence that does not is printed with its seed; `--seed N --sequences 1` plays it again.
"""
import argparse
import gzip
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import traceback

import injection
from site_under_test import Broken, Site, check, state_of

TYPES = {"full": (True, True), "database": (False, True), "storage": (True, False)}


class Model:
    def __init__(self, root, binary, seed):
        self.site, self.numbers = Site(f"{root}/site", binary), random.Random(seed)
        os.makedirs(self.site.root)
        self.log = injection.Log(root)
        self.site.make(media=0.1, max_backups=1000)
        # By identifier: type and what the live site held then; and which of them have lost a pack.
        self.snapshots, self.hurt = {}, set()
        self.played = []

    def play(self, steps):
        actions = [self.change] * 4 + [self.crash] + [self.create] * 4 + [self.killed, self.killed, self.failing, self.rotate, self.restore, self.restore,
                                                           self.in_place, self.rotten, self.lose_pack]
        for _ in range(steps):
            action = self.numbers.choice(actions)
            self.played.append(action.__name__)
            action()
            self.agree()

    def agree(self):
        there = self.site.snapshots() if os.path.exists(f"{self.site.repository}/repository.json") else []
        check(there == sorted(self.snapshots), f"there is {there} and should be {sorted(self.snapshots)}")
        if there and self.numbers.random() < 0.3:
            code = self.site.run("verify", "--deep").returncode
            check(code == (1 if self.hurt else 0), f"verify --deep ended with {code}, hurt is {self.hurt}")

    def change(self):
        self.site.change(self.numbers.randrange(1, 30))

    def crash(self):
        self.site.leave_log(self.numbers.randrange(1, 30))

    def create(self):
        kind = self.numbers.choice([*TYPES])
        self.note(kind, self.site.run("create", kind, "--quiet", "--no-rotate", *self.numbers.choice([[], [], ["--rescan"]])))

    def note(self, kind, run):
        # Whole itself, it names what was found damaged in earlier snapshots, or is missing there.
        named = run.returncode == 3 and "is stored again" in run.stderr
        check(run.returncode == 0 or named, f"create {kind} ended with {run.returncode}: {run.stderr}")
        new = [i for i in self.site.snapshots() if i not in self.snapshots]
        check(len(new) == 1, f"create made {new}")
        self.snapshots[new[0]] = kind, self.site.state()

    def killed(self):
        """A kill leaves the snapshot complete or absent."""
        self.faulty("kill")

    def failing(self):
        self.faulty(self.numbers.choice(["ENOSPC", "EIO", "full disk", "EACCES"]))

    def faulty(self, kind):
        words = ("create", "full", "--quiet", "--no-rotate")
        before = self.site.state()
        run = injection.fault(self.site, words, kind, self.numbers.randrange(1, 120), self.log)
        check(self.site.state() == before, "the site was changed")
        if not os.path.exists(f"{self.site.repository}/repository.json"):
            check(run.returncode != 0, "there is no repository")
            return
        new = [i for i in self.site.snapshots() if i not in self.snapshots]
        check(len(new) <= 1, f"a faulty create made {new}")
        if new and run.returncode == 3:
            # Partial: some file could not be read. Nothing is promised of it that the model knows.
            self.site.succeed("verify", new[0], "--deep") if not self.hurt else None
            os.remove(f"{self.site.repository}/snapshots/{new[0]}.json")
        elif new:
            self.snapshots[new[0]] = "full", before

    def rotate(self):
        if not self.snapshots:
            return
        keep = self.numbers.randrange(1, 5)
        done = self.site.run("rotate", "--max-backups", str(keep), "--quiet")
        check(done.returncode == 0, f"rotate ended with {done.returncode}: {done.stderr}")
        for kind in TYPES:
            for gone in sorted(i for i, (k, _) in self.snapshots.items() if k == kind)[:-keep]:
                del self.snapshots[gone]
                self.hurt.discard(gone)

    def restore(self):
        if self.snapshots:
            self.prove(self.numbers.choice(sorted(self.snapshots)))

    def prove(self, snapshot):
        kind, state = self.snapshots[snapshot]
        out = f"{self.site.root}/out"
        try:
            done = self.site.run("restore", snapshot, "--to", out, "--quiet")
            if done.returncode != 0:
                check(snapshot in self.hurt, f"restore of {snapshot} ended with {done.returncode}: {done.stderr}")
                check(not os.path.exists(out), "a restore that failed left its directory")
                return
            for half, path in ((0, f"{out}/storage"), (1, f"{out}/app/app.db")):
                check(os.path.exists(path) == TYPES[kind][half], f"{path} is there or not, wrongly, in a {kind} snapshot")
                if TYPES[kind][half]:
                    check(self.half(half, path) == state[half], f"{snapshot} restores to something else")
        finally:
            shutil.rmtree(out, ignore_errors=True)

    def half(self, half, path):
        return state_of(path, self.site.database)[0] if half == 0 else state_of(self.site.storage, path)[1]

    def in_place(self):
        whole = sorted(set(self.snapshots) - self.hurt)
        if not whole:
            return
        snapshot = self.numbers.choice(whole)
        kind, state = self.snapshots[snapshot]
        before = self.site.state()
        self.site.succeed("restore", snapshot, "--yes", "--quiet")
        wanted = tuple(state[half] if TYPES[kind][half] else before[half] for half in (0, 1))
        check(self.site.state() == wanted, f"restoring {snapshot} in place made something else")
        for kept in os.listdir(self.site.app):
            if "before_restore" in kept:
                shutil.rmtree(f"{self.site.app}/{kept}")

    def rotten(self):
        """A byte is wrong for a while: it is found, and nothing wrong is restored."""
        path = self.any_file()
        if path is None:
            return
        with open(path, "rb") as file:
            content = file.read()
        at = self.numbers.randrange(len(content))
        try:
            with open(path, "wb") as file:
                file.write(content[:at] + bytes([content[at] ^ 1 << self.numbers.randrange(8)]) + content[at + 1:])
            check(self.site.run("verify", "--deep").returncode == 1, f"a wrong byte at {at} of {path} is not found")
            hurt, self.hurt = self.hurt, set(self.snapshots)
            self.prove(self.numbers.choice(sorted(self.snapshots)))
            self.hurt = hurt
        finally:
            with open(path, "wb") as file:
                file.write(content)

    def any_file(self):
        named = [f"{self.site.repository}/{name}" for snapshot in self.snapshots for name in self.needs(snapshot)]
        return self.numbers.choice(named) if named and not self.hurt else None

    def needs(self, snapshot):
        table = f"snapshots/{snapshot}.packs.jsonl.gz"
        with gzip.open(f"{self.site.repository}/{table}") as lines:
            packs = [json.loads(line)["sha256"] for line in lines]
        return [f"snapshots/{snapshot}.json", f"snapshots/{snapshot}.files.jsonl.gz", table, *(f"packs/{p[:2]}/{p}.tar.gz" for p in packs)]

    def lose_pack(self):
        """A pack is gone for good: the snapshots that need it are hurt, later ones are not."""
        packs = sorted({name for s in self.snapshots for name in self.needs(s) if name.startswith("packs/")})
        if not packs or self.numbers.random() < 0.7:
            return
        pack = self.numbers.choice(packs)
        if os.path.exists(f"{self.site.repository}/{pack}"):
            os.remove(f"{self.site.repository}/{pack}")
        self.hurt |= {s for s in self.snapshots if pack in self.needs(s)}
        self.note("full", self.site.run("create", "full", "--quiet", "--no-rotate"))
        # The same pack may have come back, byte by byte.
        self.hurt = {s for s in self.hurt if any(not os.path.exists(f"{self.site.repository}/{name}") for name in self.needs(s))}
        self.prove(max(self.snapshots))


def sequence(case):
    seed, steps, binary, library, work = case
    injection.LIBRARY = library
    root = tempfile.mkdtemp(prefix="model-", dir=work)
    model = None
    try:
        model = Model(root, binary, seed)
        model.play(steps)
        return seed, None
    except Broken as e:
        return seed, f"after {', '.join(model.played) if model else 'nothing'}: {e}"
    except Exception:  # pylint: disable=broad-except
        return seed, f"after {', '.join(model.played) if model else 'nothing'}: {traceback.format_exc()}"
    finally:
        shutil.rmtree(root, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--library", required=True, help="fault.c, compiled")
    parser.add_argument("--work", required=True, help="a directory to work in")
    parser.add_argument("--seed", type=int, help="of the first sequence; chosen anew each time unless given")
    parser.add_argument("--sequences", type=int, default=60)
    parser.add_argument("--steps", type=int, default=50)
    parser.add_argument("--counts", help="a file for the totals: passed, failed, skipped")
    given = parser.parse_args()
    first = random.SystemRandom().randrange(10**6) if given.seed is None else given.seed
    places = os.path.abspath(given.binary), os.path.abspath(given.library), given.work
    with multiprocessing.Pool(os.cpu_count()) as pool:
        results = pool.map(sequence, [(first + i, given.steps, *places) for i in range(given.sequences)], chunksize=1)
    bad = [(seed, problem) for seed, problem in results if problem]
    for seed, problem in bad:
        print(f"  --seed {seed} --sequences 1 --steps {given.steps}: {problem}")
    print(f"{given.sequences} sequences of {given.steps} steps from seed {first}: {given.sequences - len(bad)} agreed with the model")
    if given.counts:
        with open(given.counts, "w") as file:
            file.write(f"{given.sequences - len(bad)} {len(bad)} 0\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
