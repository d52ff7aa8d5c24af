#!/usr/bin/env python3
"""Many commands at once on one repository: one writer at a time, and readers that never see a half state.

A writer changes the site and backs it up; others create, rotate, verify, restore and list all the while. Each file says what it
must hold, so that what is restored can be told to be whole without knowing when it was saved. It goes on for some time, and until
each command has been done: whoever rotates may find the repository locked many times in a row.
"""
import argparse
import collections
import contextlib
import hashlib
import json
import multiprocessing
import os
import queue
import random
import shutil
import sqlite3
import sys
import tempfile
import time

from site_under_test import Site

DONE, PARTIAL, LOCKED = 0, 3, 11
WRITERS = ("change", "create", "rotate")
PATIENCE_SECONDS = 120


def sealed(numbers, size):
    content = numbers.randbytes(size)
    return hashlib.sha256(content).digest() + content


def is_sealed(path):
    with open(path, "rb") as file:
        content = file.read()
    return hashlib.sha256(content[32:]).digest() == content[:32]


def make(site):
    site.make()
    shutil.rmtree(site.storage)
    with contextlib.closing(sqlite3.connect(site.database)) as db, db:
        db.execute("DELETE FROM account")
        db.executemany("INSERT INTO account VALUES (?, 100, 'x')", [(i,) for i in range(50)])
    change(site, random.Random(0))
    site.succeed("create", "--quiet")


def change(site, numbers):
    """Files are replaced by renaming, as a careful application does: whoever reads one gets an old or a new one, whole."""
    for _ in range(4):
        path = f"{site.storage}/{numbers.randrange(5)}/{numbers.randrange(20)}.bin"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(f"{site.root}/new", "wb") as file:
            file.write(sealed(numbers, numbers.randrange(200_000)))
        os.rename(f"{site.root}/new", path)
    db = sqlite3.connect(site.database, timeout=30)
    with db:
        one, other, amount = numbers.randrange(50), numbers.randrange(50), numbers.randrange(100)
        db.execute("UPDATE account SET balance = balance - ? WHERE id = ?", (amount, one))
        db.execute("UPDATE account SET balance = balance + ? WHERE id = ?", (amount, other))
    db.close()


def actor(number, verb, root, binary, stop, results):
    site, numbers = Site(root, binary), random.Random(number)
    while not stop.is_set():
        problem = None
        if verb not in WRITERS:
            # Whoever deletes needs a moment in which nobody reads.
            time.sleep(numbers.random() * 0.3)
        if verb == "change":
            change(site, numbers)
            done = site.run("create", "--quiet", "--max-backups", "3")
            allowed = (DONE, PARTIAL, LOCKED)
        elif verb == "restore":
            out = f"{root}/out-{number}"
            done = site.run("restore", "latest", "--to", out, "--quiet")
            allowed = (DONE,)
            if done.returncode == DONE:
                bad = [f for d, _, files in os.walk(f"{out}/storage") for f in files if not is_sealed(os.path.join(d, f))]
                db = sqlite3.connect(f"{out}/app/app.db")
                total = db.execute("SELECT sum(balance) FROM account").fetchone()[0]
                db.close()
                if bad or total != 5000:
                    problem = f"restored {bad} and a sum of {total}"
            shutil.rmtree(out, ignore_errors=True)
        else:
            words, allowed = {
                "create": (["create", "--quiet", "--no-rotate"], (DONE, PARTIAL, LOCKED)),
                "rotate": (["rotate", "--max-backups", "2", "--quiet"], (DONE, LOCKED)),
                "verify": (["verify", "--quiet"], (DONE,)),
                "deep": (["verify", "--deep", "--quiet"], (DONE,)),
                "list": (["list", "--json"], (DONE,)),
                "stats": (["stats", "--json"], (DONE,)),
            }[verb]
            done = site.run(*words)
            if verb == "list" and done.returncode == DONE and not [json.loads(line) for line in done.stdout.splitlines()]:
                problem = "lists nothing"
        if done.returncode not in allowed:
            problem = f"exit code {done.returncode}: {done.stderr.strip()}"
        results.put((verb, done.returncode, problem))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True, help="a directory to work in")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--counts", help="a file for the totals: passed, failed, skipped")
    given = parser.parse_args()
    root = tempfile.mkdtemp(prefix="together-", dir=given.work)
    try:
        site = Site(root, os.path.abspath(given.binary))
        make(site)
        manager = multiprocessing.Manager()
        stop, results = manager.Event(), manager.Queue()
        verbs = ["change", "create", "create", "rotate", "rotate", "verify", "deep", "restore", "restore", "restore", "list", "stats"]
        actors = [multiprocessing.Process(target=actor, args=(i, verb, root, site.binary, stop, results)) for i, verb in enumerate(verbs)]
        for one in actors:
            one.start()
        ends, problems = collections.Counter(), []

        def take(seconds):
            try:
                verb, code, problem = results.get(timeout=seconds)
            except queue.Empty:
                return False
            ends[verb, code] += 1
            if problem:
                problems.append(f"{verb}: {problem}")
            return True

        def never_done():
            return sorted({verb for verb in verbs if not ends[verb, DONE]})

        enough = time.monotonic() + given.seconds
        while time.monotonic() < enough or never_done() and time.monotonic() < enough + PATIENCE_SECONDS:
            take(0.1)
        stop.set()
        for one, verb in zip(actors, verbs):
            one.join()
            if one.exitcode:
                problems.append(f"{verb}: the test itself failed")
        while take(0):
            pass
        site.succeed("create", "--quiet")
        site.succeed("verify", "--deep")
        if orphans := site.orphans():
            problems.append(f"orphans: {orphans}")
    finally:
        shutil.rmtree(root, ignore_errors=True)
    for verb in sorted(set(verbs)):
        print(f"{verb:8} " + ", ".join(f"{count} ended with {code}" for (v, code), count in sorted(ends.items()) if v == verb))
    for problem, count in collections.Counter(problems).most_common(20):
        print(f"  {count} x {problem}")
    total = sum(ends.values())
    print(f"{total} commands at once, {total - len(problems)} ended as they must")
    if missing := never_done():
        print(f"  never done: {', '.join(missing)}")
    if given.counts:
        with open(given.counts, "w") as file:
            file.write(f"{total - len(problems)} {len(problems) + len(missing)} 0\n")
    sys.exit(1 if problems or missing else 0)


if __name__ == "__main__":
    main()
