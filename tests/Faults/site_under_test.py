"""A small site, its repository, and what must hold of both whatever happened."""
import contextlib
import gzip
import hashlib
import json
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import time

CLEAN = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


class Broken(Exception):
    """A promise that did not hold."""


def check(condition, what):
    if not condition:
        raise Broken(what)


class Site:
    """A database with its log, some files, and a configuration with packs so small that there are several."""

    def __init__(self, root, binary):
        self.root, self.binary, self.media = root, binary, 1
        self.app, self.repository, self.config = f"{root}/app", f"{root}/backups", f"{root}/config.json"
        self.storage, self.database = f"{self.app}/storage", f"{self.app}/data/app.db"
        self.failures = f"{root}/failures"

    def mount(self):
        """Mounts what belongs to it; a plain site has nothing mounted."""

    def make(self, media=1, **settings):
        """Makes it; a smaller number for media makes the large files so much smaller."""
        self.media = media
        os.makedirs(f"{self.storage}/portraits/deep")
        os.makedirs(os.path.dirname(self.database))
        os.makedirs(self.repository)
        make_database(self.database)
        self.change(1)
        os.symlink("../nowhere", f"{self.storage}/link")
        os.link(f"{self.storage}/portraits/1.json", f"{self.storage}/portraits/deep/again.json")
        with open(f"{self.storage}/sparse.bin", "wb") as file:
            file.truncate(3 << 20)
            file.seek(1 << 20)
            file.write(b"in the middle")
        os.chmod(f"{self.storage}/portraits/deep", 0o700)
        with open(self.config, "w") as file:
            json.dump({
                "backup_dir": self.repository,
                # What becomes of it by chance, and by restores of older snapshots, is right.
                "databases": [{"name": "app", "path": self.database, "max_shrink_percent": None}],
                "storage": [{"name": "storage", "path": self.storage, "max_shrink_percent": None}],
                "hooks": {"on_failure": ["/bin/sh", "-c", f"echo failed >> {self.failures}"]},
                "pack_size_mb": 1, "min_free_mb": 0, "workers": 2, **settings}, file)
        os.chmod(self.config, 0o640)

    def change(self, step):
        """Files that are new, changed and gone, and rows of the database; the same for the same step."""
        numbers = random.Random(step)
        for i in range(3):
            self.write(f"portraits/{step + i}.json", b'{"step": %d}\n' % step * 40)
        self.write(f"videos/{step}.mp4", numbers.randbytes(int(700_000 * self.media)))
        self.write("videos/same-name.mp4", numbers.randbytes(int(400_000 * self.media)))
        self.write("empty", b"")
        if os.path.exists(f"{self.storage}/videos/{step - 1}.mp4"):
            os.remove(f"{self.storage}/videos/{step - 1}.mp4")
        db = sqlite3.connect(self.database)
        with db:
            db.executemany("INSERT OR REPLACE INTO account VALUES (?, ?, ?)", [(i, step, numbers.randbytes(200).hex()) for i in range(step, step + 300)])
        db.close()

    def leave_log(self, step):
        """The database as a writer leaves it that is killed: a part of it is in its log alone."""
        self.leave_log_of(self.database, step)

    def leave_log_of(self, database, step):
        with contextlib.closing(sqlite3.connect(database)) as db:
            with db:
                db.executemany("UPDATE account SET note = ? WHERE id = ?", [(f"crash {step} {i}", i) for i in range(200)])
            for end in ("", "-wal", "-shm"):
                shutil.copyfile(database + end, f"{self.root}/left{end}")
        for end in ("", "-wal", "-shm"):
            shutil.move(f"{self.root}/left{end}", database + end)

    def write(self, path, content):
        full = f"{self.storage}/{path}"
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(content)

    def run(self, *words, environment=None, timeout=120):
        return subprocess.run(
            [self.binary, "--config", self.config, *words], env={**CLEAN, "STATE_DIRECTORY": f"{self.root}/state", **(environment or {})}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace", timeout=timeout, cwd="/")

    def succeed(self, *words):
        done = self.run(*words)
        check(done.returncode == 0, f"'{' '.join(words)}' ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def snapshots(self):
        """Identifiers of the snapshots that list shows, oldest first."""
        lines = [json.loads(line) for line in self.succeed("list", "--json").splitlines()]
        return [line["id"] for line in lines if line["message_type"] == "snapshot"]

    def is_partial(self, snapshot):
        """Whether a snapshot's header says that it lacks something."""
        with open(f"{self.repository}/snapshots/{snapshot}.json", encoding="utf-8") as header:
            return json.load(header)["state"] == "partial"

    def state(self):
        """What the live site holds now."""
        return state_of(self.storage, self.database)

    def state_in(self, snapshot):
        """What a snapshot restores to."""
        out = f"{self.root}/out"
        shutil.rmtree(out, ignore_errors=True)
        try:
            self.succeed("restore", snapshot, "--to", out, "--quiet")
            return state_of(f"{out}/storage", f"{out}/app/app.db")
        finally:
            shutil.rmtree(out, ignore_errors=True)

    def age(self):
        """What nobody names is old enough to be swept: the next run takes nothing that is younger than a lease can be old."""
        for top in ("packs", "snapshots", "leases"):
            for folder, _, files in os.walk(f"{self.repository}/{top}"):
                for name in files if top != "leases" else [name for name in files if name.endswith(".tmp")]:
                    os.utime(f"{folder}/{name}", (time.time() - 600,) * 2)

    def orphans(self):
        """Files in the repository that nobody needs or that have no place there, and what a snapshot needs and is not there."""
        wanted = {"repository.json", "RECOVERY.txt", "lock"}
        for name in os.listdir(f"{self.repository}/snapshots"):
            if name.endswith("Z.json"):
                stem = f"snapshots/{name[:-5]}"
                wanted |= {f"{stem}.json", f"{stem}.files.jsonl.gz", f"{stem}.packs.jsonl.gz"}
                with gzip.open(f"{self.repository}/{stem}.packs.jsonl.gz") as table:
                    for line in table:
                        pack = json.loads(line)["sha256"]
                        wanted.add(f"packs/{pack[:2]}/{pack}.tar.gz")
        there = {os.path.relpath(os.path.join(d, f), self.repository) for d, _, files in os.walk(self.repository) for f in files}
        there = {path for path in there if not path.startswith("runs/")}
        return sorted(there ^ wanted) + [f"staging/{name}" for name in os.listdir(f"{self.repository}/staging")]


def make_database(path):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("PRAGMA journal_mode = wal")
        db.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER, note TEXT)")


def state_of(tree, database):
    """A digest of each half of a site: of every path with type, mode, time and content; and of every row."""
    digest = hashlib.sha256()
    for directory, names, files in os.walk(tree):
        names.sort()
        for name in sorted(names + files + ([""] if directory == tree else [])):
            path = os.path.join(directory, name) if name else directory
            status = os.lstat(path)
            is_link = stat.S_ISLNK(status.st_mode)
            content = os.readlink(path) if is_link else ""
            if stat.S_ISREG(status.st_mode):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest()
            digest.update(repr((os.path.relpath(path, tree), oct(status.st_mode), 0 if is_link else status.st_mtime_ns, content)).encode())
    return digest.hexdigest()[:16], rows_of(database)


def rows_of(database):
    """Read from a copy: looking must not fold the log into the database."""
    copy = f"{database}.looked-at"
    try:
        for end in ("", "-wal"):
            if os.path.exists(database + end):
                shutil.copyfile(database + end, copy + end)
        db = sqlite3.connect(copy)
        check(db.execute("PRAGMA integrity_check").fetchone() == ("ok",), f"{database} is not whole")
        rows = hashlib.sha256(repr(db.execute("SELECT * FROM account ORDER BY id").fetchall()).encode()).hexdigest()[:16]
        db.close()
        return rows
    finally:
        for end in ("", "-wal", "-shm"):
            if os.path.exists(copy + end):
                os.remove(copy + end)
