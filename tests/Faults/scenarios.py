"""What the program does while a fault comes, and what must hold afterwards."""
import contextlib
import glob
import os
import shutil

from injection import Log, fault
from site_under_test import Broken, Site, check, state_of


def is_done(run):
    """Whether a restore says that it is: 3 is one that has all content, but not all links between names."""
    return run.returncode in (0, 3)


class Scenario:
    """Something the program does, on a site prepared for it."""

    words = ("create",)
    settings = {}
    place = Site

    def prepare(self, site):
        """Makes snapshots; returns what is to be known later."""
        site.make(**self.settings)
        known = []
        for step in (1, 2):
            site.change(step)
            site.succeed("create", "--quiet", "--no-rotate")
            known.append((site.snapshots()[-1], site.state()))
        site.change(3)
        site.leave_log(3)
        return {"known": known, "live": site.state()}

    def ready(self, site):
        """Brings about what a copy of the site has not."""

    def after(self, site, told, run, is_kill):
        """What must hold after the fault."""
        raise NotImplementedError


class Create(Scenario):
    """A run that stores something new and removes the oldest snapshot."""

    settings = {"max_backups": 2}

    def after(self, site, told, run, is_kill):
        check(site.state() == told["live"], "the site was changed")
        known = dict(told["known"])
        if not known and site.run("list").returncode == 10:
            check(is_kill or run.returncode in (1, 2, 10), f"there is no repository after exit code {run.returncode}")
            there = []
        else:
            there = site.snapshots()
            site.succeed("verify", "--deep")
        newest = told["known"][-1][0] if known else None
        check(not known or newest in there, f"snapshot {newest} is gone")
        new = [i for i in there if i not in known]
        check(is_kill or (len(new) == 1) == (run.returncode in (0, 3)) or "rotat" in run.stderr or run.returncode == 1,
              f"{len(new)} new snapshots after exit code {run.returncode}")
        for snapshot in there[-2:]:
            if snapshot in new and site.is_partial(snapshot):
                # It says that something is missing, which may be a whole half.
                check(is_kill or run.returncode in (1, 3), f"a partial snapshot after exit code {run.returncode}")
                partial = site.run("restore", snapshot, "--to", f"{site.root}/partial", "--quiet")
                check(partial.returncode in (0, 3), f"a partial snapshot cannot be restored: exit code {partial.returncode}, {partial.stderr}")
            else:
                check(site.state_in(snapshot) == known.get(snapshot, told["live"]), f"snapshot {snapshot} is not what was saved")
        if not is_kill and run.returncode == 1:
            check(os.path.exists(site.failures), "the failure was not told")
        self.go_on(site, told)

    @staticmethod
    def go_on(site, told):
        """The next run needs nobody's help and leaves nothing behind."""
        before = site.snapshots() if os.path.exists(f"{site.repository}/repository.json") else []
        site.age()
        site.succeed("create", "--quiet")
        there = site.snapshots()
        check(there[-1] not in before, "the next run made no snapshot")
        check(site.state_in(there[-1]) == told["live"], "the next run's snapshot is not what is there")
        check(site.orphans() == [], f"orphans: {site.orphans()}")
        site.succeed("verify", "--deep")


class First(Create):
    """The run that makes the repository."""

    def prepare(self, site):
        site.make(**self.settings)
        return {"known": [], "live": site.state()}


class Resumed(Create):
    """A run that continues one that was killed."""

    def prepare(self, site):
        told = super().prepare(site)
        log = Log(site.root)
        for at in range(10, 300):
            fault(site, self.words, "kill", at, log)
            left = site.orphans()
            if any(name.startswith("packs/") for name in left) and any(name.startswith("staging/") for name in left):
                return told
        raise Broken("no killed run left anything to continue")


class Rotate(Scenario):
    """A rotation that frees packs."""

    words = ("rotate", "--max-backups", "1")

    def after(self, site, told, run, is_kill):
        there = site.snapshots()
        known = dict(told["known"])
        check(there and there[-1] == told["known"][-1][0], "the newest snapshot is gone")
        check(is_kill or run.returncode != 0 or len(there) == 1 or "is damaged: its header" in run.stderr, "a rotation that succeeded removed nothing")
        site.succeed("verify", "--deep")
        for snapshot in there:
            check(site.state_in(snapshot) == known[snapshot], f"snapshot {snapshot} is not what was saved")
        Create.go_on(site, told)
        site.succeed(*self.words)
        check(len(site.snapshots()) == 1 and site.orphans() == [], f"orphans: {site.orphans()}")


class Restore(Scenario):
    """A whole site that goes back in place."""

    turns = 0

    def prepare(self, site):
        told = super().prepare(site)
        self.words = ("restore", told["known"][0][0], "--yes", "--quiet")
        return told

    def after(self, site, told, run, is_kill):
        old, new = told["live"], told["known"][0][1]
        live = site.state()
        for half, name in ((0, "storage"), (1, "database")):
            check(live[half] in (old[half], new[half]), f"the {name} is neither the old nor the new one")
            check(live[half] == old[half] or old[half] in self.aside(site, half, is_done(run)), f"the old {name} is not kept")
        if not is_kill and "taking back" not in run.stderr:
            check(live == (new if is_done(run) else old), f"the site is not {'restored' if is_done(run) else 'as it was'} after exit code {run.returncode}")
        for snapshot, state in told["known"]:
            check(site.state_in(snapshot) == state, f"snapshot {snapshot} is not what was saved")
        self.settle(site, old, new, live)
        site.succeed(*self.words)
        check(site.state() == new, "restoring once more did not restore")
        return "mixed" if live not in (old, new) else None

    @staticmethod
    def settle(site, old, new, live):
        """What was killed half way is said by status, and is finished or taken back, each of them every other time."""
        if site.run("restore", "latest", "--dry-run").returncode == 0:
            check(live in (old, new), "a site that is half restored is not refused")
            return
        check("--undo" in site.run("status").stdout, "status does not name the unfinished restore")
        Restore.turns += 1
        wanted = old if Restore.turns % 2 else new
        words = ("restore", "--undo" if wanted is old else "--continue", "--quiet")
        if site.run(*words).returncode != 0:
            words = ("restore", "--undo", "--quiet")
            wanted = old
            site.succeed(*words)
        check(site.state() == wanted, f"'{' '.join(words)}' did not lead where it should")

    @staticmethod
    def aside(site, half, is_done):
        """The digests of what is kept beside; after a restore that is done only under the name that it gives."""
        found = []
        patterns = ("/storage.before_restore_*", "/.storage*restore_*") if half == 0 else ("/data/app.db.before_restore_*", "/data/.*restore_*/app.db")
        for path in [found for pattern in patterns[:1 if is_done else 2] for found in glob.glob(site.app + pattern)]:
            with contextlib.suppress(Exception):
                found.append(state_of(path, site.database)[0] if half == 0 else state_of(site.storage, path)[1])
        return found


class Files(Scenario):
    """Some files that go back in place, each by itself."""

    def prepare(self, site):
        told = super().prepare(site)
        snapshot, out = told["known"][0][0], f"{site.root}/out"
        site.succeed("restore", snapshot, "--to", out, "--path", "/storage/videos", "--path", "/storage/portraits/*.json", "--quiet")
        told |= {"old": contents(site.storage), "new": contents(f"{out}/storage")}
        shutil.rmtree(out)
        self.words = ("restore", snapshot, "--path", "/storage/videos", "--path", "/storage/portraits/*.json", "--yes", "--quiet")
        return told

    def after(self, site, told, run, is_kill):
        old, new, live = told["old"], told["new"], contents(site.storage)
        check(site.state()[1] == told["live"][1], "the database was changed")
        for path, content in old.items():
            check(live.get(path) in (content, new.get(path)), f"{path} is neither the old nor the new one")
            check(live[path] == content or content in [contents(d)[f] for d, f in self.aside(site, path)], f"the old {path} is not kept")
        for path in live:
            check(path in old or path in new or "before_restore_" in path, f"{path} came from nowhere")
        if not is_kill and "taking back" not in run.stderr:
            wanted = {**old, **new} if is_done(run) else old
            check({p: c for p, c in live.items() if "before_restore_" not in p} == wanted, f"the files are not right after exit code {run.returncode}")
        if site.run("restore", "latest", "--dry-run").returncode != 0:
            site.succeed("restore", "--undo", "--quiet")
            check({p: c for p, c in contents(site.storage).items() if "before_restore_" not in p} == old, "the files are not what they were before it was taken back")
        site.succeed(*self.words)
        live = contents(site.storage)
        check(all(live[path] == content for path, content in new.items()), "restoring once more did not restore")

    @staticmethod
    def aside(site, path):
        """Where a file may be kept: beside its place if it is alone, with others in one directory, or in what a killed restore left."""
        found = [(os.path.dirname(f), os.path.basename(f)) for f in glob.glob(glob.escape(f"{site.storage}/{path}") + ".before_restore_*")]
        together = glob.glob(f"{site.app}/storage.before_restore_*") + glob.glob(f"{site.app}/.storage.restore_*")
        return found + [(d, path) for d in together if os.path.exists(f"{d}/{path}")]


def contents(directory):
    """What each file below a directory holds."""
    found = {}
    for parent, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(parent, name)
            if not os.path.islink(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, directory)] = file.read()
    return found


class Aside(Scenario):
    """A whole site restored into a new directory."""

    def prepare(self, site):
        told = super().prepare(site)
        self.words = ("restore", told["known"][0][0], "--to", f"{site.root}/aside", "--quiet")
        return told

    def after(self, site, told, run, is_kill):
        check(site.state() == told["live"], "the site was changed")
        there = f"{site.root}/aside"
        if is_done(run):
            check(state_of(f"{there}/storage", f"{there}/app/app.db") == told["known"][0][1], "what was restored is not what was saved")
        elif os.path.exists(there):
            check(is_kill or run.dead_disk, "a restore that failed left its directory")
            if os.listdir(there) and not os.path.exists(f"{there}/RESTORE-IS-NOT-FINISHED"):
                check(state_of(f"{there}/storage", f"{there}/app/app.db") == told["known"][0][1], "an unfinished restore is not marked")
        site.succeed("verify", "--deep")
