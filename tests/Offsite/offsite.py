#!/usr/bin/env python3
"""Off-site copies on real servers on the loopback: an S3 server, OpenSSH's SFTP, and rclone's crypt over S3.

Each part is a process of its own with servers of its own; some run at a time. `--part NAME` runs some of them, `--list` names them.
"""
import argparse
import concurrent.futures
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Faults"))

# pylint: disable=wrong-import-position
import damage  # noqa: E402
import guards  # noqa: E402
import journeys  # noqa: E402
import kills  # noqa: E402
import outages  # noqa: E402
import retention  # noqa: E402
import servers  # noqa: E402
from checks import Checks  # noqa: E402
from remotes import S3, Crypt, Sftp  # noqa: E402


def on(kind, play):
    """With a server of that kind, whose place is below the part's."""
    return lambda checks: play(checks, kind(checks.place("server")))


# The longest first.
PARTS = {
    "SFTP-kills": on(Sftp, kills.over_sftp),
    "S3-kills": on(S3, kills.over_s3),
    "S3-outages": on(S3, outages.over_s3),
    "S3-hangs": on(S3, outages.that_hang),
    "SFTP-outages": on(Sftp, outages.over_sftp),
    "S3-damage": on(S3, damage.found_and_mended),
    "SFTP-damage": on(Sftp, damage.found_and_mended),
    "S3": on(S3, journeys.there_and_back),
    "SFTP": on(Sftp, journeys.there_and_back),
    "crypt": on(Crypt, journeys.there_and_back),
    "S3-guards": on(S3, guards.over_s3),
    "SFTP-guards": on(Sftp, guards.over_sftp),
    "crypt-guards": on(Crypt, guards.over_crypt),
    "S3-retention": on(S3, retention.rules),
    "SFTP-retention": on(Sftp, retention.rules),
    "S3-full": lambda checks: outages.full(checks, S3),
    "SFTP-full": lambda checks: outages.full(checks, Sftp),
}


def run_here(part, given):
    """One part, in this process."""
    root = tempfile.mkdtemp(prefix=f"{part}-", dir=given.work)
    checks = Checks(part, root, os.path.abspath(given.binary), given.moments)
    try:
        with checks("the part runs to its end"):
            PARTS[part](checks)
    finally:
        servers.end_family()
        if not given.keep:
            shutil.rmtree(root, ignore_errors=True)
        if given.counts:
            with open(given.counts, "w", encoding="utf-8") as file:
                file.write(f"{checks.passed} {checks.failed} {checks.skipped}\n")
    return checks.failed == 0


def run_beside(part, given, work):
    """One part, in a process of its own; returns its counts."""
    counts = f"{work}/{part}.counts"
    words = [sys.executable, os.path.abspath(__file__), "--binary", given.binary, "--work", work, "--counts", counts, "--moments", str(given.moments), "--here", part]
    subprocess.run(words + ["--keep"] * given.keep, stdin=subprocess.DEVNULL, check=False)
    try:
        with open(counts, encoding="utf-8") as file:
            return [int(word) for word in file.read().split()]
    except FileNotFoundError:
        print(f"  FAIL  {part}: it did not live to count", flush=True)
        return [0, 1, 0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", help="the program")
    parser.add_argument("--work", help="a directory to work in")
    parser.add_argument("--part", action="append", choices=PARTS)
    parser.add_argument("--here", choices=PARTS, help="one part, without a process of its own")
    parser.add_argument("--moments", type=int, default=12, help="at how many moments pushes are killed, on each server")
    parser.add_argument("--at-once", type=int, default=3, help="parts that run at a time; they wait a lot")
    parser.add_argument("--keep", action="store_true", help="leave what was worked on")
    parser.add_argument("--list", action="store_true", help="name the parts")
    parser.add_argument("--counts", help="a file for the totals: passed, failed, skipped")
    given = parser.parse_args()
    if given.list:
        print(*PARTS, sep="\n")
        return
    servers.adopt_orphans()
    servers.die_with_parent()
    for end in (signal.SIGTERM, signal.SIGINT):
        signal.signal(end, lambda *_: sys.exit(1))
    if given.here:
        sys.exit(0 if run_here(given.here, given) else 1)
    began, work = time.monotonic(), tempfile.mkdtemp(prefix="offsite-", dir=given.work)
    pool = concurrent.futures.ThreadPoolExecutor(given.at_once)
    try:
        counts = list(pool.map(lambda part: run_beside(part, given, work), given.part or PARTS))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        servers.end_family()
        if not given.keep:
            shutil.rmtree(work, ignore_errors=True)
    passed, failed, skipped = map(sum, zip(*counts))
    print(f"off-site: {passed} passed, {failed} failed, {skipped} skipped in {time.monotonic() - began:.0f} s")
    if given.counts:
        with open(given.counts, "w", encoding="utf-8") as file:
            file.write(f"{passed} {failed} {skipped}\n")
    sys.exit(0 if passed and not failed else 1)


if __name__ == "__main__":
    main()
