#!/usr/bin/env python3
"""Side by side with restic, borg, tar, cp and the replaced system's way, in one run and on the same data.

Each round takes every contender through the same phases, in an order drawn anew for each phase.
Printed are medians over the rounds: of wall and processor time, and of our wall time's ratio to each contender's in the same
round, for a machine may be twice as slow in the next. The page cache is warm for the site in every phase (it is read before
the first), for repositories as the phase before left it.

Nothing is deleted before the end, only emptied: for five minutes ext4 steps over every inode that was freed, one by one,
which makes whoever creates files next several times slower. So nothing else should have deleted much shortly before, either.
"""
import argparse
import json
import os
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

MEDIA_FILES = 2000
TEXT_FILES = 500

PAGE_BYTES = 4096
ROWS_PER_PAGE = 2
BLOB_BYTES = 1880  # With its other columns, two such rows fill a page.


def run(command, environment=None):
    """Runs a command; wall and processor seconds, and peak memory in MiB of the largest process.

    GNU time starts it: a child of ours would count our own memory as its peak.
    """
    with tempfile.NamedTemporaryFile("r") as usage:
        started = time.perf_counter()
        child = subprocess.run(
            ["time", "-q", "-f", "%U %S %M", "-o", usage.name, *command],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **(environment or {})}, check=False)
        wall = time.perf_counter() - started
        if child.returncode != 0:
            sys.exit(f"bench: {' '.join(command)} failed:\n{child.stderr.decode(errors='replace')}")
        user, system, memory = usage.read().split()
    return {"wall": wall, "cpu": float(user) + float(system), "memory": int(memory) / 1024}


class Site:
    """About SIZE bytes in 2,500 files, 95% of them media, and a database of 5% of SIZE in WAL mode."""

    def __init__(self, root, size):
        self.root = root
        self.storage = f"{root}/app/storage"
        self.database = f"{root}/app/app_data/app_data.db"
        self.pristine = f"{root}/pristine.db"
        self.random = random.Random(2026)
        os.makedirs(os.path.dirname(self.database))
        media, text = int(size * 0.95) // MEDIA_FILES, int(size * 0.05) // TEXT_FILES
        for i in range(MEDIA_FILES):
            self.write(f"media/{i // 100}/{i}.jpg", self.random.randbytes(self.random.randint(media // 2, media * 3 // 2)))
        for i in range(TEXT_FILES):
            self.write(f"markers/{i // 100}/{i}.fset", self.text(self.random.randint(text // 2, text * 3 // 2)))
        self.write("media/five.mp4", self.random.randbytes(5_000_000))
        self.make_database(size // 20)
        self.bytes = sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(f"{root}/app") for f in files)
        self.new_bytes = 0

    def write(self, name, content):
        path = f"{self.storage}/{name}"
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)

    def text(self, size):
        words = [b"%d.%03d" % (self.random.randint(0, 999), self.random.randint(0, 999)) for _ in range(1000)]
        out = bytearray()
        while len(out) < size:
            out += self.random.choice(words) + b" "
        return bytes(out[:size])

    def make_database(self, size):
        database = sqlite3.connect(self.database)
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("CREATE TABLE portraits(id INTEGER PRIMARY KEY, name TEXT, image TEXT, data BLOB)")
        for i in range(size // (PAGE_BYTES // ROWS_PER_PAGE)):
            database.execute(
                "INSERT INTO portraits VALUES (?, ?, ?, ?)",
                (i, f"Portrait number {i} of somebody", f"/opt/vertex-ar/storage/media/{i}.jpg", self.blob()))
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        pages = os.path.getsize(self.database) // PAGE_BYTES
        if not 0.99 * size < pages * PAGE_BYTES < 1.01 * size:
            raise SystemExit(f"the database has {pages} pages, not {size // PAGE_BYTES}: rows do not lie {ROWS_PER_PAGE} to a page")
        shutil.copy2(self.database, self.pristine)

    def blob(self):
        return self.random.randbytes(BLOB_BYTES // 2) + bytes(BLOB_BYTES // 2)

    def change(self):
        """1% of files are new, 1% of the database's pages change, each as far from the next as possible."""
        before = self.new_bytes = 0
        for i in range((MEDIA_FILES + TEXT_FILES) // 100):
            content = self.random.randbytes(400_000)
            self.write(f"media/new/{i}.jpg", content)
            before += len(content)
        database = sqlite3.connect(self.database)
        rows = database.execute("SELECT max(id) FROM portraits").fetchone()[0]
        for i in range(0, rows, 100 * ROWS_PER_PAGE):
            database.execute("UPDATE portraits SET data = ? WHERE id = ?", (self.blob(), i))
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        self.new_bytes = before + self.changed_pieces() * 65536

    def changed_pieces(self):
        with open(self.database, "rb") as now, open(self.pristine, "rb") as then:
            changed = 0
            while piece := now.read(65536):
                changed += piece != then.read(65536)
        return changed

    def undo(self):
        shutil.rmtree(f"{self.storage}/media/new")
        shutil.copy2(self.pristine, self.database)

    def warm(self):
        for directory, _, files in os.walk(f"{self.root}/app"):
            for name in files:
                with open(os.path.join(directory, name), "rb") as file:
                    while file.read(1 << 20):
                        pass


class Contender:
    name = ""

    def __init__(self, site, work):
        self.site, self.work = site, f"{work}/{self.name.replace(' ', '-')}"

    def begin(self):
        os.makedirs(self.work)

    def end(self):
        for directory, _, files in os.walk(self.work):
            for name in files:
                path = os.path.join(directory, name)
                if not os.path.islink(path):
                    os.truncate(path, 0)
        os.rename(self.work, f"{self.work}.{time.monotonic_ns()}.emptied")

    def size(self):
        return sum(os.path.getsize(os.path.join(d, f)) for d, _, files in os.walk(f"{self.work}/repo") for f in files)

    def consistent_copy(self):
        """What the others need beside: a copy of the live database that is consistent."""
        return f"sqlite3 {self.site.database} '.backup {self.work}/app_data.db'"

    def sh(self, script, environment=None):
        return run(["bash", "-euo", "pipefail", "-c", script], environment)


class Ours(Contender):
    name = "vertex-ar-backup"

    def begin(self):
        super().begin()
        os.makedirs(f"{self.work}/repo")
        with open(f"{self.work}/config.json", "w") as file:
            json.dump({
                "backup_dir": f"{self.work}/repo",
                "databases": [{"name": "app_data", "path": self.site.database}],
                "storage": [{"name": "storage", "path": self.site.storage}],
            }, file)

    def ours(self, *words):
        return run([BINARY, "--config", f"{self.work}/config.json", *words])

    def first(self):
        return self.ours("create", "--quiet")

    again = first

    def restore(self):
        return self.ours("restore", "latest", "--to", f"{self.work}/out", "--quiet")

    def one(self):
        return self.ours("restore", "latest", "--to", f"{self.work}/one", "--path", "storage/media/five.mp4", "--quiet")

    def verify(self):
        return self.ours("verify")

    def deep(self):
        return self.ours("verify", "--deep")


class Restic(Contender):
    name = "restic"

    def restic(self, script):
        return self.sh(script, {
            "RESTIC_REPOSITORY": f"{self.work}/repo", "RESTIC_PASSWORD": "bench", "RESTIC_CACHE_DIR": f"{self.work}/cache",
        })

    def begin(self):
        super().begin()
        self.restic("restic init")

    def first(self):
        return self.restic(f"{self.consistent_copy()}; restic backup {self.site.storage} {self.work}/app_data.db; rm {self.work}/app_data.db")

    again = first

    def restore(self):
        return self.restic(f"restic restore latest --target {self.work}/out; sync -f {self.work}/out")

    def one(self):
        return self.restic(f"restic restore latest --target {self.work}/one --include {self.site.storage}/media/five.mp4")

    def verify(self):
        return self.restic("restic check")

    def deep(self):
        return self.restic("restic check --read-data")


class Borg(Contender):
    def __init__(self, site, work, compression):
        self.compression = compression
        self.name = f"borg {compression}"
        super().__init__(site, work)
        self.count = 0

    def borg(self, script):
        return self.sh(script, {
            "BORG_BASE_DIR": f"{self.work}/base", "BORG_REPO": f"{self.work}/repo",
            "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes", "BORG_RELOCATED_REPO_ACCESS_IS_OK": "yes",
        })

    def begin(self):
        super().begin()
        self.borg("borg init -e none")

    def first(self):
        self.count += 1
        return self.borg(
            f"{self.consistent_copy()}; borg create -C {self.compression} ::{self.count} {self.site.storage} {self.work}/app_data.db; rm {self.work}/app_data.db")

    again = first

    def restore(self):
        return self.borg(f"mkdir {self.work}/out; cd {self.work}/out; borg extract ::{self.count}; sync -f .")

    def one(self):
        return self.borg(f"mkdir {self.work}/one; cd {self.work}/one; borg extract ::{self.count} {self.site.storage[1:]}/media/five.mp4")

    def verify(self):
        return self.borg("borg check")

    def deep(self):
        return self.borg("borg check --verify-data")


class Tar(Contender):
    def __init__(self, site, work, compressor):
        self.compressor = compressor
        self.name = f"tar {compressor}"
        super().__init__(site, work)

    def first(self):
        return self.sh(
            f"mkdir -p {self.work}/repo; {self.consistent_copy()};"
            f"tar -C {self.site.root}/app -I {self.compressor} -cf {self.work}/repo/storage.tar.gz storage; mv {self.work}/app_data.db {self.work}/repo; sync -f {self.work}")

    def restore(self):
        return self.sh(f"mkdir {self.work}/out; tar -C {self.work}/out -I {self.compressor} -xf {self.work}/repo/storage.tar.gz; sync -f {self.work}/out")


class Copy(Contender):
    name = "cp -a + sync"

    def first(self):
        return self.sh(f"mkdir -p {self.work}/repo; cp -a {self.site.root}/app {self.work}/repo/; sync -f {self.work}")

    def restore(self):
        return self.sh(f"cp -a {self.work}/repo/app {self.work}/out; sync -f {self.work}")


class Described(Contender):
    """The replaced system: tar.gz at Python's defaults, a checksum by reading it again, parts by reading it once more."""
    name = "described way"

    def first(self):
        return run([sys.executable, __file__, "--described", self.site.storage, self.site.database, f"{self.work}/repo"])


def described(storage, database, target):
    import hashlib
    import tarfile

    os.makedirs(target)
    shutil.copy2(database, f"{target}/db_backup.db")
    for path in (f"{target}/db_backup.db", f"{target}/storage_backup.tar.gz"):
        if path.endswith(".tar.gz"):
            with tarfile.open(path, "w:gz") as archive:
                archive.add(storage, arcname="storage")
        checksum = hashlib.sha256()
        with open(path, "rb") as file:
            while block := file.read(4096):
                checksum.update(block)
    with open(f"{target}/storage_backup.tar.gz", "rb") as file:
        number = 0
        while part := file.read(500 << 20):
            number += 1
            with open(f"{target}/storage_backup.tar.part{number:03}.gz", "wb") as out:
                out.write(part)
    os.remove(f"{target}/storage_backup.tar.gz")


PHASES = [
    ("first", "first create, everything new"),
    ("unchanged", "create, nothing changed"),
    ("changed", "create, 1% of files new, 1% of database pages changed"),
    ("restore", "restore of everything"),
    ("one", "one file of 5 MB"),
    ("verify", "verify, quick"),
    ("deep", "verify, every byte"),
]
METHOD = {"unchanged": "again", "changed": "again"}


def measure(contenders, site, rounds):
    results, sizes = {}, {}
    for number in range(rounds):
        print(f"round {number + 1} of {rounds}", file=sys.stderr)
        site.warm()
        for contender in contenders:
            contender.begin()
        for phase, _ in PHASES:
            if phase == "changed":
                site.change()
            taking = [c for c in contenders if hasattr(c, METHOD.get(phase, phase))]
            random.shuffle(taking)
            for contender in taking:
                os.sync()
                before = contender.size()
                results.setdefault((phase, contender.name), []).append(getattr(contender, METHOD.get(phase, phase))())
                sizes[(phase, contender.name)] = contender.size() - before
        site.undo()
        for contender in contenders:
            contender.end()
    return results, sizes


def report(results, sizes, contenders, site, rounds):
    print(f"site: {site.bytes / 1e6:.0f} MB, {MEDIA_FILES + TEXT_FILES + 1} files; {rounds} rounds interleaved, medians; page cache warm; load {os.getloadavg()[0]:.1f}")
    for phase, title in PHASES:
        ours = [r["wall"] for r in results[(phase, Ours.name)]]
        print(f"\n{title}\n  {'':18} {'wall':>9} {'spread':>7} {'ours/its':>8} {'cpu':>9} {'memory':>9} {'stored':>10}")
        for contender in contenders:
            if runs := results.get((phase, contender.name)):
                walls = [r["wall"] for r in runs]
                wall, ratio = statistics.median(walls), statistics.median(our / its for our, its in zip(ours, walls))
                stored = sizes[(phase, contender.name)]
                print(
                    f"  {contender.name:18} {wall * 1000:6.0f} ms {(max(walls) - min(walls)) / wall:6.0%} {ratio:8.2f} "
                    f"{statistics.median(r['cpu'] for r in runs):7.2f} s {max(r['memory'] for r in runs):5.0f} MiB {stored / 1e6:7.1f} MB")
    print(f"\nchanged content in 'changed', database pages as 64 KiB pieces: {site.new_bytes / 1e6:.1f} MB")


def start_times():
    """Pairs of --version and /bin/true: what starting the program costs."""
    pairs = [(run([BINARY, "--version"])["wall"], run(["/bin/true"])["wall"]) for _ in range(30)]
    ours, nothing = (statistics.median(column) * 1000 for column in zip(*pairs))
    print(f"\nstart: --version {ours:.1f} ms, /bin/true {nothing:.1f} ms")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary")
    parser.add_argument("--work", help="a directory with about 20 times SIZE free")
    parser.add_argument("--size", type=int, default=1000, help="of the site, in MB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", help="contenders, separated by commas")
    parser.add_argument("--described", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.described:
        return described(*given.described)

    global BINARY
    BINARY = os.path.abspath(given.binary)
    work = os.path.join(given.work, f"vertex-bench-{os.getpid()}")
    os.makedirs(work)
    try:
        site = Site(f"{work}/site", given.size * 1_000_000)
        contenders = [
            Ours(site, work), Restic(site, work), *(Borg(site, work, c) for c in ("none", "lz4", "zstd")),
            Tar(site, work, "gzip"), Tar(site, work, "pigz"), Copy(site, work), Described(site, work),
        ]
        if given.only:
            contenders = [c for c in contenders if c.name in (Ours.name, *given.only.split(","))]
        results, sizes = measure(contenders, site, given.rounds)
        report(results, sizes, contenders, site, given.rounds)
        start_times()
    finally:
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
