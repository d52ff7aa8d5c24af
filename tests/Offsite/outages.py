"""Servers that stop, hang, refuse and are full: a push ends soon and says so, and what is there is a repository."""
import contextlib
import os
import subprocess
import time

import servers
from checks import complete, fails, no_rclone_stays, valid, valid_by_itself
from kills import arrived, holds, two_snapshots
from remotes import S3
from site_under_test import check

# Seconds without progress: so few where a push is to give up, else enough for a machine that is busy.
PATIENCE, PLENTY = 5, 60


def finish(push, seconds):
    """Waits for a push that is to end by itself."""
    try:
        said = push.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        push.kill()
        push.communicate()
        raise TimeoutError(f"the push did not end within {seconds} s") from None
    return subprocess.CompletedProcess([], push.returncode, *said)


def over_s3(checks, remote):
    site, server = two_snapshots(checks, remote, timeout_seconds=PLENTY), remote.server
    count = len(site.local())
    with checks("three requests answered with 503 are no trouble"):
        server.fail("PUT", 3)
        site.push()
        complete(site, remote)
        server.as_usual()
    # What clients see of it: were all killed, listings would wait for a process of Swift's that does not run here.
    for after in (0, count // 2, count - 1):
        stricken(checks, site, remote.at(f"dead-{after}"), after, f"the server killed after {after} uploads",
                 lambda: server.stop("proxy"), lambda: server.start("proxy"))
    stricken(checks, site, remote.at("object"), 4, "the storage behind it killed after 4 uploads", lambda: server.stop("object"), lambda: server.start("object"))


def that_hang(checks, remote):
    site, server = two_snapshots(checks, remote, timeout_seconds=PLENTY), remote.server
    for after in (2, len(site.local()) - 2):
        stricken(checks, site, remote.at(f"hung-{after}"), after, f"the server stopped dead after {after} uploads", server.pause, server.go_on)
    hung(checks, site, remote)


def stricken(checks, site, place, after, what, strike, heal):
    server = place.server
    site.other_place(place, timeout_seconds=PATIENCE)
    with checks(f"{what}: the push ends soon with exit code 1, a repository is left, and the next push completes it"):
        server.hold_after("PUT", after)
        push = site.begin("offsite", "push")
        try:
            servers.wait_until(lambda: server.is_held() or push.poll() is not None, 60, "an upload is held")
            strike()
            server.as_usual()
            fails(finish(push, 60), 1)
            no_rclone_stays(place.config)
        finally:
            push.kill()
            server.as_usual()
            heal()
        holds(site)


def hung(checks, site, remote):
    """A server that takes the connection and never answers."""
    site.other_place(remote, timeout_seconds=PATIENCE)
    for words in (["list", "--from-offsite"], ["offsite", "status"], ["offsite", "verify"], ["restore", "latest", "--from-offsite", "--to", f"{checks.root}/never"]):
        with checks(f"'{' '.join(words[:2])}' of a server that hangs ends soon with exit code 1"):
            remote.server.pause()
            try:
                fails(site.run(*words, timeout=60), 1)
            finally:
                remote.server.go_on()
    with checks("a restore that met it left nothing"):
        check(not os.path.exists(f"{checks.root}/never"), "its directory is there")
    with checks("create saves while it hangs, and says that the copy failed"):
        site.configure(push_after_create=True)
        remote.server.pause()
        try:
            done = site.run("create", timeout=90)
        finally:
            remote.server.go_on()
        check(done.returncode == 0, f"exit code {done.returncode}: {done.stderr}")
        check("second place" in done.stderr, f"nothing is said: {done.stderr}")
        site.configure(timeout_seconds=PLENTY)
        site.push()
        complete(site, remote)


def over_sftp(checks, remote):
    site, server = two_snapshots(checks, remote, timeout_seconds=PLENTY, limit_mb_per_s=2), remote.server
    size = sum(map(len, site.local().values()))
    for percent in (20, 50, 80):
        place = remote.at(f"dropped-{percent}")
        site.other_place(place)
        with checks(f"connections cut at {percent} %: the push goes on or ends with exit code 1, and the next completes it"):
            push = begin_until(site, size * percent // 100)
            server.drop_sessions()
            done = finish(push, 60)
            if done.returncode != 0:
                fails(done, 1)
            holds(site)
    for percent in (0, 30, 70):
        place = remote.at(f"dead-{percent}")
        site.other_place(place, timeout_seconds=PATIENCE)
        with checks(f"the server killed at {percent} %: the push ends soon with exit code 1, and the next completes it"):
            push = begin_until(site, size * percent // 100)
            server.stop()
            try:
                fails(finish(push, 60), 1)
            finally:
                push.kill()
                server.start()
            holds(site)
    site.other_place(remote.at("hung"), timeout_seconds=PATIENCE)
    with checks("the server stopped dead: the push ends soon with exit code 1, and the next completes it"):
        push = begin_until(site, size // 2)
        server.pause()
        try:
            fails(finish(push, 60), 1)
            no_rclone_stays(remote.config)
        finally:
            push.kill()
            server.go_on()
        holds(site)


def begin_until(site, enough):
    """A push that has brought so many bytes."""
    push = site.begin("offsite", "push")
    while push.poll() is None and sum(arrived(site.remote.top)[0]) < max(1, enough):
        time.sleep(0.001)
    check(push.poll() is None, "the push was over before")
    return push


@contextlib.contextmanager
def small_disk(path, megabytes):
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", path], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", path], check=True)


def full(checks, kind):
    """A disk there that is too small, and made larger then."""
    if os.getuid() != 0:
        checks.skip("a disk that is full there", "only root can mount a small one")
        return
    disk = checks.place("disk")
    with small_disk(disk, 4):
        try:
            os.setxattr(disk, "user.test", b"x")
        except OSError:
            if kind is S3:
                checks.skip("a disk that is full there", "this kernel's tmpfs keeps no attributes, which the server needs")
                return
        remote = kind(checks.place("server"), disk)
        site = checks.site("site", remote, timeout_seconds=PLENTY)
        site.succeed("create", "--quiet")
        with checks("while there is room, a push succeeds"):
            site.push()
            complete(site, remote)
        site.media = 4
        site.change(2)
        site.succeed("create", "--quiet")
        with checks("on a full disk there, a push ends soon with exit code 1"):
            site.configure(timeout_seconds=PATIENCE)
            fails(finish(site.begin("offsite", "push"), 90), 1)
        with checks("what is there is a repository still, with the earlier snapshot"):
            check(valid(site, remote) == site.snapshots()[:1], "it has other snapshots")
            valid_by_itself(site, remote)
        with checks("with more room the next push completes it"):
            subprocess.run(["mount", "-o", "remount,size=100m", disk], check=True)
            site.configure(timeout_seconds=PLENTY)
            site.push()
            complete(site, remote)
        remote.server.stop()
