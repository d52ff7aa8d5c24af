"""There and back: what is made here is there, and comes back whole from there to a machine that has nothing."""
import json
import os
import shutil
import sqlite3
import contextlib
import multiprocessing
import random
import time

import reader
from checks import complete, fails, same_trees, valid_by_itself
from remotes import Crypt
from site_under_test import check

ACCOUNTS, EACH = 100, 1000


def write(database):
    """Moves money about for ever; whenever one looks, nothing is lost."""
    numbers = random.Random(7)
    db = sqlite3.connect(database, timeout=60, isolation_level=None)
    while True:
        one, other, amount = numbers.randrange(ACCOUNTS), numbers.randrange(ACCOUNTS), numbers.randrange(50)
        db.execute("BEGIN IMMEDIATE")
        db.execute("UPDATE money SET balance = balance - ?, note = ? WHERE id = ?", (amount, numbers.randbytes(300).hex(), one))
        db.execute("UPDATE money SET balance = balance + ? WHERE id = ?", (amount, other))
        db.execute("COMMIT")
        time.sleep(0.005)


@contextlib.contextmanager
def busy(site):
    """The application writes as long as this lasts."""
    with contextlib.closing(sqlite3.connect(site.database)) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS money (id INTEGER PRIMARY KEY, balance INTEGER, note TEXT)")
        db.executemany("INSERT OR IGNORE INTO money VALUES (?, ?, '')", [(i, EACH) for i in range(ACCOUNTS)])
    writer = multiprocessing.Process(target=write, args=(site.database,), daemon=True)
    writer.start()
    try:
        yield
    finally:
        writer.kill()
        writer.join()


def nothing_lost(database):
    with contextlib.closing(sqlite3.connect(database)) as db:
        check(db.execute("PRAGMA integrity_check").fetchone() == ("ok",), "the database is not whole")
        check(db.execute("SELECT sum(balance), count(*) FROM money").fetchone() == (ACCOUNTS * EACH, ACCOUNTS), "money is lost")


def rows(database):
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db:
        check(db.execute("PRAGMA integrity_check").fetchone() == ("ok",), f"{database} is not whole")
        return [db.execute(f"SELECT * FROM {table} ORDER BY id").fetchall() for table in ("account", "money")]


def there_and_back(checks, remote):
    site = checks.site("site", remote, push_after_create=True)
    with busy(site):
        with checks("create pushes when it is done"):
            done = site.run("create")
            check(done.returncode == 0, f"exit code {done.returncode}: {done.stderr}")
            complete(site, remote)
    with checks("status says that all is there"):
        site.succeed("offsite", "status")
    with checks("and so does verify, quick, with a sample, and deep"):
        for words in ([], ["--sample", "50"], ["--deep"]):
            site.succeed("offsite", "verify", *words)
    first = site.snapshots()[0]
    site.change(2)
    with checks("create --no-offsite pushes nothing"):
        before = remote.list()
        site.succeed("create", "--quiet", "--no-offsite")
        check(remote.list() == before, "something changed there")
    with checks("then status says that the newest is missing there, with exit code 1"):
        done = site.run("offsite", "status")
        check(done.returncode == 1, f"exit code {done.returncode}")
        check(site.snapshots()[-1] in done.stdout, f"the newest is not named: {done.stdout}")
    with checks("push --dry-run changes nothing"):
        site.succeed("offsite", "push", "--dry-run")
        check(remote.list() == before, "something changed there")
    with checks("push takes only what is new"):
        remote.forget()
        site.push()
        complete(site, remote)
        after = remote.list()
        again = [name for name in before if after.get(name) != before[name]]
        check(not again, f"written again: {again}")
        if not remote.moves and not isinstance(remote, Crypt):
            put = remote.names("PUT", "COPY")
            check(sorted(put) == sorted(set(after) - set(before)), f"uploaded {put}")
    with checks("pushing once more changes nothing"):
        remote.forget()
        site.push()
        check(remote.list() == after, "something changed there")
        if not remote.moves:
            check(not remote.names("PUT", "COPY", "DELETE"), f"{remote.names('PUT', 'COPY', 'DELETE')}")
    files = remote.files()
    with checks("a reader that shares nothing with the program finds all snapshots whole, and a file byte by byte"):
        check(reader.whole_snapshots(files) == site.snapshots(), "not all snapshots are there")
        with open(f"{site.storage}/videos/2.mp4", "rb") as file:
            check(reader.content(files, site.snapshots()[-1], "storage/videos/2.mp4") == file.read(), "the file is another one")
    with checks("a copy by rclone is a repository"):
        valid_by_itself(site, remote)
    back(checks, site, first, files)
    pulling(checks, site, first)
    same_machine(checks, site, files)


def back(checks, site, first, files):
    """Restoring on a bare machine."""
    remote, bare = site.remote, site.bare(f"{checks.root}/bare")
    newest, out = site.snapshots()[-1], f"{checks.root}/out"
    with checks("list and show --from-offsite on a bare machine"):
        listed = [json.loads(line) for line in bare.far("list", "--from-offsite", "--json").splitlines()]
        check([line["id"] for line in listed if line["message_type"] == "snapshot"] == site.snapshots(), f"lists {listed}")
        check("videos/2.mp4" in bare.far("show", newest, "--from-offsite", "--files"), "show does not name a file")
    with checks("restore --from-offsite on a bare machine brings the site back"):
        bare.far("restore", "latest", "--from-offsite", "--to", out, "--quiet")
        same_trees(site.storage, f"{out}/storage")
        check(rows(f"{out}/app/app.db") == rows(site.database), "the database holds something else")
    shutil.rmtree(out, ignore_errors=True)
    with checks("what was saved while the application wrote is consistent"):
        bare.far("restore", first, "--from-offsite", "--to", out, "--only", "database", "--quiet")
        nothing_lost(f"{out}/app/app.db")
    shutil.rmtree(out, ignore_errors=True)
    with checks("one file comes with its own packs only"):
        remote.forget()
        bare.far("restore", newest, "--from-offsite", "--path", "storage/videos/2.mp4", "--to", out, "--quiet")
        found = [os.path.join(d, f) for d, _, names in os.walk(out) for f in names]
        check([os.path.basename(f) for f in found] == ["2.mp4"], f"restored {found}")
        with open(found[0], "rb") as one, open(f"{site.storage}/videos/2.mp4", "rb") as other:
            check(one.read() == other.read(), "it is another file")
        wanted = reader.packs_for(files, newest, lambda path: path == "storage/videos/2.mp4")
        if isinstance(remote, Crypt):
            read = [name for name in remote.names("GET")]
            check(len(set(read)) <= len(wanted) + 3 + len(site.snapshots()), f"{len(set(read))} objects were read")
        else:
            check(remote.packs_read() == wanted, f"read {remote.packs_read()} and needs {wanted}")
    shutil.rmtree(out, ignore_errors=True)
    with checks("restoring leaves nothing in the backup directory"):
        left = [name for name in os.listdir(f"{bare.repository}/staging")] if os.path.isdir(f"{bare.repository}/staging") else []
        check(not left, f"left {left}")
        check(not os.path.isdir(f"{bare.repository}/packs") or not os.listdir(f"{bare.repository}/packs"), "packs stay")


def pulling(checks, site, first):
    remote = site.remote
    bare = site.bare(f"{checks.root}/pulled")
    with checks("pull of one snapshot makes a repository with it alone"):
        bare.far("offsite", "pull", first, "--quiet")
        check(sorted(n for n in os.listdir(f"{bare.repository}/snapshots") if reader.HEADER.fullmatch(f"snapshots/{n}")) == [f"{first}.json"], "other snapshots")
        bare.succeed("verify", "--deep")
    with checks("pull of all fetches the rest, and no pack twice"):
        here = {name.split("/")[-1].split(".")[0] for d, _, names in os.walk(f"{bare.repository}/packs") for name in names}
        remote.forget()
        bare.far("offsite", "pull", "--quiet")
        if not isinstance(remote, Crypt):
            check(not remote.packs_read() & here, "packs that were here were read again")
        bare.succeed("verify", "--deep")
    with checks("and the repository is the same"):
        pulled = type(site)(checks.root, site.binary)
        pulled.repository = bare.repository
        wanted = {name: content for name, content in site.local().items() if name != "writer.json"}
        check(pulled.local() == wanted, "files are missing, too many or others")
    with checks("pulling once more fetches no pack"):
        remote.forget()
        bare.far("offsite", "pull", "--quiet")
        check(isinstance(remote, Crypt) or not remote.packs_read(), f"read {remote.packs_read()}")
    with checks("a restore from what was pulled is the site"):
        out = f"{checks.root}/out-of-pulled"
        bare.succeed("restore", "latest", "--to", out, "--quiet")
        same_trees(site.storage, f"{out}/storage")
        shutil.rmtree(out)


def same_machine(checks, site, files):
    """Packs that are here need not come from there."""
    newest = site.snapshots()[-1]
    wanted = sorted(reader.packs_for(files, newest, lambda path: True))
    lost = wanted[0]
    path = f"{site.repository}/packs/{lost[:2]}/{lost}.tar.gz"
    with checks("where a pack is lost, restore --from-offsite reads that one only"):
        os.rename(path, f"{site.root}/lost")
        try:
            site.remote.forget()
            out = f"{checks.root}/beside"
            site.succeed("restore", newest, "--from-offsite", "--to", out, "--quiet")
            same_trees(site.storage, f"{out}/storage")
            shutil.rmtree(out)
            check(isinstance(site.remote, Crypt) or site.remote.packs_read() == {lost}, f"read {site.remote.packs_read()}")
        finally:
            os.rename(f"{site.root}/lost", path)
    with checks("a snapshot that nobody has is refused in a sentence"):
        fails(site.run("restore", "20010101T000000Z", "--from-offsite", "--to", f"{checks.root}/none"), 1)
