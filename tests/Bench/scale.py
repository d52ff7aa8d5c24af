#!/usr/bin/env python3
"""How the program behaves as a site grows: many files, large files, a busy database, a year of nights, a thousand
snapshots, a killed first run, a rotation of thousands.

Each part makes its own site, prints a line for each step (wall and processor seconds, peak memory, bytes the repository
gained), and removes what it made. Nothing is asserted: the figures are to be read beside each other.
"""
import argparse
import datetime
import gzip
import hashlib
import json
import math
import os
import random
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from bench import run

NUMBERS = random.Random(2026)
NOISE = NUMBERS.randbytes(8 << 20)


def noise(numbers, size):
    """Bytes that do not compress and that no other call yields: enough of them start elsewhere in the noise."""
    out, left = [numbers.randbytes(16)], size - 16
    while left > 0:
        at = numbers.randrange(len(NOISE) - 1)
        out.append(NOISE[at:at + left])
        left -= len(out[-1])
    return b"".join(out)[:size]


class Place:
    """A directory with a site, its configuration and its repository."""

    def __init__(self, root):
        self.root = root
        self.storage, self.database = f"{root}/app/storage", f"{root}/app/data/app.db"
        os.makedirs(self.storage)
        os.makedirs(os.path.dirname(self.database))
        self.configure()

    def configure(self, name="backups", **settings):
        self.repository, self.config = f"{self.root}/{name}", f"{self.root}/{name}.json"
        os.makedirs(self.repository, exist_ok=True)
        with open(self.config, "w") as file:
            json.dump({"backup_dir": self.repository, "storage": [{"name": "storage", "path": self.storage}], **settings}, file)

    def with_database(self):
        return {"databases": [{"name": "app", "path": self.database}]}

    def command(self, *words):
        return [BINARY, "--config", self.config, *words]

    def size(self):
        return sum_of(self.repository)

    def step(self, title, *words):
        before = self.size()
        usage = run(self.command(*words))
        say(title, usage, self.size() - before)

    def snapshots(self):
        lines = subprocess.run(self.command("list", "--json"), check=True, capture_output=True).stdout.splitlines()
        return [line["id"] for line in map(json.loads, lines) if line["message_type"] == "snapshot"]


def say(title, usage, gained=None):
    stored = "" if gained is None else f" {gained / 1e6:10.1f} MB stored"
    print(f"  {title:34} {usage['wall']:8.3f} s {usage['cpu']:8.2f} s cpu {usage['memory']:5.0f} MiB{stored}", flush=True)


def files_of(place, count, per_directory):
    """Files of 1 KiB to 100 KiB, as many small as large ones on a logarithmic scale: 21 KiB on average."""
    numbers = random.Random(count)
    for i in range(count):
        directory = f"{place.storage}/{i // per_directory:05}"
        if i % per_directory == 0:
            os.makedirs(directory)
        with open(f"{directory}/{i:07}.bin", "wb", buffering=0) as file:
            file.write(noise(numbers, int(1024 * math.exp(numbers.uniform(0, math.log(100))))))
    os.sync()


def change_files(place, count, per_directory, step):
    numbers = random.Random(step)
    for i in range(0, count, step):
        with open(f"{place.storage}/{i // per_directory:05}/{i:07}.bin", "wb", buffering=0) as file:
            file.write(noise(numbers, 21_000))
    os.sync()


def many(work, count, per_directory):
    place = Place(f"{work}/many")
    files_of(place, count, per_directory)
    print(f"{count} files, {per_directory} in a directory, {sum_of(place.storage) / 1e9:.1f} GB", flush=True)
    place.step("first run", "create", "--quiet")
    find = [run(["find", place.storage, "-printf", "%s %T@\\n"]) for _ in range(3)][1:]
    say("find -printf, warm", min(find, key=lambda u: u["wall"]))
    for _ in range(3):
        place.step("unchanged", "create", "--quiet")
    change_files(place, count, per_directory, 1000)
    place.step("0.1% changed", "create", "--quiet")
    place.step("list", "list")
    place.step("restore of one file", "restore", "latest", "--to", f"{work}/one", "--path", f"storage/00000/{0:07}.bin", "--quiet")
    place.step("verify", "verify")
    place.step("verify --deep", "verify", "--deep")


def sum_of(directory):
    """Bytes of the files below; of a run that is under way, without those that were renamed between two looks."""
    total = 0
    for where, _, files in os.walk(directory):
        for name in files:
            try:
                total += os.lstat(os.path.join(where, name)).st_size
            except FileNotFoundError:
                pass
    return total


def large(work, gigabytes):
    place = Place(f"{work}/large")
    with open(f"{place.storage}/sparse.img", "wb") as file:
        file.truncate(gigabytes << 30)
        for i in range(16):
            file.seek((gigabytes << 30) // 16 * i)
            file.write(noise(random.Random(i), 1 << 20))
    print(f"a sparse file of {gigabytes} GiB with 16 MiB in it", flush=True)
    place.step("create", "create", "--quiet")
    place.step("restore", "restore", "latest", "--to", f"{work}/out", "--quiet")
    print(f"  restored: {os.stat(f'{work}/out/storage/sparse.img').st_blocks * 512 / 1e6:.1f} MB on disk")
    shutil.rmtree(f"{work}/out")
    os.remove(f"{place.storage}/sparse.img")
    numbers = random.Random(1)
    with open(f"{place.storage}/dense.img", "wb") as file:
        for _ in range(gigabytes << 8):
            file.write(noise(numbers, 4 << 20))
    os.sync()
    print(f"a dense file of {gigabytes} GiB", flush=True)
    place.step("create", "create", "--quiet")
    place.step("unchanged", "create", "--quiet")
    place.step("restore", "restore", "latest", "--to", f"{work}/out", "--quiet")
    place.step("verify --deep", "verify", "--deep")


class Writer(threading.Thread):
    """A transaction of three rows every few milliseconds, and how long each took."""

    def __init__(self, database):
        super().__init__(daemon=True)
        self.database, self.stopping, self.latencies = database, threading.Event(), []

    def run(self):
        database = sqlite3.connect(self.database, timeout=60, isolation_level=None)
        numbers = random.Random(7)
        rows = database.execute("SELECT max(id) FROM portraits").fetchone()[0]
        while not self.stopping.wait(0.002):
            started = time.perf_counter()
            database.execute("BEGIN IMMEDIATE")
            for _ in range(3):
                database.execute("UPDATE portraits SET hits = hits + 1 WHERE id = ?", (numbers.randrange(rows),))
            database.execute("COMMIT")
            self.latencies.append(time.perf_counter() - started)

    def finish(self, title):
        self.stopping.set()
        self.join()
        taken = sorted(self.latencies)
        print(f"  {title:34} {len(taken)} transactions: median {taken[len(taken) // 2] * 1e3:.2f} ms, "
              f"99.9% {taken[len(taken) * 999 // 1000] * 1e3:.1f} ms, longest {taken[-1] * 1e3:.1f} ms", flush=True)


class StagingWatch(threading.Thread):
    """The most that lay in the repository outside of its packs while a run went on."""

    def __init__(self, place):
        super().__init__(daemon=True)
        self.place, self.stopping, self.most = place, threading.Event(), 0

    def run(self):
        while not self.stopping.wait(0.02):
            total = 0
            for directory, _, files in os.walk(f"{self.place.repository}/staging"):
                for name in files:
                    try:
                        total += os.path.getsize(os.path.join(directory, name))
                    except OSError:
                        pass
            self.most = max(self.most, total)

    def finish(self):
        self.stopping.set()
        self.join()
        return self.most


def database(work, megabytes):
    place = Place(f"{work}/database")
    place.configure(**place.with_database())
    live = sqlite3.connect(place.database)
    live.execute("PRAGMA journal_mode=WAL")
    live.execute("CREATE TABLE portraits(id INTEGER PRIMARY KEY, hits INTEGER, data BLOB)")
    numbers = random.Random(3)
    rows = megabytes * 1000
    live.executemany("INSERT INTO portraits VALUES (?, 0, ?)", ((i, noise(numbers, 900)) for i in range(rows)))
    live.commit()
    live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    live.close()
    print(f"a database of {os.path.getsize(place.database) / 1e6:.0f} MB in WAL mode", flush=True)
    writer = Writer(place.database)
    writer.start()
    time.sleep(8)
    writer.finish("writer alone")
    writer, watch = Writer(place.database), StagingWatch(place)
    writer.start()
    watch.start()
    place.step("create, writer busy", "create", "--quiet")
    writer.finish("writer beside it")
    print(f"  most in staging {watch.finish() / 1e6:.0f} MB; after the run {sum_of(f'{place.repository}/staging') / 1e6:.1f} MB")
    place.step("create, writer gone", "create", "--quiet")
    pages = os.path.getsize(place.database) // 4096
    for hour in range(3):
        before = pieces_of(place.database)
        live = sqlite3.connect(place.database)
        first = rows // 4 * hour
        live.execute("UPDATE portraits SET hits = hits + 1 WHERE id >= ? AND id < ?", (first, first + pages // 1000 * 4))
        live.commit()
        live.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        live.close()
        changed = sum(size for piece, size in pieces_of(place.database).items() if piece not in before)
        print(f"  hour {hour + 1}: 0.1% of the pages, {changed / 1e6:.1f} MB in pieces of 64 KiB")
        place.step("create", "create", "--quiet")


def pieces_of(path):
    pieces = {}
    with open(path, "rb") as file:
        while piece := file.read(65536):
            pieces[hashlib.sha256(piece).digest()] = len(piece)
    return pieces


POLICIES = {
    "max_backups 7": {"max_backups": 7},
    "max_backups 30": {"max_backups": 30},
    "7 daily, 4 weekly, 12 monthly": {"keep": {"daily": 7, "weekly": 4, "monthly": 12}},
    "3 daily, 3 yearly": {"keep": {"daily": 3, "yearly": 3}},
}


class Year:
    """A tree that grows, changes and loses files, night after night, backed up under several policies."""

    def __init__(self, work):
        self.place = Place(f"{work}/year")
        self.numbers = random.Random(11)
        self.files = {}
        self.nights = []
        self.number = 0
        for i in range(300):
            self.add()
        live = sqlite3.connect(self.place.database)
        live.execute("CREATE TABLE portraits(id INTEGER PRIMARY KEY, hits INTEGER, data BLOB)")
        live.executemany("INSERT INTO portraits VALUES (?, 0, ?)", ((i, noise(self.numbers, 900)) for i in range(5000)))
        live.commit()
        live.close()

    def add(self):
        self.number += 1
        name, content = f"{self.number % 37:02}-{self.number}.bin", noise(self.numbers, self.numbers.randint(2_000, 120_000))
        with open(f"{self.place.storage}/{name}", "wb") as file:
            file.write(content)
        self.files[name] = (hashlib.sha256(content).digest(), len(content))

    def night(self):
        for _ in range(self.numbers.randint(3, 9)):
            self.add()
        for name in self.numbers.sample(sorted(self.files), self.numbers.randint(1, 5)):
            os.remove(f"{self.place.storage}/{name}")
            del self.files[name]
        live = sqlite3.connect(self.place.database)
        for _ in range(20):
            live.execute("UPDATE portraits SET hits = hits + 1 WHERE id = ?", (self.numbers.randrange(5000),))
        live.commit()
        live.close()
        self.nights.append({**dict(self.files.values()), **pieces_of(self.place.database)})

    def ideal(self, kept):
        pieces = {}
        for night in kept:
            pieces.update(self.nights[night])
        return sum(pieces.values())


def year(work, nights):
    site = Year(work)
    place = site.place
    # Later than every time stamp of the files: else they could not be known to be unchanged.
    first = datetime.datetime.now(datetime.timezone.utc).replace(hour=3, minute=0, second=0, microsecond=0) + datetime.timedelta(days=1)
    print("night: for each policy snapshots, stored MB, stored over ideal, seconds of create and list, MiB", flush=True)
    ids = {name: {} for name in POLICIES}
    worst = dict.fromkeys(POLICIES, 0)
    for number in range(nights):
        site.night()
        now = first + datetime.timedelta(days=number)
        line = []
        for which, (name, policy) in enumerate(POLICIES.items()):
            place.configure(f"backups{which}", **place.with_database(), compression="none", **policy)
            usage = run(at(now, place.command("create", "--quiet")))
            kept = place.snapshots()
            ids[name][f"{now:%Y%m%d}"] = number
            stored, ideal = place.size(), site.ideal(ids[name][i[:8]] for i in kept)
            worst[name] = max(worst[name], stored / ideal)
            if (number + 1) % 73 == 0 or number == 0:
                listing = run(place.command("list"))
                line.append(f"{len(kept):3} {stored / 1e6:6.1f} {stored / ideal:5.2f} {usage['wall']:.2f} {listing['wall']:.3f} {usage['memory']:3.0f}")
        if line:
            print(f"  {number + 1:4}  " + " | ".join(line), flush=True)
    for name, most in worst.items():
        print(f"  {name}: at most {most:.2f} of the ideal")
    for which, name in enumerate(POLICIES):
        place.configure(f"backups{which}", **place.with_database(), compression="none", **POLICIES[name])
        place.step(f"verify --deep, {name}", "verify", "--deep")


def thousand(work):
    """What is asked most often, of a repository of 1,000 snapshots, beside a process that does nothing."""
    site = Year(work)
    site.place.configure(**site.place.with_database(), max_backups=1000)
    first = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
    for hour in range(1000):
        site.night()
        run(at(first + datetime.timedelta(hours=hour), site.place.command("create", "--quiet", "--no-rotate")))
    quick = {"/bin/true": ["/bin/true"], **{word: site.place.command(word) for word in ("--version", "list", "status", "stats")}}
    walls = {title: [] for title in quick}
    for _ in range(41):
        for title, command in quick.items():
            started = time.perf_counter()
            # By the real clock the snapshots are of the future, which status does not take for health.
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=title != "status")
            walls[title].append((time.perf_counter() - started) * 1000)
    for title, taken in walls.items():
        print(f"  {title:12} {statistics.median(taken):6.1f} ms, quickest {min(taken):6.1f} ms", flush=True)


def at(now, command):
    """The command as if it were started then. Time stamps of files stay what they are."""
    clock = {"TZ": "UTC", "FAKETIME": f"@{now:%Y-%m-%d %H:%M:%S}", "NO_FAKE_STAT": "1", "LD_PRELOAD": faketime()}
    return ["env", *(f"{name}={value}" for name, value in clock.items()), *command]


def faketime():
    return subprocess.run(["sh", "-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1"], check=True, capture_output=True, text=True).stdout.strip()


def killed(work, count):
    place = Place(f"{work}/killed")
    files_of(place, count, 1000)
    total = sum_of(place.storage)
    print(f"{count} files, {total / 1e9:.1f} GB", flush=True)
    place.step("whole first run", "create", "--quiet")
    place.configure("again")
    child = subprocess.Popen(place.command("create", "--quiet"))
    started = time.perf_counter()
    while place.size() < total * 0.9 and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(signal.SIGKILL)
    child.wait()
    print(f"  killed after {time.perf_counter() - started:.1f} s with {place.size() / total:.0%} written", flush=True)
    place.step("the next run", "create", "--quiet")
    place.step("verify --deep", "verify", "--deep")


def rotation(work, count):
    """Most of a repository's snapshots go at once, each with packs of its own. Only the first is real: no pack is opened by a rotation."""
    place = Place(f"{work}/{count}")
    files_of(place, 100, 100)
    run(place.command("create", "--quiet"))
    with open(f"{place.repository}/snapshots/{place.snapshots()[0]}.json") as file:
        real = json.load(file)
    first = datetime.datetime.fromisoformat(real["started_at"]) - datetime.timedelta(hours=count)
    for hour in range(count - 1):
        forge(place.repository, real, first + datetime.timedelta(hours=hour), packs=20)
    place.step(f"{count - 30} of {count} snapshots, {20 * count} packs", "rotate", "--max-backups", "30")
    assert len(place.snapshots()) == 30


def forge(repository, real, time, packs):
    """A snapshot with the files of another one, and packs of noise."""
    id_ = f"{time:%Y%m%dT%H%M%SZ}"
    snapshots = f"{repository}/snapshots"
    table = []
    for _ in range(packs):
        pack = NUMBERS.randbytes(1000)
        name = hashlib.sha256(pack).hexdigest()
        os.makedirs(f"{repository}/packs/{name[:2]}", exist_ok=True)
        with open(f"{repository}/packs/{name[:2]}/{name}.tar.gz", "wb") as file:
            file.write(pack)
        table.append({"sha256": name, "bytes": 1000, "xxh128": "0" * 32, "content_bytes": 1000, "used_bytes": 1000})
    lines = gzip.compress("".join(json.dumps(pack) + "\n" for pack in table).encode(), 1)
    with open(f"{snapshots}/{id_}.packs.jsonl.gz", "wb") as file:
        file.write(lines)
    shutil.copy(f"{snapshots}/{real['files']['name']}", f"{snapshots}/{id_}.files.jsonl.gz")
    header = {
        **real, "id": id_, "started_at": time.isoformat(), "finished_at": time.isoformat(),
        "files": {**real["files"], "name": f"{id_}.files.jsonl.gz"},
        "packs": {"name": f"{id_}.packs.jsonl.gz", "bytes": len(lines), "sha256": hashlib.sha256(lines).hexdigest(), "lines": packs},
    }
    del header["checksum"]
    text = json.dumps(header, indent=2)[:-2]
    with open(f"{snapshots}/{id_}.json", "w") as file:
        file.write(f'{text},\n  "checksum": "{hashlib.sha256(text.encode()).hexdigest()}"\n}}\n')


PARTS = {
    "million": lambda work: many(work, 1_000_000, 1000),
    "tenth": lambda work: many(work, 100_000, 1000),
    "wide": lambda work: many(work, 200_000, 200_000),
    "large": lambda work: large(work, GIGABYTES),
    "database": lambda work: database(work, 2000),
    "year": lambda work: year(work, 365),
    "thousand": thousand,
    "killed": lambda work: killed(work, 100_000),
    "rotation": lambda work: [rotation(work, count) for count in (1250, 2500, 5000)],
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--work", required=True, help="a directory with 50 GB free for 'million', three times --gigabytes for 'large'")
    parser.add_argument("--gigabytes", type=int, default=20, help="of each large file")
    parser.add_argument("parts", nargs="*", help=f"of {', '.join(PARTS)}; all unless given")
    given = parser.parse_args()
    if unknown := set(given.parts) - PARTS.keys():
        sys.exit(f"scale: there is no part {', '.join(unknown)}")

    global BINARY, GIGABYTES
    BINARY, GIGABYTES = os.path.abspath(given.binary), given.gigabytes
    for part in given.parts or PARTS:
        work = tempfile.mkdtemp(prefix=f"vertex-scale-{part}-", dir=given.work)
        print(f"\n{part}", flush=True)
        try:
            PARTS[part](work)
        finally:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
