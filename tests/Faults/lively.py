"""A restore that is killed between its steps, an application that works on meanwhile, and what ends the restore after that.

Whatever the application wrote is somewhere afterwards; every file that it did not touch is as before or as saved; and the same
command, repeated, ends what a fault kept it from ending.
"""
import json
import os
import re
import shutil
import subprocess

import injection
from scenarios import Scenario
from site_under_test import Broken, check

FILES = [f"f{i}" for i in range(1, 9)]
# How an application changes a file; at one that is exchanged already and at one that is not.
CHANGES = {
    "f1": "echo app-f1 >f1~; mv f1~ f1", "f8": "echo app-f8 >f8~; mv f8~ f8",
    "f2": "echo app-f2 >>f2", "f7": "echo app-f7 >>f7",
    "f3": "rm f3", "f6": "rm f6",
    "upload": "echo app-upload >../../up; touch -d 2001-01-01 ../../up; mv ../../up upload",
    "gone": "echo app-gone >gone~; touch -d 2001-01-01 gone~; mv gone~ gone",
}


class Interrupted(Scenario):
    """What both commands have in common."""

    end = ()
    at = 1  # the call at which the restore is killed: found once, and the same for every copy of the site

    def prepare(self, site):
        site.make()
        with open(site.config, encoding="utf-8") as file:
            config = json.load(file)
        # What stays where it is makes the restore go entry by entry.
        config["storage"][0]["exclude"] = ["/work/cache/"]
        with open(site.config, "w", encoding="utf-8") as file:
            json.dump(config, file)
        site.write("work/cache/page", b"not saved\n")
        self.write(site, "saved", (*FILES, "gone"))
        site.succeed("create", "storage", "--quiet")
        self.write(site, "live", FILES)
        os.remove(f"{site.storage}/work/gone")
        site.write("work/later", b"live later\n")
        self.words = ("restore", self.end, "--quiet")
        return {}

    def ready(self, site):
        """Kills a restore and lets the application work; steps know files by their inodes, which a copy of the site has not."""
        self.kill(site)
        for change in CHANGES.values():
            subprocess.run(["sh", "-c", change], cwd=f"{site.storage}/work", check=True)

    @staticmethod
    def write(site, word, names):
        for name in names:
            site.write(f"work/{name}", f"{word} {name}\n".encode())

    def kill(self, site):
        """Kills a restore when about half of the files are exchanged."""
        log = injection.Log(site.root)
        shutil.copytree(site.app, f"{site.root}/as-it-was", symlinks=True)
        for at in range(self.at, 100):
            injection.fault(site, ("restore", "latest", "--only", "storage", "--yes", "--quiet"), "kill", at, log, injection.NAME)
            if [self.read(site, name) for name in ("f4", "f5")] == ["saved f4", "live f5"]:
                self.at = at
                shutil.rmtree(f"{site.root}/as-it-was")
                check("--undo" in site.run("status").stdout, "status does not name the unfinished restore")
                return
            shutil.rmtree(site.app)
            shutil.copytree(f"{site.root}/as-it-was", site.app, symlinks=True)
        raise Broken("no kill left the restore half done")

    @staticmethod
    def read(site, name):
        try:
            with open(f"{site.storage}/work/{name}", encoding="utf-8") as file:
                return file.read().strip()
        except FileNotFoundError:
            return None

    def after(self, site, told, run, is_kill):
        self.look(site)
        again = site.run(*self.words)
        check(again.returncode == 0 or "no unfinished restore" in again.stderr or "so nothing is left to do" in again.stderr,
              f"repeating it ended with {again.returncode}: {again.stderr}")
        self.look(site)
        for name in ("f4", "f5"):
            check(self.read(site, name) == f"{self.wanted} {name}", f"{name} is not the {self.wanted} one")
        check((self.read(site, "later") == "live later") == (self.wanted == "live"), "what only the live tree has is not as it should be")
        site.succeed("restore", "latest", "--only", "storage", "--yes", "--quiet")
        for name in (*FILES, "gone"):
            check(self.read(site, name) == f"saved {name}", f"restoring once more did not restore {name}")
        self.look(site)

    @staticmethod
    def look(site):
        """All that was live before, and all that the application wrote, is somewhere; what is foreign stays."""
        there = ""
        for directory, _, names in os.walk(site.app):
            for name in names:
                path = os.path.join(directory, name)
                if os.path.isfile(path) and not os.path.islink(path) and os.path.getsize(path) < 1000:
                    with open(path, encoding="utf-8", errors="replace") as file:
                        there += file.read() + "\n"
        wanted = [f"app-{name}" for name in CHANGES if name not in ("f3", "f6")] + [f"live {name}" for name in (*FILES, "later") if name not in ("f6", "f8")]
        lost = [text for text in wanted if not re.search(rf"^{text}$", there, re.MULTILINE)]
        check(not lost, f"nowhere any more: {lost}")
        check(Interrupted.read(site, "cache/page") == "not saved", "something foreign was touched")


class GoneOn(Interrupted):
    """The restore is finished."""

    end, wanted = "--continue", "saved"


class TakenBack(Interrupted):
    """The restore is taken back."""

    end, wanted = "--undo", "live"
