"""Pushes that are killed at every moment: what is there is a repository then, and the next push completes it."""
import contextlib
import os
import re
import signal
import subprocess
import time

import reader
import servers
from checks import complete, no_rclone_stays, no_stack, valid, valid_by_itself
from site_under_test import check

ENDS = {signal.SIGKILL: -signal.SIGKILL, signal.SIGTERM: 128 + signal.SIGTERM}


def two_snapshots(checks, remote, **offsite):
    site = checks.site("site", remote, **offsite)
    site.succeed("create", "--quiet")
    site.change(2)
    site.succeed("create", "--quiet")
    return site


def end(site, push, how):
    """Ends a push and sees to it that it took rclone with it."""
    push.send_signal(how)
    try:
        said = push.communicate(timeout=20)
    except subprocess.TimeoutExpired:
        push.kill()
        push.communicate()
        raise
    no_stack(subprocess.CompletedProcess([], 0, *said))
    check(push.returncode == ENDS[how], f"ended with {push.returncode}: {said[1]}")
    no_rclone_stays(site.remote.config)


def holds(site):
    """After whatever happened, with all the time that it takes."""
    valid(site, site.remote)
    valid_by_itself(site, site.remote)
    site.configure(timeout_seconds=60)
    site.push()
    complete(site, site.remote)


def over_s3(checks, remote):
    """The server lets so many uploads through and keeps everything waiting then: a moment that is known exactly."""
    site = two_snapshots(checks, remote)
    with checks("uploads come in the order that keeps the remote a repository"):
        remote.forget()
        site.push()
        names = remote.names("PUT")
        check([rank(name) for name in names] == sorted(rank(name) for name in names), f"uploaded in this order: {names}")
        headers = [name for name in names if reader.HEADER.fullmatch(name)]
        check(headers == sorted(headers) and len(headers) == 2, f"headers went up in this order: {headers}")
        check(sorted(names) == sorted(site.local()), "not each file went up once")
    count = len(site.local())
    for number in range(checks.moments):
        how = signal.SIGTERM if number % 3 == 2 else signal.SIGKILL
        # From before the first upload to before the last.
        after = number * (count - 1) // (checks.moments - 1)
        site.other_place(remote.at(f"killed-{number}"))
        with checks(f"{how.name} after {after} of {count} uploads leaves a repository, and the next push completes it"):
            remote.server.hold_after("PUT", after)
            try:
                push = site.begin("offsite", "push")
                servers.wait_until(lambda: remote.server.is_held() or push.poll() is not None, 60, "an upload is held")
                check(push.poll() is None, "the push was over before")
                end(site, push, how)
            finally:
                remote.server.as_usual()
            holds(site)


def rank(name):
    kinds = [r"repository\.json|RECOVERY\.txt|writer\.json", r"packs/.*", r"snapshots/.*\.gz", r"snapshots/.*\.json"]
    return next(i for i, kind in enumerate(kinds) if re.fullmatch(kind, name))


def over_sftp(checks, remote):
    """A slow line, and a look at the server's disk all the time: killed in the middle of a file when so many bytes have arrived, or when
    so many files have."""
    site = two_snapshots(checks, remote, limit_mb_per_s=2)
    here = site.local()
    wanted = {os.path.basename(name): len(content) for name, content in here.items()}
    size, count = sum(map(len, here.values())), len(here)
    half = checks.moments // 2
    for number in range(checks.moments):
        how = signal.SIGTERM if number % 3 == 2 else signal.SIGKILL
        place = remote.at(f"killed-{number}")
        site.other_place(place)
        if number < half:
            what, measure, enough = "bytes", lambda: half_arrived(place.top, wanted), max(1, number * size // half)
        else:
            what, measure, enough = "files", lambda: arrived(place.top)[1], 1 + (number - half) * (count - 1) // (checks.moments - half)
        with checks(f"{how.name} when {enough} of {size if what == 'bytes' else count} {what} are there leaves a repository, and the next push completes it"):
            push = site.begin("offsite", "push")
            while push.poll() is None and measure() < enough:
                pass
            check(push.poll() is None, "the push was over before")
            end(site, push, how)
            # What was on its way arrives.
            servers.wait_until(lambda: not servers.descendants(remote.server.server.process.pid), 10, "the sessions end")
            holds(site)


def arrived(top):
    """Sizes of all files that are there, and the number of those that have their final names."""
    sizes, final = [], 0
    for directory, _, names in os.walk(top):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                sizes.append(os.path.getsize(os.path.join(directory, name)))
                final += "/incoming" not in directory[len(top):]
    return sizes, final


def half_arrived(top, wanted):
    """How many bytes are there at a moment when some file is there in part; else 0."""
    total, is_half = 0, False
    for directory, _, names in os.walk(top):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                size = os.path.getsize(os.path.join(directory, name))
                total, is_half = total + size, is_half or size < wanted.get(name, 0)
    return total if is_half else 0
