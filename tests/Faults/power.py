#!/usr/bin/env python3
"""Cuts the power of a virtual machine at any moment, while it backs up, rotates and restores, and looks what is on its disk.

The machine's disk keeps what was fsynced and loses the rest: its file system commits by itself only once a minute, and does not
flush what is renamed. After each cut what is on the disk is examined here, at the place that it had in the machine, since the
journal of a restore names it; the machine goes on with the disk, not with what was done here, at its next boot.
"""
import argparse
import contextlib
import ctypes
import glob
import hashlib
import json
import multiprocessing
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

from site_under_test import Broken, Site, check, rows_of

STATES = 4
KEEP = 3
PARTIAL = 3

# Where the site is, in the machine and, for each worker by itself, here. Every Debian has the directory above it.
PLACE = "/srv"
SITE = f"{PLACE}/site"
NEW_MOUNT_NAMESPACE = 0x20000

# What the machine has said when the time to the cut begins to run, by turns, and how much of the longest time that may be.
MOMENTS = [("RESTORING", 0.25), ("BOOTED", 1), ("CHANGED", 0.25), ("ROTATING", 0.25)]

# What the machine does until it is cut off. Whatever it says is on its way to us before it goes on.
SCRIPT = """#!/bin/busybox sh
mount -t proc proc /proc; mount -t devtmpfs dev /dev; mount -t tmpfs tmp /tmp
exec >/dev/ttyS0 2>&1 </dev/null
backup() { /bin/vertex-ar-backup --config SITE/config.json "$@"; }
newest() { ls SITE/backups/snapshots | grep 'Z.json$' | tail -n 1 | cut -d. -f1; }
echo BOOTED
for left in SITE/app/.*.steps SITE/app/data/.*.steps; do
    if [ -e "$left" ]; then backup restore --undo --quiet || echo "FAILED undo $?"; fi
done
while :; do
    n=$(( $(cat SITE/step) + 1 )); k=$((n % STATES))
    echo "CHANGING $k"
    rm -rf SITE/app/storage SITE/app/data; mkdir -p SITE/app; cp -a "/states/$k/storage" "/states/$k/data" SITE/app/; echo $n >SITE/step; sync
    echo "CHANGED $k"
    if backup create --quiet --no-rotate; then echo "CREATED $k $(newest)"; else echo "FAILED create $?"; fi
    if [ $((n % 2)) = 0 ]; then
        echo "ROTATING"
        backup rotate --max-backups KEEP --quiet || echo "FAILED rotate $?"
    fi
    if [ $((n % 3)) = 0 ]; then
        old=$(ls SITE/backups/snapshots | grep 'Z.json$' | head -n 1 | cut -d. -f1)
        echo "RESTORING $old"
        if backup restore "$old" --yes --quiet; then echo "RESTORED $old"; else echo "FAILED restore $?"; fi
        rm -rf SITE/app/*restore* SITE/app/.*restore_* SITE/app/data/*restore* SITE/app/data/.*restore_*
    fi
done
"""


def contents(tree, database):
    """What each half of a site holds; not times and owners, which taking files off the disk's image does not keep."""
    digest = hashlib.sha256()
    for directory, names, files in os.walk(tree):
        names.sort()
        for name in sorted(files):
            path = os.path.join(directory, name)
            content = os.readlink(path).encode() if os.path.islink(path) else open(path, "rb").read()
            digest.update(repr((os.path.relpath(path, tree), hashlib.sha256(content).hexdigest())).encode())
    return digest.hexdigest()[:16], rows_of(database)


class Machine:
    def __init__(self, work, binary, kernel, seed):
        self.root = tempfile.mkdtemp(prefix="power-", dir=work)
        self.binary, self.kernel, self.numbers = binary, kernel, random.Random(seed)
        self.image, self.log = f"{self.root}/disk", f"{self.root}/serial"
        self.states, self.snapshots = [], {}
        self.live, self.other = None, None
        self.make()

    def make(self):
        top = f"{self.root}/top"
        os.makedirs(f"{top}{SITE}")
        bind(f"{top}{PLACE}")
        site = Site(SITE, self.binary)
        site.make(media=0.3)
        for k in range(STATES):
            site.change(k + 1)
            if k % 2:
                site.leave_log(k)
            shutil.copytree(site.app, f"{top}/states/{k}", symlinks=True)
            self.states.append(contents(site.storage, site.database))
        with open(f"{SITE}/step", "w") as file:
            file.write("0\n")
        for directory in ("bin", "proc", "dev", "tmp", "lib", "lib64"):
            os.makedirs(f"{top}/{directory}")
        shutil.copy("/bin/busybox", f"{top}/bin")
        for name in "sh mount cat echo ls grep tail head cut rm cp mkdir sync".split():
            os.symlink("busybox", f"{top}/bin/{name}")
        shutil.copy(self.binary, f"{top}/bin")
        named = re.findall(r"(/\S+)\s+\(0x", subprocess.run(["ldd", self.binary], capture_output=True, text=True, check=True).stdout)
        for library in named + glob.glob("/lib/*/libssl.so.3") + glob.glob("/lib/*/libcrypto.so.3"):
            os.makedirs(f"{top}{os.path.dirname(library)}", exist_ok=True)
            shutil.copy(library, f"{top}{library}")
        with open(f"{top}/bin/run", "w") as file:
            file.write(SCRIPT.replace("STATES", str(STATES)).replace("KEEP", str(KEEP)).replace("SITE", SITE))
        os.chmod(f"{top}/bin/run", 0o755)
        subprocess.run(["mke2fs", "-q", "-F", "-t", "ext4", "-E", "root_owner=0:0", "-d", top, self.image, "192M"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(["umount", PLACE], check=True)
        shutil.rmtree(top)

    def run(self, word, seconds):
        """Boots, and cuts the power some time after the machine has said a word."""
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.log)
        machine = subprocess.Popen(
            ["qemu-system-x86_64", "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "512", "-M", "q35", "-display", "none",
             "-nodefaults", "-no-reboot", "-serial", f"file:{self.log}", "-kernel", self.kernel,
             "-append", "root=/dev/nvme0n1 rw rootflags=data=writeback,commit=60,noauto_da_alloc console=ttyS0 quiet panic=-1 init=/bin/run",
             "-drive", f"if=none,id=d,file={self.image},format=raw,cache=writeback", "-device", "nvme,drive=d,serial=d0"],
            stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            began = time.monotonic()
            while word not in self.said():
                check(machine.poll() is None and time.monotonic() - began < 300, f"the machine does not come to {word}: {self.said()[-500:]}")
                time.sleep(0.01)
            time.sleep(seconds)
            check(machine.poll() is None, f"the machine ended by itself: {self.said()[-500:]}")
        finally:
            machine.kill()
            machine.wait()
        return self.said()

    def said(self):
        with contextlib.suppress(FileNotFoundError):
            with open(self.log, errors="replace") as file:
                return file.read()
        return ""

    def follow(self, said):
        """From what the machine said: which snapshots there must be, and what the live site may hold."""
        restoring = saving = None
        for line in re.findall(r"^(?:CHANGING|CHANGED|CREATED|ROTATING|RESTORING|RESTORED|FAILED)\b.*(?=\r?\n)", said, re.M):
            word, *rest = line.split()
            check(word != "FAILED", f"the machine said: {said[-800:]}")
            if word == "CHANGING":
                self.live, saving = None, None
            elif word == "CHANGED":
                self.live = {self.states[int(rest[0])]}
                saving = self.states[int(rest[0])]
            elif word == "CREATED":
                self.snapshots[rest[1]] = self.states[int(rest[0])]
                saving = None
            elif word == "ROTATING":
                self.droppable = set(sorted(self.snapshots)[:-KEEP])
            elif word == "RESTORING":
                self.snapshots = {i: s for i, s in self.snapshots.items() if i >= rest[0]}
                restoring = self.snapshots[rest[0]]
                self.live |= {restoring}
            elif word == "RESTORED":
                self.live = {restoring}
        return saving

    def examine(self, said):
        saving = self.follow(said)
        fsck = subprocess.run(["e2fsck", "-fp", self.image], capture_output=True, text=True, check=False)
        check(fsck.returncode in (0, 1), f"e2fsck: {fsck.stdout}")
        out = f"{self.root}/out"
        shutil.rmtree(out, ignore_errors=True)
        os.makedirs(out)
        subprocess.run(["debugfs", "-R", f"rdump {SITE} {out}", self.image], capture_output=True, check=True)
        # Of what is looked at here, a copy on another machine, nobody is at work; the cut machine judges its own leases at its next boot.
        shutil.rmtree(f"{out}/{os.path.basename(SITE)}/backups/leases", ignore_errors=True)
        bind(out)
        try:
            return self.examine_site(Site(SITE, self.binary), saving)
        finally:
            subprocess.run(["umount", PLACE], check=True)

    def examine_site(self, site, saving):
        there = site.snapshots() if os.path.exists(f"{site.repository}/repository.json") else []
        gone = set(self.snapshots) - set(there)
        check(gone <= set(sorted(self.snapshots)[:-KEEP]), f"snapshots {sorted(gone)} are gone")
        new = [i for i in there if i not in self.snapshots]
        check(len(new) <= 1 and (not new or saving), f"there are {new}, of which nothing was said")
        self.snapshots = {i: self.snapshots.get(i, saving) for i in there}
        if there:
            site.succeed("verify", "--deep")
        for snapshot, state in self.snapshots.items():
            restored = f"{self.root}/restored"
            shutil.rmtree(restored, ignore_errors=True)
            site.succeed("restore", snapshot, "--to", restored, "--quiet")
            check(contents(f"{restored}/storage", f"{restored}/app/app.db") == state, f"snapshot {snapshot} restores to something else")
        phase = "changing" if self.live is None else "restoring" if len(self.live) > 1 else "saving" if saving else "rotating or between"
        if self.live is not None:
            self.check_live(site)
            self.end_restore(site)
            site.age()
            site.succeed("create", "--quiet", "--max-backups", "1000")
            check(site.orphans() == [], f"orphans: {site.orphans()}")
        return phase

    def check_live(self, site):
        storage, database = {s for s, _ in self.live}, {d for _, d in self.live}
        now = contents(site.storage, site.database)
        check(now[0] in storage, "the storage is neither the old nor the new one")
        check(now[1] in database, "the database is neither the old nor the new one")

    def end_restore(self, site):
        """A restore that the cut left in the middle: a run says so, and it can be ended either way."""
        if not glob.glob(f"{site.app}/.*.steps") + glob.glob(f"{os.path.dirname(site.database)}/.*.steps"):
            return
        done = site.run("create", "--quiet", "--no-rotate")
        check(done.returncode in (0, PARTIAL), f"'create' after a cut in a restore ended with {done.returncode}: {done.stderr}")
        goes_on = self.numbers.random() < 0.5 and site.run("restore", "--continue", "--quiet").returncode == 0
        if not goes_on:
            site.succeed("restore", "--undo", "--quiet")
        check(contents(site.storage, site.database) in self.live, f"after {'--continue' if goes_on else '--undo'} the site is neither the old nor the new one")


def bind(directory):
    """Shows a directory of ours where the machine has it."""
    subprocess.run(["mount", "--bind", directory, PLACE], check=True)


def stand_apart():
    """What a worker mounts is seen by it alone, and gone with it."""
    check(ctypes.CDLL(None).unshare(NEW_MOUNT_NAMESPACE) == 0, "no mount namespace of its own")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def work_through(case):
    number, cuts, longest, binary, kernel, work, seed = case
    machine = Machine(work, binary, kernel, seed * 100 + number)
    results = []
    try:
        for cut in range(cuts):
            word, share = MOMENTS[(number + cut) % len(MOMENTS)]
            seconds = machine.numbers.random() * longest * share
            try:
                results.append((machine.examine(machine.run(word, seconds)), None))
            except Broken as e:
                results.append((None, f"machine {number}, cut {cut}, {seconds:.2f} s after {word}: {e}"))
                break
            except Exception:  # pylint: disable=broad-except
                results.append((None, f"machine {number}, cut {cut}: {traceback.format_exc()}"))
                break
    finally:
        shutil.rmtree(machine.root, ignore_errors=True)
    return results


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--kernel", required=True, help="a kernel in which nvme and ext4 are built in")
    parser.add_argument("--work", required=True, help="a directory to work in")
    parser.add_argument("--cuts", type=int, default=200, help="in all")
    parser.add_argument("--longest", type=float, default=12, help="seconds from the end of the boot to the cut; a quarter of it from the beginning of a phase")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--counts", help="a file for the totals: passed, failed, skipped")
    given = parser.parse_args()
    machines = os.cpu_count()
    cases = [(i, -(-given.cuts // machines), given.longest, os.path.abspath(given.binary), given.kernel, given.work, given.seed) for i in range(machines)]
    with multiprocessing.Pool(machines, stand_apart) as pool:
        results = [r for machine in pool.map(work_through, cases, chunksize=1) for r in machine]
    for _, problem in results:
        if problem:
            print(f"  {problem}")
    phases = [phase for phase, problem in results if not problem]
    passed, failed = len(phases), len(results) - len(phases)
    print(f"{len(results)} cuts ({', '.join(f'{phases.count(p)} while {p}' for p in sorted(set(phases)))}): {passed} left a whole disk behind")
    if given.counts:
        with open(given.counts, "w") as file:
            file.write(f"{passed} {failed} 0\n")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
