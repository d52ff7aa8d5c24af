"""Sites of root's in which a directory is somebody else's, and what must hold of all that is not."""
import contextlib
import gzip
import json
import os
import shutil
import sqlite3
import stat
import subprocess

from site_under_test import CLEAN, Broken, Site, check

NEIGHBOUR = 4711  # who needs no account
ROOTS, SEEN = "what-only-root-may-read", "anybody-may-read-this"
SECONDS = 60


class Beside(Site):
    """A small site. Of it, `near` is the neighbour's; `mirror` is root's, and has the same names."""

    def __init__(self, root, binary):
        super().__init__(root, binary)
        self.near, self.mirror, self.log = f"{root}/near", f"{root}/mirror", f"{root}/calls"

    def make_at(self, app, repository, **settings):
        """Makes it with its application and its backups in these places."""
        self.app, self.repository = app, repository
        self.storage, self.database = f"{app}/storage", f"{app}/data/app.db"
        os.makedirs(f"{self.storage}/deep/er")
        os.makedirs(f"{self.storage}/kept")
        os.makedirs(f"{app}/data")
        os.makedirs(f"{self.near}/.pocket")
        os.mkdir(f"{self.root}/state", 0o700)
        os.makedirs(repository, 0o700)
        make_database(self.database, SEEN)
        self.write_all(1)
        with open(f"{self.storage}/kept/page.cache", "w", encoding="utf-8") as file:
            file.write("is not saved\n")
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump({
                "backup_dir": repository, "databases": [{"name": "app", "path": self.database, "max_shrink_percent": None}],
                "storage": [{"name": "storage", "path": self.storage, "max_shrink_percent": None, "exclude": ["*.cache"]}],
                "min_free_mb": 0, "workers": 1, **settings}, file)
        os.chmod(self.config, 0o644)

    def write_all(self, step):
        for name in ("one", "two", "deep/three", "deep/er/four"):
            with open(f"{self.storage}/{name}", "w", encoding="utf-8") as file:
                file.write(f"{SEEN} {name} {step}\n")

    def give(self, *directories):
        """Lets the neighbour have directories, and what is in them."""
        for directory in directories:
            self.give_only(*walk(directory))

    @staticmethod
    def give_only(*paths):
        for path in paths:
            os.chown(path, NEIGHBOUR, NEIGHBOUR, follow_symlinks=False)

    def reflect(self):
        """Makes the mirror: all that is in the neighbour's directory, as root's, with secrets in the files. What leaves it is seen anywhere."""
        shutil.copytree(self.near, self.mirror, symlinks=True)
        for path in walk(self.mirror):
            os.chown(path, 0, 0, follow_symlinks=False)
            kind = stat.S_IFMT(os.lstat(path).st_mode)
            if kind == stat.S_IFDIR:
                os.chmod(path, 0o700)
                with open(f"{path}/secret", "w", encoding="utf-8") as file:
                    file.write(ROOTS)
                os.chmod(f"{path}/secret", 0o600)
            elif kind == stat.S_IFREG:
                os.chmod(path, 0o600)
                if path.endswith("app.db"):
                    os.remove(path)
                    make_database(path, ROOTS)
                    os.chmod(path, 0o600)
                elif "/backups/" not in path and "/copies/" not in path:
                    with open(path, "w", encoding="utf-8") as file:
                        file.write(ROOTS)

    def swap(self, binary, words, at, level=0, back=0, kind="link"):
        """Runs a command while the neighbour acts; returns its exit code, and what it said."""
        command = [binary, self.near, self.mirror, str(NEIGHBOUR), str(at), str(level), str(back), kind, self.log, self.binary, "--config", self.config, *words]
        with subprocess.Popen(command, env={**CLEAN, "STATE_DIRECTORY": f"{self.root}/state"}, cwd="/", text=True, errors="replace", stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
            try:
                said, _ = run.communicate(timeout=SECONDS)
            except subprocess.TimeoutExpired:
                run.kill()  # and with it, all that it traces
                raise Broken(f"had not ended after {SECONDS} seconds") from None
        return run.returncode, said

    def put_back(self):
        """The neighbour takes back what was exchanged in the last run, if that is not done."""
        done = self.calls()[1]
        if done[-1].startswith("= exchanged "):
            place = done[-1].removeprefix("= exchanged ").split(" -> ")[0]
            kept = f"{self.near}/.pocket/kept"
            os.remove(place)
            os.rename(kept if os.path.lexists(kept) else f"{place}.kept", place)

    def calls(self):
        """The lines that were written about the last run: calls, and what the neighbour did or could not do."""
        with open(self.log, encoding="utf-8", errors="replace") as file:
            lines = file.read().splitlines()
        return [line for line in lines if line[0] not in "=!"], [line for line in lines if line[0] in "=!"]


def make_database(path, note):
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, note TEXT)")
        db.executemany("INSERT INTO account VALUES (?, ?)", [(i, note) for i in range(50)])


def walk(top):
    yield top
    for directory, names, files in os.walk(top):
        for name in names + files:
            yield f"{directory}/{name}"


def describe(top):
    """All that can be seen of a directory; whatever is done to anything in it changes this."""
    found = {}
    for path in walk(top):
        status = os.lstat(path)
        content = b""
        if stat.S_ISREG(status.st_mode):
            with open(path, "rb") as file:
                content = file.read()
        found[path] = (oct(status.st_mode), status.st_uid, status.st_gid, status.st_nlink, status.st_size, status.st_ino, status.st_mtime_ns,
                       status.st_ctime_ns, hash(content), tuple(os.listxattr(path, follow_symlinks=False)))
    return found


def check_untouched(before, top):
    after = describe(top)
    changed = [f"{path}: {before.get(path)} became {after.get(path)}" for path in sorted(before.keys() | after.keys()) if before.get(path) != after.get(path)]
    check(not changed, "root's own was touched: " + "; ".join(changed[:4]))


def may(status, right):
    """Whether the neighbour has a right (4 to read, 1 to enter) to something."""
    return status.st_mode & (right << 6 if status.st_uid == NEIGHBOUR else right << 3 if status.st_gid == NEIGHBOUR else right)


def check_unread(top):
    """Nothing that only root may read has come to where the neighbour can read it."""
    for directory, names, files in os.walk(top):
        names[:] = [name for name in names if may(os.lstat(f"{directory}/{name}"), 1)]
        for name in files:
            status = os.lstat(f"{directory}/{name}")
            if stat.S_ISREG(status.st_mode) and may(status, 4):
                check(ROOTS not in content_of(f"{directory}/{name}"), f"the neighbour can read what only root may, in {directory}/{name}")


def holds_secret(top):
    """Whether what only root may read has got into a repository."""
    return any(ROOTS in content_of(path) for path in walk(top) if os.path.isfile(path))


def content_of(path):
    with open(path, "rb") as file:
        content = file.read()
    if path.endswith(".gz"):
        with contextlib.suppress(OSError, EOFError):
            content = gzip.decompress(content)
    return content.decode(errors="replace")
