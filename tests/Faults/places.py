#!/usr/bin/env python3
"""Places that cannot be mounted where this runs, in every role that a place can have.

A kernel's NFS and SMB clients, FAT and exFAT are given by the errors that they answer with, injected by places.c. **These are rules from
documentation and from the kernel's sources, named beside each of them, and not from a mount**: what such a place does beyond them is not seen here.
What can be mounted is tried by tests/Places. A second place is written to by rclone, which makes its calls without the C library: there, strace
injects errors.
"""
import argparse
import errno
import glob
import hashlib
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import traceback

from site_under_test import Broken, Site, check

LIBRARY = None  # places.c, compiled; set by whoever begins

# What a call is answered with, and who says so: files of Linux 6.12, or pages of the manual.
SILENT = "ignore"
NFS = {
    "rename:exchange": errno.EINVAL,  # fs/nfs/dir.c, nfs_rename: "if (flags) return -EINVAL"
    "rename:noreplace": errno.EINVAL,  # the same
    "unlink:open": "silly",  # fs/nfs/unlink.c, nfs_sillyrename
    "chown:other": errno.EPERM,  # exports(5), root_squash: root is nobody there
}
SMB = {
    "rename:exchange": errno.EINVAL,  # fs/smb/client/inode.c, cifs_rename2: all flags but RENAME_NOREPLACE
    "rename:open": errno.EACCES,  # fs/smb/client/smb2maperror.c: STATUS_ACCESS_DENIED, which is what Windows says of a file that is open
    "symlink": errno.EOPNOTSUPP,  # fs/smb/client/link.c, cifs_symlink, without mfsymlinks
    "link": errno.EOPNOTSUPP,  # fs/smb/client/link.c, cifs_hardlink, where the server's file system has none
    "fsync:dir": errno.EINVAL,  # fsync(2), and fs/smb/client/cifsfs.c: cifs_dir_ops had no fsync
    "chmod": SILENT,  # mount.cifs(8), "File and directory ownership and permissions"
    "chown:other": SILENT,  # the same
    "mknod": errno.EPERM,  # fs/smb/client/dir.c, cifs_mknod, without sfu
    "name": ":*?<>|",  # mount.cifs(8), mapchars: without it, the server refuses them
    "fold": "yes",  # mount.cifs(8), nocase
}
EXFAT = {
    "rename:exchange": errno.EINVAL,  # fs/exfat/namei.c, exfat_rename: all flags but RENAME_NOREPLACE
    "link": errno.EPERM,  # link(2), and fs/namei.c, vfs_link: no operation of that name
    "symlink": errno.EPERM,  # symlink(2), and fs/namei.c, vfs_symlink
    "mknod": errno.EPERM,  # fs/namei.c, vfs_mknod
    "chmod": SILENT,  # fs/exfat/file.c, exfat_setattr: "ia_valid &= ~ATTR_MODE"
    "chown:other": errno.EPERM,  # the same function
    "name": ":*?<>|",  # fs/exfat/nls.c, bad_uni_chars, and EINVAL of exfat_resolve_path
    "fold": "yes",  # fs/exfat/nls.c, exfat_uniname_ncmp
    "strip": "yes",  # fs/exfat/namei.c, exfat_striptail_len, and fs/fat/namei_vfat.c, vfat_striptail_len
}
FAT = {
    **EXFAT,  # the same in fs/fat/namei_vfat.c (vfat_bad_char, vfat_cmpi) and fs/fat/file.c (fat_setattr)
    "clock": "2",  # fs/fat/misc.c, fat_truncate_mtime: two seconds
}
VBOXSF = {  # no way to give a name that refuses: a look and a rename are left
    "rename:exchange": errno.EINVAL,  # fs/vboxsf/dir.c, vboxsf_dir_rename: "if (flags) return -EINVAL"
    "rename:noreplace": errno.EINVAL,  # the same
    "link": errno.EPERM,  # link(2), and fs/vboxsf/dir.c: no operation of that name
    "mknod": errno.EPERM,  # mknod(2), the same
    "chown:other": SILENT,  # fs/vboxsf/utils.c, vboxsf_setattr: mode, times and size
}
PLACES = {"nfs": NFS, "smb": SMB, "exfat": EXFAT, "fat": FAT, "vboxsf": VBOXSF}

COPIED_FORWARD = 10_000

# What goes wrong once, in one role; the place is NFS's if nothing else is said.
QUOTA, STALE, NO_LOCKS = errno.EDQUOT, errno.ESTALE, errno.ENOLCK


class Place:
    """A site, and one directory of it that answers as a place does."""

    def __init__(self, directory, binary):
        self.site = Site(directory, binary)
        self.site.make(max_backups=3, drill={"dir": f"{directory}/drill"})
        os.makedirs(f"{directory}/drill")

    def run(self, root, rules, *words, event=""):
        """A command for which a directory is such a place."""
        return self.site.run(*words, environment={
            "LD_PRELOAD": LIBRARY, "PLACE_ROOT": root, "PLACE_EVENT": event,
            "PLACE_RULES": " ".join(f"{call}={answer}" for call, answer in rules.items())})

    def ends(self, codes, root, rules, *words, event=""):
        done = self.run(root, rules, *words, event=event)
        check(done.returncode in codes, f"'{' '.join(words)}' ended with {done.returncode}, not {codes}: {done.stderr.strip()}")
        check("   at " not in done.stderr and "internal error" not in done.stderr, done.stderr)
        return done


def contents(tree):
    """Of each regular file, by path."""
    found = {}
    for directory, _, files in os.walk(tree):
        for name in files:
            path = os.path.join(directory, name)
            if not os.path.islink(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, tree)] = hashlib.sha256(file.read()).hexdigest()
    return found


def is_whole(site):
    """What anybody finds who has the repository on a disk."""
    site.age()
    for snapshot in site.snapshots():
        site.state_in(snapshot)
    site.succeed("verify", "--deep")


def backups(place, rules):
    """The backup directory: runs, an unchanged one, checks, rotation."""
    site = place.site
    for step in (1, 2, 3, 4):
        site.change(step)
        place.ends((0,), site.repository, rules, "create")
        check(site.state_in(site.snapshots()[-1]) == site.state(), "the snapshot is not what is there")
    again = json.loads([line for line in place.ends((0,), site.repository, rules, "create", "--json").stdout.splitlines() if '"summary"' in line][-1])
    # What is copied forward, out of a pack that has become mostly unused, is new there.
    check(again["new_bytes"] < COPIED_FORWARD, f"an unchanged site stored {again['new_bytes']} bytes")
    place.ends((0,), site.repository, rules, "verify", "--deep")
    place.ends((0,), site.repository, rules, "rotate", "--max-backups", "1")
    check(len(site.snapshots()) == 1, "rotation kept more than one")
    check(place.run(site.repository, rules, "doctor").returncode in (0, 1), "doctor failed")
    is_whole(site)
    site.succeed("create")
    left = [path for path in site.orphans() if not path.startswith("leases")]
    check(not left, f"left behind: {left}")


def source(place, rules):
    """Both sources. What cannot be read there is said, and nothing else is lost."""
    site = place.site
    place.ends((0,), site.app, rules, "create")
    check(site.state_in(site.snapshots()[-1])[1] == site.state()[1], "the database is not what is there")
    check(contents(f"{restored(place)}/storage") == contents(site.storage), "the tree is not what is there")
    again = json.loads([line for line in place.ends((0,), site.app, rules, "create", "--json").stdout.splitlines() if '"summary"' in line][-1])
    check(again["new_bytes"] < COPIED_FORWARD, f"an unchanged site stored {again['new_bytes']} bytes")


def restored(place):
    out = f"{place.site.root}/restored"
    shutil.rmtree(out, ignore_errors=True)
    place.site.succeed("restore", "latest", "--to", out)
    return out


def target(place, rules):
    """A new directory there, with names that it may not have."""
    site, out = place.site, f"{place.site.root}/there/out"
    os.makedirs(os.path.dirname(out))
    for name in ("a:b", "Anna.jpg", "anna.jpg", "dots.."):
        site.write(f"names/{name}", name.encode())
    site.succeed("create")
    words = ["restore", "latest", "--to", out]
    unfit = (["names/a:b", "names/anna.jpg"] if "name" in rules else []) + (["names/dots.."] if "strip" in rules else [])
    if unfit:
        done = place.ends((1,), os.path.dirname(out), rules, *words)
        check("--rename-unfit" in done.stderr and all(f"storage/{path}" in done.stderr for path in unfit), done.stderr)
        check(not os.path.exists(out), "what was not to be restored in part is there")
        done = place.ends((3,), os.path.dirname(out), rules, *words, "--rename-unfit")
        check(all(f"storage/{path}" in done.stderr for path in unfit), done.stderr)
        there = contents(f"{out}/storage")
        check(sorted(there.values()) == sorted(contents(site.storage).values()), f"content is missing: {sorted(there)}; {done.stderr}")
        shutil.rmtree(out)
        words.append("--keep-going")
    done = place.ends((3,) if unfit else (0, 3), os.path.dirname(out), rules, *words)
    check("as root" not in done.stderr and all(f"storage/{path}" in done.stderr for path in unfit), done.stderr)
    wanted = {path: content for path, content in contents(site.storage).items() if path not in unfit}
    wanted |= {path.rstrip("."): content for path, content in contents(site.storage).items() if path.endswith(".") and path in unfit}
    check(contents(f"{out}/storage") == wanted, f"content is missing: {sorted(wanted.keys() - contents(out + '/storage').keys())}; {done.stderr}")


def in_place(place, rules):
    """Where the site is, over something else, and then again, with nothing there."""
    site = place.site
    site.succeed("create")
    before = contents(site.storage), site.state()[1]
    for ruin in (lambda: site.change(5), lambda: (shutil.rmtree(site.storage), [os.remove(path) for path in glob.glob(f"{site.database}*")])):
        ruin()
        done = place.ends((0, 3), site.app, rules, "restore", "latest", "--yes")
        check("as root" not in done.stderr, done.stderr)
        check((contents(site.storage), site.state()[1]) == before, f"not as it was: {done.stderr}")
        for kept in glob.glob(f"{site.app}/**/*before_restore*", recursive=True):
            shutil.rmtree(kept) if os.path.isdir(kept) else os.remove(kept)
    site.succeed("create")


def drill(place, rules):
    """drill.dir."""
    place.site.succeed("create")
    place.ends((0,), f"{place.site.root}/drill", rules, "drill")
    check(not os.listdir(f"{place.site.root}/drill"), "the drill left something")


def second(place, rules):
    """A second place that is a directory, which rclone writes to."""
    site = place.site
    calls = {"chmod": "fchmodat", "chown:other": "fchownat", "link": "linkat", "symlink": "symlinkat", "fsync:dir": None}
    injected = [f"-e inject={calls[rule]}:error={answer}" for rule, answer in rules.items() if calls.get(rule) and answer != SILENT]
    script = f"{site.root}/rclone"
    with open(script, "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\nexec strace -f -qq -o /dev/null -e trace=fchmodat,fchownat,linkat,symlinkat {' '.join(injected)} -- rclone \"$@\"\n")
    os.chmod(script, 0o755)
    with open(f"{site.root}/rclone.conf", "w", encoding="utf-8"):
        pass
    with open(site.config, encoding="utf-8") as file:
        settings = json.load(file)
    settings["offsite"] = {"remote": f"{site.root}/second", "rclone_config": f"{site.root}/rclone.conf", "rclone": script, "push_after_create": False}
    with open(site.config, "w", encoding="utf-8") as file:
        json.dump(settings, file)
    site.succeed("create")
    site.succeed("offsite", "push")
    site.succeed("offsite", "verify", "--deep")
    site.succeed("restore", "latest", "--from-offsite", "--to", f"{site.root}/fetched")
    check(contents(f"{site.root}/fetched/storage") == contents(site.storage), "what was fetched is not what is there")


ROLES = [backups, source, target, in_place, drill, second]


def full(rules):
    """The user's share of the server is full, which it says late."""
    def role(place, _):
        site = place.site
        site.succeed("create")
        site.change(2)
        done = place.ends((1,), site.repository, {**NFS, **rules}, "create")
        check("is full" in done.stderr or "quota" in done.stderr, f"it does not say that the disk is full: {done.stderr}")
        check(len(site.snapshots()) == 1, "a snapshot was made")
        is_whole(site)
        site.succeed("create")
        check(site.state_in(site.snapshots()[-1]) == site.state(), "the next snapshot is not what is there")
    return role


def without_locks(place, _):
    """A server that has no lock manager: nothing is done without a lock, and that is said."""
    site = place.site
    site.succeed("create")
    done = place.ends((1,), site.repository, {**NFS, "flock": NO_LOCKS}, "create")
    check("lock" in done.stderr.lower(), done.stderr)
    check(len(site.snapshots()) == 1, "a snapshot was made without a lock")
    check("no lock can be taken" in place.run(site.repository, {"flock": NO_LOCKS}, "doctor").stdout, "doctor does not tell")
    is_whole(site)


def stale(rules):
    """A file of the site that the server no longer knows by its handle: it alone is missing, and named."""
    def role(place, _):
        site = place.site
        done = place.ends((3,), site.app, {**NFS, **rules}, "create")
        check("portraits/2.json" in done.stderr, done.stderr)
        there = contents(f"{restored_partially(place)}/storage")
        wanted = contents(site.storage)
        check({path: wanted[path] for path in wanted if path not in there} .keys() <= {"portraits/2.json"}, f"more is missing than that: {sorted(there)}")
        site.succeed("create")
        check(site.state_in(site.snapshots()[-1]) == site.state(), "the next snapshot is not what is there")
    return role


def restored_partially(place):
    out = f"{place.site.root}/partly"
    partial = sorted(os.listdir(f"{place.site.repository}/snapshots"))[0].split(".")[0]
    done = place.site.run("restore", partial, "--to", out)
    check(done.returncode in (0, 3), done.stderr)
    return out


def stale_repository(place, _):
    """Handles in the repository: the run fails and says where, and the next one works."""
    site = place.site
    site.succeed("create")
    site.change(2)
    done = place.ends((1, 3), site.repository, {**NFS, "open@.files.jsonl.gz": STALE}, "create")
    check("tale" in done.stderr, done.stderr)
    done = place.run(site.repository, {**NFS, "read@/packs/": STALE}, "verify", "--deep")
    check(done.returncode == 1, f"verify ended with {done.returncode}")
    is_whole(site)
    site.succeed("create")


def private(place, _):
    """root_squash: root reads what everybody may."""
    site = place.site
    os.chmod(f"{site.storage}/portraits/2.json", 0o600)
    done = place.ends((3,), site.storage, {**NFS, "open:private": errno.EACCES}, "create")
    check("portraits/2.json" in done.stderr, done.stderr)


def lagging(suffix, lag, rules=NFS):
    """Somebody else makes a snapshot in the same second, and a share goes on for some time saying that there is none of that name, or that it cannot be opened."""
    def role(place, _):
        site = place.site
        site.succeed("create")
        site.write("last", b"new")
        theirs = f"for d in {site.repository}/staging/*Z; do echo theirs > {site.repository}/snapshots/$(basename $d).{suffix}; done"
        place.ends((0,), site.root, {**rules, "appear": "/last", **{call: len("theirs\n") for call in lag}}, "create", event=theirs)
        found = [path for path in glob.glob(f"{site.repository}/snapshots/*.{suffix}") if open(path, "rb").read() == b"theirs\n"]
        check(len(found) == 1, f"what the other side made is not there any more: {os.listdir(site.repository + '/snapshots')}")
        os.remove(found[0])
        is_whole(site)
        check(site.state_in(site.snapshots()[-1]) == site.state(), "the snapshot is not what is there")
    return role


def large(place, _):
    """A file that is larger than FAT's largest (here 2 MiB): it is named, and all others come."""
    site, out = place.site, f"{place.site.root}/there/out"
    os.makedirs(os.path.dirname(out))
    site.succeed("create")
    rules = {**FAT, "size": str(2 << 20)}
    done = place.ends((1,), os.path.dirname(out), rules, "restore", "latest", "--to", out)
    check("sparse.bin (" in done.stderr and "cannot be written: File too large" in done.stderr, done.stderr)
    done = place.ends((3,), os.path.dirname(out), rules, "restore", "latest", "--to", out, "--keep-going")
    check("sparse.bin" in done.stderr, done.stderr)
    wanted = contents(site.storage)
    del wanted["sparse.bin"]
    there = contents(f"{out}/storage")
    check({path: there.get(path) for path in wanted} == wanted, "something else is missing, too")


ODD = {
    "full at fsync": full({"fsync:file@pack-": QUOTA}),
    "full at write": full({"write@pack-": QUOTA}),
    "full at close": full({"write@packs.tmp": QUOTA, "close@pack-": QUOTA}),
    "no locks": without_locks,
    "stale on reading": stale({"read@portraits/2.json": STALE}),
    "stale on opening": stale({"open@portraits/2.json": STALE}),
    "stale in the repository": stale_repository,
    "root squashed": private,
    "lagging header": lagging("json", ["lag:status"]),
    "lagging list": lagging("files.jsonl.gz", ["lag:status"]),
    "lagging header that cannot be opened": lagging("json", ["lag:status", "lag:open"]),
    "lagging table that cannot be opened": lagging("packs.jsonl.gz", ["lag:status", "lag:open"]),
    "lagging table where nothing refuses": lagging("packs.jsonl.gz", ["lag:status"], VBOXSF),
    "larger than FAT's largest": large,
}


def attempt(case):
    binary, work, name, role, rules = case
    directory = tempfile.mkdtemp(prefix="places-", dir=work)
    try:
        (ODD[role] if role in ODD else next(one for one in ROLES if one.__name__ == role))(Place(directory, binary), rules)
        return name, None
    except Broken as e:
        return name, str(e)
    except Exception:  # pylint: disable=broad-except
        return name, traceback.format_exc()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def begin(library):
    global LIBRARY
    LIBRARY = library


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--binary", required=True)
    parser.add_argument("--library", required=True, help="places.c, compiled")
    parser.add_argument("--work", required=True, help="a directory to work in")
    parser.add_argument("--only", help="cases whose name holds this")
    parser.add_argument("--counts", help="a file for the totals: passed, failed, skipped")
    given = parser.parse_args()
    work = tempfile.mkdtemp(prefix="places-", dir=given.work)
    binary = os.path.abspath(given.binary)
    cases = [(binary, work, f"{place}: {role.__name__}", role.__name__, rules) for place, rules in PLACES.items() for role in ROLES]
    cases += [(binary, work, name, name, {}) for name in ODD]
    cases = [case for case in cases if not given.only or given.only in case[2]]
    try:
        with multiprocessing.Pool(os.cpu_count(), begin, (os.path.abspath(given.library),)) as pool:
            results = pool.map(attempt, cases, chunksize=1)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    bad = [(name, problem) for name, problem in results if problem]
    for name, problem in bad:
        print(f"  {name}: {problem}")
    print(f"{len(PLACES)} places in {len(ROLES)} roles, and {len(ODD)} errors: {len(cases) - len(bad)} of {len(cases)} as they must be")
    if given.counts:
        with open(given.counts, "w", encoding="utf-8") as file:
            file.write(f"{len(cases) - len(bad)} {len(bad)} 0\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
