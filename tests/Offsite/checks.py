"""Named checks, each a line that says ok or FAIL, and what most of them ask of a site and of a place that copies are in."""
import contextlib
import json
import os
import subprocess
import threading
import time
import traceback

import reader
import servers
from remotes import contents
from site_under_test import CLEAN, Broken, Site, check


class Checks:
    """The checks of one part, which has a directory of its own and a process of its own."""

    def __init__(self, part, root, binary, moments):
        self.part, self.root, self.binary, self.moments = part, root, binary, moments
        self.passed = self.failed = self.skipped = 0

    @contextlib.contextmanager
    def __call__(self, name):
        began = time.monotonic()
        try:
            yield
        except Exception as problem:  # pylint: disable=broad-except
            self.failed += 1
            known = isinstance(problem, (Broken, reader.Unreadable, TimeoutError, subprocess.TimeoutExpired))
            self.say("FAIL", name, str(problem) if known else traceback.format_exc())
        else:
            self.passed += 1
            took = time.monotonic() - began
            self.say("ok", name, f"{took:.0f} s" if took > 5 else "")

    def skip(self, name, reason):
        self.skipped += 1
        self.say("skip", name, reason)

    def say(self, how, name, more):
        first, *others = more.strip().splitlines() or [""]
        text = "".join(f"\n        | {line}" for line in ([first] if how == "FAIL" else []) + others[-30:])
        print(f"  {how:5} {self.part}: {name}" + (f" ({first})" if first and how != "FAIL" else "") + text, flush=True)

    def place(self, name):
        path = f"{self.root}/{name}"
        os.makedirs(path)
        return path

    def site(self, name, remote, media=1, **offsite):
        """A site that is to be copied to a remote when it is told to."""
        site = OffsiteSite(f"{self.root}/{name}", self.binary)
        os.makedirs(site.root)
        site.make(media, offsite={"remote": remote.address, "rclone_config": remote.config, "push_after_create": False,
                                  "timeout_seconds": 60, **offsite})
        site.remote = remote
        return site


class OffsiteSite(Site):
    remote = None

    def local(self):
        """What a repository is made of, without what belongs to this machine alone."""
        files = contents(self.repository)
        return {name: content for name, content in files.items() if name.startswith(("packs/", "snapshots/")) or name in ("repository.json", "RECOVERY.txt", "writer.json")}

    def push(self, *words):
        return self.succeed("offsite", "push", "--quiet", *words)

    def begin(self, *words):
        """A command that goes on while other things happen."""
        return subprocess.Popen([self.binary, "--config", self.config, *words], env=CLEAN, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, cwd="/")

    def bare(self, directory):
        """The machine that has nothing but the program, rclone and its configuration: words that every command begins with."""
        return Bare(self.binary, directory, self.remote)

    def other_place(self, remote, **changes):
        """The same site, with its copies elsewhere."""
        self.remote = remote
        self.configure(remote=remote.address, rclone_config=remote.config, **changes)

    def configure(self, **changes):
        with open(self.config, encoding="utf-8") as file:
            settings = json.load(file)
        settings["offsite"] |= changes
        with open(self.config, "w", encoding="utf-8") as file:
            json.dump(settings, file)


class Bare:
    def __init__(self, binary, directory, remote):
        self.binary, self.repository, self.remote = binary, directory, remote
        os.makedirs(directory, exist_ok=True)

    def run(self, *words, timeout=120):
        return subprocess.run([self.binary, "--backup-dir", self.repository, *words], env=CLEAN, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, errors="replace", timeout=timeout, cwd="/")

    def far(self, *words):
        """With the options that take the place of a configuration."""
        done = self.run(*words, "--remote", self.remote.address, "--rclone-config", self.remote.config)
        check(done.returncode == 0, f"'{' '.join(words)}' ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def succeed(self, *words):
        done = self.run(*words)
        check(done.returncode == 0, f"'{' '.join(words)}' ended with {done.returncode}: {done.stderr.strip()}")
        return done.stdout


def same_trees(one, other):
    """diff -r, and what diff does not compare."""
    done = subprocess.run(["diff", "-r", "--no-dereference", one, other], stdout=subprocess.PIPE, text=True)
    check(done.returncode == 0, f"diff -r: {done.stdout}")
    look = ["find", ".", "-printf", "%P %y %m %U:%G %T@ %n %l\\n"]
    trees = [sorted(subprocess.run(look, cwd=top, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()) for top in (one, other)]
    check(trees[0] == trees[1], f"not the same: {[line for line in trees[0] if line not in trees[1]]} {[line for line in trees[1] if line not in trees[0]]}")


def complete(site, remote):
    """Everything that is here is there, byte by byte, and nothing else is."""
    here, there = site.local(), remote.files()
    check(sorted(there) == sorted(here), f"only here: {sorted(set(here) - set(there))}; only there: {sorted(set(there) - set(here))}")
    check(there == here, f"not the same: {[name for name in here if here[name] != there[name]]}")


def valid(site, remote):
    """A repository, whatever happened, and of what is in its place every byte right. Returns its snapshots."""
    there, here = remote.files(), site.local()
    found = reader.whole_snapshots(there)
    for name, content in there.items():
        if not name.startswith("incoming/"):
            check(content == here.get(name), f"{name} there has {len(content)} bytes and is not what is here")
    return found


def valid_by_itself(site, remote):
    """The same, as somebody finds it who has rclone and the program."""
    with remote.copy() as directory:
        if os.path.exists(f"{directory}/repository.json") and os.path.isdir(f"{directory}/snapshots") \
                and any(reader.HEADER.fullmatch(f"snapshots/{name}") for name in os.listdir(f"{directory}/snapshots")):
            done = Bare(site.binary, directory, remote).run("verify", "--deep", "--quiet")
            check(done.returncode == 0, f"verify --deep of a copy ended with {done.returncode}: {done.stderr} {done.stdout}")


def no_stack(run):
    check("Unhandled" not in run.stderr and "\n   at " not in run.stderr, f"a stack trace: {run.stderr}")


def fails(run, code, *words):
    """In a sentence that has these words."""
    no_stack(run)
    check(run.returncode == code, f"exit code {run.returncode} instead of {code}: {run.stderr} {run.stdout}")
    check("error: " in run.stderr or "rror" in run.stderr, f"nothing says what is wrong: {run.stderr}")
    for word in words:
        check(word.lower() in (run.stderr + run.stdout).lower(), f"'{word}' is not in: {run.stderr}")


def rclones(config):
    """Processes that were given this configuration of rclone."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
                if config.encode() in words and b"rclone" in os.path.basename(words[0]):
                    found.append(int(entry))
    return found


def no_rclone_stays(config, seconds=5):
    servers.wait_until(lambda: not rclones(config), seconds, f"rclone ends with the program that began it ({config})")


class Watch(threading.Thread):
    """Looks at the arguments of all processes as long as a with lasts, for what nobody may see there."""

    def __init__(self, secrets):
        super().__init__(daemon=True)
        self.secrets, self.found, self.seen, self.ended = secrets, [], 0, False

    def run(self):
        while not self.ended:
            for entry in os.listdir("/proc"):
                if entry.isdigit():
                    with contextlib.suppress(OSError), open(f"/proc/{entry}/cmdline", "rb") as file:
                        words = file.read()
                        self.seen += b"rclone" in words
                        self.found += [words for secret in self.secrets if secret.encode() in words]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.ended = True
        self.join()
