"""Sites whose parts lie inside each other, behind links and on other file systems, and what must hold of them.

A restore exchanges such a tree entry by entry, so a kill leaves a mixture. Then every live file is as before or as saved, what
was there before is live or kept, and what is foreign to the tree is the very same file; --continue and --undo end the mixture.
"""
import contextlib
import hashlib
import json
import os
import shutil
import socket
import sqlite3

from mounts import mount
from scenarios import Create, Scenario, is_done
from site_under_test import Site, check, make_database, rows_of, state_of


class Nested(Site):
    """
    A storage that is a link; in its tree the database behind a link, one that no configuration names, another tree, the repository,
    a mount, and more.
    """

    def __init__(self, root, binary):
        super().__init__(root, binary)
        self.tree = f"{root}/disk/tree"
        self.repository, self.inner, self.memory = f"{self.tree}/backups", f"{self.tree}/inner", f"{self.tree}/memory"
        self.entry, self.database, self.unnamed = f"{self.app}/current.db", f"{self.tree}/live/app.db", unnamed_in(self.tree)

    def make(self, media=1, **settings):
        os.makedirs(self.tree)
        os.makedirs(self.app)
        os.makedirs(self.inner)
        os.symlink("../disk/tree", self.storage)
        os.symlink("storage/live/app.db", self.entry)
        os.makedirs(os.path.dirname(self.unnamed))
        make_database(self.unnamed)
        super().make(media, **settings)
        with open(self.config, encoding="utf-8") as file:
            config = json.load(file)
        config["databases"][0]["path"] = self.entry
        config["storage"][0]["exclude"] = ["/cache/"]
        config["storage"].append({"name": "inner", "path": self.inner, "max_shrink_percent": None})
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump(config, file)
        self.write("cache/page", b"not saved")
        os.mkdir(self.memory)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"{self.tree}/s")
        self.mount()

    def mount(self):
        mount("-t", "tmpfs", "-o", "size=1m", "tmpfs", self.memory)
        with open(f"{self.memory}/theirs", "w", encoding="utf-8") as file:
            file.write("mounted")
        self.theirs = self.foreign()

    def change(self, step):
        super().change(step)
        self.write("inner/own", b"inner %d\n" % step)
        self.write(f"live/{step}.txt", b"beside the database %d\n" % step)
        with contextlib.closing(sqlite3.connect(self.unnamed)) as db, db:
            db.executemany("INSERT OR REPLACE INTO account VALUES (?, ?, ?)", [(i, step, f"note {step}") for i in range(step, step + 200)])

    def leave_log(self, step):
        super().leave_log(step)
        self.leave_log_of(self.unnamed, step)

    def foreign(self):
        """What is never replaced: of each its place, inode and content."""
        paths = [self.memory, f"{self.memory}/theirs", f"{self.tree}/cache/page", f"{self.tree}/s", self.entry, self.storage, self.repository]
        return [(p, os.lstat(p).st_dev, os.lstat(p).st_ino, os.readlink(p) if os.path.islink(p) else read(p)) for p in paths]

    def state(self):
        return state_with(self.tree, self.inner, self.database)

    def state_in(self, snapshot):
        out = f"{self.root}/out"
        shutil.rmtree(out, ignore_errors=True)
        try:
            self.succeed("restore", snapshot, "--to", out, "--quiet")
            return self.restored(out)
        finally:
            shutil.rmtree(out, ignore_errors=True)

    @staticmethod
    def restored(out):
        return state_with(f"{out}/storage", f"{out}/inner", f"{out}/app/{'current.db' if os.path.exists(f'{out}/app/current.db') else 'app.db'}")


class OnOverlay(Site):
    """The application lies in a lower layer of an overlay, as in a container: its directories cannot be renamed."""

    def make(self, media=1, **settings):
        super().make(media, **settings)
        os.rename(self.app, f"{self.root}/lower")
        for name in ("app", "upper", "work"):
            os.mkdir(f"{self.root}/{name}")
        self.mount()

    def mount(self):
        layers = f"lowerdir={self.root}/lower,upperdir={self.root}/upper,workdir={self.root}/work"
        mount("-t", "overlay", "-o", layers, "overlay", self.app)

    @staticmethod
    def foreign():
        return []

    theirs = []
    tree = property(lambda self: self.storage)
    inner = None

    def state(self):
        return state_with(self.storage, None, self.database)

    def state_in(self, snapshot):
        return Nested.state_in(self, snapshot)

    @staticmethod
    def restored(out):
        return state_with(f"{out}/storage", None, f"{out}/app/app.db")


# What is not the tree's own at its top, and what a killed restore leaves there.
NOT_OF_TREE = ("inner", "backups", "memory", "cache", "s")
DATABASES = ("app.db", "notes.db")


def state_with(tree, inner, database):
    """Files of the tree and of the inner one, and both databases' rows. The times of directories that hold foreign things are left out."""
    unnamed = unnamed_in(tree)
    return files_of(tree), state_of(inner, database)[0] if inner else "", rows_of(database), rows_of(unnamed) if os.path.exists(unnamed) else ""


def unnamed_in(tree):
    """Where the tree's database is that no configuration names."""
    return f"{tree}/notes/notes.db"


def files_of(tree):
    """Of each file of the tree its mode, time and content."""
    found = {}
    for directory, names, files in os.walk(tree):
        below = os.path.relpath(directory, tree)
        if below == ".":
            names[:] = [n for n in names if n not in NOT_OF_TREE]
            files = [n for n in files if n not in NOT_OF_TREE]
        names[:] = [n for n in names if "restore_" not in n]
        for name in files:
            path = os.path.join(directory, name)
            if not name.startswith(DATABASES) and ".restore_" not in name:
                status = os.lstat(path)
                found[os.path.relpath(path, tree)] = oct(status.st_mode), os.readlink(path) if os.path.islink(path) else (status.st_mtime_ns, read(path))
    return found


def read(path):
    if not os.path.isfile(path):
        return ""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


class LayoutRestore(Scenario):
    """Everything goes back in place."""

    place = Nested
    turns = 0
    only = ()

    def prepare(self, site):
        told = super().prepare(site)
        self.words = ("restore", told["known"][0][0], *self.only, "--yes", "--quiet")
        return told

    def wanted(self, told):
        return told["known"][0][1]

    def after(self, site, told, run, is_kill):
        old, new = told["live"], self.wanted(told)
        live = self.look(site, old, new)
        if not is_kill and "taking back" not in run.stderr:
            self.same(live, new if is_done(run) else old, f"after exit code {run.returncode}")
        self.settle(site, old, new)
        self.look(site, old, new)
        for snapshot, state in told["known"]:
            check(site.state_in(snapshot) == state, f"snapshot {snapshot} is not what was saved")
        site.succeed(*self.words)
        self.same(self.look(site, old, new), new, "after restoring once more")
        return "mixed" if live not in (old, new) else None

    def look(self, site, old, new):
        """Nothing is lost, and nothing foreign was touched."""
        check(site.foreign() == site.theirs, f"what is foreign is not as it was: {set(site.foreign()) ^ set(site.theirs)}")
        live = site.state()
        for path, file in live[0].items():
            check(file in (old[0].get(path), new[0].get(path)), f"{path} is neither the old nor the new one")
        kept, databases = self.everything(site)
        for path, file in old[0].items():
            check(live[0].get(path) == file or (file[1] if isinstance(file[1], str) else file[1][1]) in kept, f"the old {path} is neither there nor kept")
        check(live[1] in (old[1], new[1]), "the inner tree is neither the old nor the new one")
        for what, at in (("database", 2), ("database that no configuration names", 3)):
            check(live[at] in (old[at], new[at]), f"the {what} is neither the old nor the new one")
            check(live[at] == old[at] or old[at] in databases, f"the old {what} is not kept")
        return live

    @staticmethod
    def everything(site):
        """Contents of all that lies anywhere, and rows of all that may be a copy of the database."""
        kept, rows = set(), set()
        for top in (site.app, os.path.dirname(site.tree)):
            for directory, names, files in os.walk(top):
                names[:] = [n for n in names if os.path.join(directory, n) != site.repository]
                for path in (os.path.join(directory, name) for name in files):
                    kept.add(os.readlink(path) if os.path.islink(path) else read(path))
                    if "restore_" in path and any(name in path for name in DATABASES) and not path.endswith(("-wal", "-shm")):
                        with contextlib.suppress(Exception):
                            rows.add(rows_of(path))
        return kept, rows

    @staticmethod
    def same(live, wanted, when):
        if live != wanted:
            differing = [p for p in {**live[0], **wanted[0]} if live[0].get(p) != wanted[0].get(p)]
            same = [one == other for one, other in zip(live[1:], wanted[1:])]
            check(False, f"not as it should be {when}: files {differing}, whether inner tree, database and the other one are: {same}")

    def settle(self, site, old, new):
        """What was killed half way is named, and is finished or taken back, each of them every other time."""
        if site.run("restore", "latest", "--dry-run").returncode == 0:
            check(site.state() in (old, new), "a site that is half restored is not refused")
            return
        check("--undo" in site.run("status").stdout, "status does not name the unfinished restore")
        LayoutRestore.turns += 1
        goes_on = LayoutRestore.turns % 2 == 0 and site.run("restore", "--continue", "--quiet").returncode == 0
        if not goes_on:
            site.succeed("restore", "--undo", "--quiet")
        self.same(site.state(), new if goes_on else old, "after --continue" if goes_on else "after --undo")


class LayoutTreeAlone(LayoutRestore):
    """The trees go back without the database in them, which is foreign then."""

    only = ("--only", "storage")

    def wanted(self, told):
        tree, inner, _, unnamed = told["known"][0][1]
        return tree, inner, told["live"][2], unnamed

    def look(self, site, old, new):
        live = super().look(site, old, new)
        check(live[2] == old[2], "the database was changed")
        return live


class Layered(LayoutRestore):
    """The site lies in a lower layer of an overlay."""

    place = OnOverlay


class LayoutCreate(Create):
    """A run that saves each part once, and nothing that is foreign."""

    place = Nested

    def after(self, site, told, run, is_kill):
        super().after(site, told, run, is_kill)
        check(site.foreign() == site.theirs, "a run that saves changed something foreign")


class LayoutAside(Scenario):
    """All of it into a new directory."""

    place = Nested

    def prepare(self, site):
        told = super().prepare(site)
        self.words = ("restore", told["known"][0][0], "--to", f"{site.root}/aside", "--quiet")
        return told

    def after(self, site, told, run, is_kill):
        check(site.state() == told["live"], "the site was changed")
        check(site.foreign() == site.theirs, "something foreign was changed")
        if is_done(run):
            check(site.restored(f"{site.root}/aside") == told["known"][0][1], "what was restored is not what was saved")
