#!/usr/bin/env python3
"""Snapshots of a database while it is written to as roughly as SQLite allows, each restored and proven.

Writers move money between accounts, keep a ledger with foreign keys, vacuum, checkpoint, and are killed in the middle of
transactions; any torn copy breaks the sum or a key. In each journal mode.
"""
import argparse
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import traceback

from site_under_test import Broken, Site, check

MODES = ["wal", "delete", "truncate", "persist"]
ACCOUNTS = 500


def make(site, mode):
    site.make(max_backups=3)
    for end in ("", "-wal", "-shm"):
        if os.path.exists(site.database + end):
            os.remove(site.database + end)
    db = sqlite3.connect(site.database)
    db.execute(f"PRAGMA journal_mode = {mode}")
    with db:
        db.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER NOT NULL, note TEXT)")
        db.execute("CREATE TABLE ledger (id INTEGER PRIMARY KEY, account INTEGER NOT NULL REFERENCES account, amount INTEGER, ballast BLOB)")
        db.executemany("INSERT INTO account VALUES (?, 1000, '')", [(i,) for i in range(ACCOUNTS)])
    db.close()


def write(database, seed):
    numbers = random.Random(seed)
    db = sqlite3.connect(database, timeout=60, isolation_level=None)
    db.execute("PRAGMA foreign_keys = on")
    db.execute("PRAGMA wal_autocheckpoint = 50")
    while True:
        what = numbers.random()
        try:
            if what < 0.002:
                db.execute("VACUUM")
            elif what < 0.02:
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                db.execute("BEGIN IMMEDIATE")
                for _ in range(numbers.randrange(1, 20)):
                    one, other, amount = numbers.randrange(ACCOUNTS), numbers.randrange(ACCOUNTS), numbers.randrange(50)
                    db.execute("UPDATE account SET balance = balance - ? WHERE id = ?", (amount, one))
                    db.execute("INSERT INTO ledger (account, amount, ballast) VALUES (?, ?, zeroblob(?))", (one, -amount, numbers.randrange(3000)))
                    db.execute("UPDATE account SET balance = balance + ? WHERE id = ?", (amount, other))
                    db.execute("INSERT INTO ledger (account, amount, ballast) VALUES (?, ?, NULL)", (other, amount))
                db.execute("DELETE FROM ledger WHERE id IN (SELECT id FROM ledger ORDER BY id LIMIT 20) AND (SELECT count(*) FROM ledger) > 4000")
                db.execute("COMMIT" if numbers.random() < 0.9 else "ROLLBACK")
        except sqlite3.OperationalError as e:
            if "locked" not in str(e):
                raise
        time.sleep(numbers.random() * 0.002)


def prove(site):
    out = f"{site.root}/out"
    try:
        site.succeed("restore", "latest", "--to", out, "--only", "database", "--quiet")
        check(sorted(os.listdir(f"{out}/app")) == ["app.db"], f"restored {os.listdir(f'{out}/app')}")
        db = sqlite3.connect(f"file:{out}/app/app.db?mode=ro", uri=True)
        check(db.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the copy is not whole")
        check(db.execute("SELECT sum(balance), count(*) FROM account").fetchone() == (1000 * ACCOUNTS, ACCOUNTS), "the sum is not right")
        check(db.execute("PRAGMA foreign_key_check").fetchall() == [], "a key points nowhere")
        db.close()
    finally:
        shutil.rmtree(out, ignore_errors=True)


def one_mode(site, mode, snapshots, numbers):
    make(site, mode)
    writers = [start(site.database, numbers.random()) for _ in range(2)]
    try:
        for i in range(snapshots):
            time.sleep(numbers.random() * 0.05)
            if i % 5 == 4:
                # Leaves a hot journal, or a log that ends within a transaction.
                writers[0].kill()
                writers[0].join()
            site.succeed("create", "database", "--quiet")
            prove(site)
            if i % 5 == 4:
                writers[0] = start(site.database, numbers.random())
            check(all(w.is_alive() for w in writers), "a writer failed")
    finally:
        for writer in writers:
            writer.kill()
            writer.join()
    # Left as the killed writers left it, and then replaced by another file under its name.
    site.succeed("create", "database", "--quiet")
    prove(site)
    db = sqlite3.connect(site.database)
    db.execute("PRAGMA journal_mode = delete")
    db.close()
    shutil.copy(site.database, f"{site.database}.new")
    os.rename(f"{site.database}.new", site.database)
    site.succeed("create", "database", "--quiet")
    prove(site)


def start(database, seed):
    writer = multiprocessing.Process(target=write, args=(database, seed), daemon=True)
    writer.start()
    return writer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True, help="a directory to work in")
    parser.add_argument("--snapshots", type=int, default=100, help="in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--counts", help="a file for the totals: passed, failed, skipped")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    passed = failed = 0
    for mode in MODES:
        root = tempfile.mkdtemp(prefix="live-", dir=given.work)
        began, each = time.monotonic(), given.snapshots // len(MODES)
        try:
            one_mode(Site(root, os.path.abspath(given.binary)), mode, each, random.Random(given.seed))
            print(f"{mode:8} {each} snapshots of a busy database and 2 of a left one, all proven, in {time.monotonic() - began:.0f} s", flush=True)
            passed += each + 2
        except Broken as e:
            print(f"{mode:8} {e}", flush=True)
            failed += 1
        except Exception:  # pylint: disable=broad-except
            traceback.print_exc()
            failed += 1
        finally:
            shutil.rmtree(root, ignore_errors=True)
    print(f"{passed} snapshots proven, {failed} modes failed")
    if given.counts:
        with open(given.counts, "w") as file:
            file.write(f"{passed} {failed} 0\n")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
