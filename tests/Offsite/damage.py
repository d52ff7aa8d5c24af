"""Files there that are cut short, changed or gone: found, never restored, and mended from here."""
import os
import shutil

import reader
from checks import complete, fails
from remotes import S3
from site_under_test import check


def bytes_changed(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0x20]) + content[middle + 1:]


def cut(content):
    return content[:-100]


def gone(_):
    return None


# What is hurt, how, and whether a look without downloads of packs must find it: always, or where the server has checksums.
KINDS = [
    ("pack", gone, "always"), ("pack", cut, "always"), ("pack", bytes_changed, "checksums"), ("files", bytes_changed, "always"),
    ("packs", gone, "always"), ("packs", bytes_changed, "always"), ("header", cut, "always"), ("header", bytes_changed, "always"),
]


def found_and_mended(checks, remote):
    site = checks.site("site", remote, media=0.5)
    site.succeed("create", "--quiet")
    site.change(2)
    site.succeed("create", "--quiet")
    site.push()
    first, newest = site.snapshots()
    here = site.local()
    for number, (what, how, quick) in enumerate(KINDS):
        # Each is the same road on each server, where checksums make no difference: half of them are enough.
        if quick == "always" and number % 2 != isinstance(remote, S3):
            continue
        name = victim(here, newest, what)
        title = f"{what} {how.__name__.replace('_', ' ')}"
        with checks(f"{title}: verify finds and names it"):
            hurt(remote, name, how(here[name]))
            if quick == "always" or isinstance(remote, S3):
                named(site.run("offsite", "verify"), name)
            if quick != "always":
                named(site.run("offsite", "verify", "--sample", "100"), name)
            if quick != "always" or what == "files":
                named(site.run("offsite", "verify", "--deep"), name)
        if how is not cut:
            never_restored(checks, site, title, first, newest)
        with checks(f"{title}: the next push mends it"):
            site.push()
            complete(site, remote)
    with checks("then verify --deep is content"):
        site.succeed("offsite", "verify", "--deep")
    without_verify(checks, site, victim(here, newest, "pack"), here)


def victim(here, snapshot, what):
    """The file of that kind which the newest snapshot needs and no other has."""
    if what != "pack":
        return f"snapshots/{snapshot}" + (".json" if what == "header" else f".{what}.jsonl.gz")
    wanted = reader.packs_for(here, snapshot, lambda path: path == "storage/videos/2.mp4")
    return next(name for name in here if any(pack in name for pack in wanted))


def hurt(remote, name, content):
    if content is None:
        remote.delete(name)
    else:
        remote.put(name, content)


def named(done, name):
    """Which pack it is, or of which snapshot."""
    check(done.returncode == 1, f"exit code {done.returncode}: {done.stdout} {done.stderr}")
    word = os.path.basename(name).split(".")[0]
    check(word[:12] in done.stdout + done.stderr, f"{name} is not named: {done.stdout} {done.stderr}")


def never_restored(checks, site, title, first, newest):
    bare, out = site.bare(f"{checks.root}/bare"), f"{checks.root}/out"
    with checks(f"{title}: it is not restored, and the snapshot before is"):
        done = bare.run("restore", newest, "--from-offsite", "--to", out, "--remote", site.remote.address, "--rclone-config", site.remote.config)
        fails(done, done.returncode if done.returncode in (1, 3) else 1)
        check(not os.path.exists(out), f"something was restored: {os.listdir(out) if os.path.exists(out) else ''}")
        bare.far("restore", first, "--from-offsite", "--to", out, "--quiet")
    shutil.rmtree(out, ignore_errors=True)
    shutil.rmtree(bare.repository, ignore_errors=True)
    bare = site.bare(f"{checks.root}/bare")
    with checks(f"{title}: pull takes only what is whole, and says so"):
        done = bare.run("offsite", "pull", "--remote", site.remote.address, "--rclone-config", site.remote.config)
        fails(done, 1)
        bare.succeed("verify", "--deep")
        pulled = [name for name in os.listdir(f"{bare.repository}/snapshots") if name.endswith("Z.json")]
        check(pulled == [f"{first}.json"], f"pulled {pulled}")
    shutil.rmtree(bare.repository, ignore_errors=True)


def without_verify(checks, site, name, here):
    """A push sees sizes by itself."""
    with checks("a push replaces what has another size there, with a warning"):
        site.remote.put(name, cut(here[name]))
        done = site.run("offsite", "push")
        check(done.returncode == 0, f"exit code {done.returncode}: {done.stderr}")
        check("warning" in done.stderr.lower(), f"no warning: {done.stderr}")
        complete(site, site.remote)
    with checks("a push brings back what is gone there"):
        site.remote.delete(name)
        site.push()
        complete(site, site.remote)
