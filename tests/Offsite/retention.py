"""What is removed there: under its own rules, in the order that keeps a repository, and nothing without rules."""
import signal

import reader
import servers
from checks import fails
from kills import end
from remotes import S3
from site_under_test import check


def rules(checks, remote):
    site = checks.site("site", remote, media=0.2)
    for step in range(1, 5):
        site.change(step)
        site.succeed("create", "--quiet", "--no-rotate")
    site.push()
    all_four, copies = site.snapshots(), site.local()
    with checks("without rules nothing is removed there, whatever is removed here"):
        remote.forget()
        site.succeed("rotate", "--max-backups", "2", "--quiet")
        site.push()
        check(there(remote) == all_four, f"there are {there(remote)}")
        if isinstance(remote, S3):
            check(not remote.names("DELETE") and not bulk(remote), "something was asked to be deleted")
    if isinstance(remote, S3):
        forbidden(checks, site, remote)
        while_deleting(checks, site, remote, copies)
    everything = there(remote)
    for what, end_of_name in (("header", ".json"), ("table", ".packs.jsonl.gz")):
        # Of a snapshot that is to stay and is only there: of others, what is here tells. One older one is to go.
        hurt = f"snapshots/{all_four[1]}{end_of_name}"
        with checks(f"a {what} that cannot be read there keeps every pack"):
            content, before = remote.get(hurt), packs(remote)
            remote.put(hurt, content[:-5] + b"xxx}\n")
            try:
                site.configure(max_backups=len(everything) - 1)
                done = site.run("offsite", "push")
                check(done.stderr.strip(), "nothing is said")
                check(packs(remote) == before, f"removed {before - packs(remote)}")
            finally:
                remote.put(hurt, content)
        site.configure(max_backups=None)
        site.run("offsite", "push")
    with checks("with max_backups the newest stay, with their packs and nothing else"):
        site.configure(max_backups=3)
        site.push()
        check(there(remote) == everything[-3:], f"there are {there(remote)} of {everything}")
        tidy(remote)
    with checks("a push that fails removes nothing"):
        site.change(5)
        site.succeed("create", "--quiet", "--no-rotate")
        before = sorted(remote.list())
        site.configure(max_backups=1, rclone="/bin/false")
        done = site.run("offsite", "push")
        fails(done, 1)
        check(sorted(remote.list()) == before, "something changed")
        site.configure(rclone="rclone")
    with checks("with max_backups 1 the newest is left, and it is whole"):
        site.push()
        check(there(remote) == site.snapshots()[-1:], f"there are {there(remote)}")
        tidy(remote)
        site.succeed("offsite", "verify", "--deep")
        out = f"{checks.root}/out"
        site.bare(f"{checks.root}/bare").far("restore", "latest", "--from-offsite", "--to", out, "--quiet")


def there(remote):
    return reader.whole_snapshots(remote.files())


def packs(remote):
    return {name for name in remote.list() if name.startswith("packs/")}


def bulk(remote):
    return [path for method, path in remote.server.requests() if method == "POST"]


def tidy(remote):
    """No pack but the ones that are needed, no list without its header."""
    files = remote.files()
    wanted = {"repository.json", "RECOVERY.txt", "writer.json"}
    for snapshot in reader.whole_snapshots(files):
        header = reader.sealed("header", files[f"snapshots/{snapshot}.json"])
        wanted |= {f"snapshots/{snapshot}{end}" for end in (".json", ".files.jsonl.gz", ".packs.jsonl.gz")} | set(reader.packs_of(files, header))
    check(set(files) == wanted, f"too many: {sorted(set(files) - wanted)}; missing: {sorted(wanted - set(files))}")


def forbidden(checks, site, remote):
    """Credentials that may not delete."""
    with checks("where deleting is forbidden, a push without rules works"):
        remote.server.fail("DELETE", 10**9, 403)
        site.change(9)
        site.succeed("create", "--quiet", "--no-rotate")
        site.push()
        check(site.snapshots()[-1] in there(remote), "the new snapshot is not there")
    with checks("and one with rules says what it may not, and leaves a repository"):
        before = there(remote)
        site.configure(max_backups=1)
        done = site.run("offsite", "push", timeout=90)
        check(done.stderr.strip(), f"nothing is said; exit code {done.returncode}")
        check(there(remote) == before, f"there are {there(remote)}")
        remote.server.as_usual()
        site.configure(max_backups=None)


def while_deleting(checks, site, remote, copies):
    """Killed between deletions, each time a little later."""
    files = remote.files()
    place = remote.at("killed")
    for name, content in files.items():
        place.put(name, content)
    site.other_place(place, max_backups=1)
    local = dict(copies) | site.local()
    after = 0
    while after < 40:
        with checks(f"killed after {after} deletions more, a repository is left") as _:
            remote.server.hold_after("DELETE", after)
            push = site.begin("offsite", "push")
            servers.wait_until(lambda: remote.server.is_held() or push.poll() is not None, 60, "a deletion is held")
            is_over = push.poll() is not None
            if not is_over:
                end(site, push, signal.SIGKILL)
            remote.server.as_usual()
            push.communicate()
            found = reader.whole_snapshots(place.files())
            check(site.snapshots()[-1] in found, f"the newest is gone, there are {found}")
            check(all(local[name] == content for name, content in place.files().items()), "a file changed")
        remote.server.as_usual()
        if is_over:
            break
        after += 1
    with checks("and at the end the rules are kept"):
        site.push()
        check(there(place) == site.snapshots()[-1:], f"there are {there(place)}")
        tidy(place)
    site.other_place(remote, max_backups=None)
