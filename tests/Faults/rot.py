#!/usr/bin/env python3
"""Damages a small repository in every way that disks do, one at a time, and looks whether it is found and what restores.

`verify --deep` must find each damage to a header, list, table or pack, and to the signed list; `verify` each file that is missing or of
another size; `restore` must never end well with a wrong byte; what does not need the damaged file must restore whole. The snapshots are
signed, so that a header that somebody changed and gave a new checksum must be found too.
"""
import argparse
import contextlib
import gzip
import hashlib
import json
import multiprocessing
import os
import random
import resource
import shutil
import sys
import tempfile
import traceback

from site_under_test import Broken, Site, check, state_of

MOST_MEMORY = 100 << 10  # in KiB


class Patient:
    """A repository with two snapshots, and what each of them restores to and needs."""

    def __init__(self, root, binary):
        self.site = Site(f"{root}/site", binary)
        self.site.make(media=0.02, signing={"key_file": f"{root}/signing.key"})
        self.site.succeed("key", "new")
        self.states, self.needs = {}, {}
        for step in (1, 2):
            self.site.change(step)
            self.site.succeed("create", "--quiet", "--no-rotate")
            snapshot = self.site.snapshots()[-1]
            self.states[snapshot] = self.site.state()
            table = f"snapshots/{snapshot}.packs.jsonl.gz"
            with gzip.open(f"{self.site.repository}/{table}") as lines:
                packs = [json.loads(line)["sha256"] for line in lines]
            self.needs[snapshot] = {f"snapshots/{snapshot}.json", f"snapshots/{snapshot}.files.jsonl.gz", table, "repository.json"}
            self.needs[snapshot] |= {f"packs/{pack[:2]}/{pack}.tar.gz" for pack in packs}
        self.files = sorted({"manifest.json"}.union(*self.needs.values()))

    def path(self, name):
        return f"{self.site.repository}/{name}"

    def read(self, name):
        with open(self.path(name), "rb") as file:
            return file.read()

    def write(self, name, content):
        with open(self.path(name), "wb") as file:
            file.write(content)

    def run(self, *words):
        done = self.site.run(*words)
        check("Unhandled" not in done.stderr and "\n   at " not in done.stderr, f"a stack trace: {done.stderr}")
        check(done.returncode in (0, 1, 3, 10), f"'{words[0]}' ended with {done.returncode}: {done.stderr}")
        check(done.returncode == 0 or "error: " in done.stderr or done.stdout, f"'{words[0]}' ended with {done.returncode} and says nothing")
        return done

    def examine(self, damaged, resized, snapshot, keep_going=False):
        """Looks at a repository in which some files are damaged, and restores a snapshot."""
        deep = self.run("verify", "--deep")
        check(deep.returncode != 0, "verify --deep finds nothing")
        if resized:
            check(self.run("verify").returncode != 0, "verify finds nothing")
        out = f"{self.site.root}/out"
        try:
            done = self.run("restore", snapshot, "--to", out, "--quiet")
            if done.returncode == 0:
                check(state_of(f"{out}/storage", f"{out}/app/app.db") == self.states[snapshot], f"restore of {snapshot} ends well with something wrong")
            else:
                check(damaged & self.needs[snapshot], f"{snapshot} needs nothing of what is damaged and does not restore: {done.stderr}")
                check(not os.path.exists(out), "a restore that failed left its directory")
            if keep_going and done.returncode != 0:
                self.salvage(snapshot, out)
        finally:
            shutil.rmtree(out, ignore_errors=True)
        check(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < MOST_MEMORY, "too much memory")

    def salvage(self, snapshot, out):
        """With --keep-going each file that comes back is whole, and each that does not is named."""
        done = self.run("restore", snapshot, "--to", out, "--keep-going", "--quiet")
        if not os.path.exists(out):
            return
        for directory, _, names in os.walk(f"{self.wanted(snapshot)}/storage"):
            for name in names:
                path = os.path.join(directory, name)
                below = os.path.relpath(path, self.wanted(snapshot))
                if os.path.islink(path) or not os.path.isfile(path):
                    continue
                if os.path.exists(f"{out}/{below}"):
                    with open(path, "rb") as one, open(f"{out}/{below}", "rb") as other:
                        check(one.read() == other.read(), f"--keep-going restored {below} with something wrong")
                else:
                    check(below in done.stderr, f"--keep-going left {below} out and did not say so: {done.stderr}")

    def wanted(self, snapshot):
        """The snapshot, restored while the repository was whole."""
        return f"{self.site.root}/wanted-{snapshot}"

    def keep_wanted(self):
        for snapshot in self.states:
            self.site.succeed("restore", snapshot, "--to", self.wanted(snapshot), "--quiet")


def flips(patient, how_many, numbers):
    """Bits to turn: one in each byte of what is small, the rest anywhere."""
    small = [(name, at) for name in patient.files if len(patient.read(name)) < 4096 for at in range(len(patient.read(name)))]
    numbers.shuffle(small)
    yield from ((name, at, numbers.randrange(8)) for name, at in small[:how_many // 2])
    for _ in range(how_many - min(len(small), how_many // 2)):
        name = numbers.choice(patient.files)
        yield name, numbers.randrange(len(patient.read(name))), numbers.randrange(8)


def flip(name, at, bit):
    content = HERE.read(name)
    try:
        HERE.write(name, content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1:])
        HERE.examine({name}, False, random.Random(at).choice(list(HERE.states)), keep_going=at % 7 == 0)
    finally:
        HERE.write(name, content)


def whole(name, what):
    """Damage to a file as a whole."""
    content = HERE.read(name)
    other = next((f for f in HERE.files if f != name and f.split(".")[1:] == name.split(".")[1:]), None)
    damaged, resized = {name}, True
    try:
        if what == "cut by a byte":
            HERE.write(name, content[:-1])
        elif what == "cut in half":
            HERE.write(name, content[:len(content) // 2])
        elif what == "emptied":
            HERE.write(name, b"")
        elif what == "longer by a byte":
            HERE.write(name, content + b"\0")
        elif what == "doubled":
            HERE.write(name, content + content)
        elif what == "zeros":
            HERE.write(name, bytes(len(content)))
            resized = False
        elif what == "gone":
            os.remove(HERE.path(name))
        elif what == "a directory":
            os.remove(HERE.path(name))
            os.mkdir(HERE.path(name))
        elif what == "a link to nowhere":
            os.remove(HERE.path(name))
            os.symlink("nowhere", HERE.path(name))
        elif what == "forged":
            if not name.endswith("Z.json") and name != "manifest.json":
                return
            HERE.write(name, forged(content))
            resized = False
        elif what == "swapped":
            if other is None:
                return
            HERE.write(name, HERE.read(other))
            resized = False
        # A snapshot whose header is gone is no snapshot any more: only the signed list knows that it was one.
        if what == "gone" and name.startswith("snapshots/") and name.endswith("Z.json"):
            check(f'"id":"{name[10:-5]}"' not in HERE.run("list", "--json").stdout, "a snapshot without a header is shown")
            check(name[10:-5] in HERE.run("verify").stdout, "a snapshot that was removed is not missed")
            return
        for snapshot in HERE.states:
            HERE.examine(damaged, resized, snapshot, keep_going=True)
    finally:
        with contextlib.suppress(OSError):
            os.rmdir(HERE.path(name))
        with contextlib.suppress(OSError):
            os.remove(HERE.path(name))
        HERE.write(name, content)


def forged(content):
    """One digit of a time another, and the checksum that this needs."""
    text = content[:content.rindex(b',\n  "checksum": "')]
    at = text.rindex(b"+00:00") - 1
    text = text[:at] + (b"1" if text[at:at + 1] == b"0" else b"0") + text[at + 1:]
    return text + b',\n  "checksum": "' + hashlib.sha256(text).hexdigest().encode() + b'"\n}\n'


WHOLE = ["cut by a byte", "cut in half", "emptied", "longer by a byte", "doubled", "zeros", "gone", "a directory", "a link to nowhere", "swapped", "forged"]


def attempt(case):
    """A case, by the place of its file among the files: each process has a repository of its own."""
    place, *how = case
    name = HERE.files[place % len(HERE.files)]
    try:
        if isinstance(how[0], str):
            whole(name, how[0])
        else:
            flip(name, how[0] % len(HERE.read(name)), how[1])
        return case, None
    except Broken as e:
        return case, f"{name}: {e}"
    except Exception:  # pylint: disable=broad-except
        return case, f"{name}: {traceback.format_exc()}"


def begin(binary, work):
    global HERE
    HERE = Patient(tempfile.mkdtemp(prefix="rot-", dir=work), binary)
    HERE.keep_wanted()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True, help="a directory to work in")
    parser.add_argument("--flips", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--counts", help="a file for the totals: passed, failed, skipped")
    given = parser.parse_args()
    work = tempfile.mkdtemp(prefix="rot-", dir=given.work)
    try:
        binary = os.path.abspath(given.binary)
        begin(binary, work)
        check(HERE.run("verify", "--deep").returncode == 0, "the repository is damaged to begin with")
        numbers = random.Random(given.seed)
        cases = [(HERE.files.index(name), at, bit) for name, at, bit in flips(HERE, given.flips, numbers)]
        cases += [(place, what) for what in WHOLE for place in range(len(HERE.files))]
        with multiprocessing.Pool(os.cpu_count(), begin, (binary, work)) as pool:
            results = pool.map(attempt, cases, chunksize=1)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    bad = [(case, problem) for case, problem in results if problem]
    for case, problem in bad:
        print(f"  {case}: {problem}")
    print(f"{given.flips} bits turned and {len(cases) - given.flips} files damaged: {len(cases) - len(bad)} of {len(cases)} as they must be")
    if given.counts:
        with open(given.counts, "w") as file:
            file.write(f"{len(cases) - len(bad)} {len(bad)} 0\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
