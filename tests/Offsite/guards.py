"""What must not happen: another's repository, others' eyes on secrets, two at once in one place."""
import os
import shutil
import subprocess
import time

import reader
import s3_server
import servers
from checks import Watch, complete, fails, no_stack, valid
from remotes import contents
from site_under_test import check


def over_s3(checks, remote):
    site = checks.site("site", remote)
    site.succeed("create", "--quiet")
    with checks("no process shows the secret while a push runs, and nothing says it"):
        with Watch([remote.secret]) as watch:
            said = [site.run("offsite", "push", "--verbose"), site.run("offsite", "push", "--json"), site.run("offsite", "status", "--verbose")]
        check(watch.seen, "rclone was never seen")
        check(not watch.found, f"a process shows it: {watch.found[:1]}")
        unsaid(site, remote.secret, said)
        complete(site, remote)
    wrong_credentials(checks, site, remote)
    others(checks, site, remote)
    at_once(checks, site, remote)
    missing(checks, site, remote)
    lies(checks, site, {"copy": [1, 2, 3]})


def unsaid(site, secret, said):
    for run in said:
        no_stack(run)
        check(secret not in run.stdout + run.stderr, f"the secret is in: {run.stdout} {run.stderr}")
    for name, content in contents(site.repository).items():
        check(secret.encode() not in content, f"the secret is in {name}")


def wrong_credentials(checks, site, remote):
    secret = "a-wrong-secret-4d1e"
    wrong = remote.write_config(f"{checks.root}/wrong.conf", s3=remote.section(secret_access_key=secret))
    site.configure(rclone_config=wrong, push_after_create=True)
    for words in (["offsite", "push"], ["offsite", "status"], ["offsite", "verify"], ["list", "--from-offsite"]):
        with checks(f"wrong credentials: '{' '.join(words)}' ends within seconds with exit code 1 and a sentence, and without the secret"):
            began = time.monotonic()
            with Watch([secret]) as watch:
                done = site.run(*words)
            check(time.monotonic() - began < 15, f"after {time.monotonic() - began:.0f} s")
            fails(done, 1)
            check(len(done.stderr.strip().splitlines()) <= 4, f"more than a sentence: {done.stderr}")
            check(not watch.found, f"a process shows the secret: {watch.found[:1]}")
            unsaid(site, secret, [done])
    with checks("wrong credentials: create saves, ends with exit code 0 and warns"):
        site.change(2)
        done = site.run("create")
        check(done.returncode == 0, f"exit code {done.returncode}: {done.stderr}")
        check("warning: " in done.stderr and "second place" in done.stderr, f"no warning: {done.stderr}")
        unsaid(site, secret, [done])
    with checks("and status tells of it without asking the server"):
        remote.forget()
        done = site.run("status")
        check("off-site" in done.stdout.lower() or "offsite" in done.stdout.lower(), f"it does not: {done.stdout}")
        check(done.returncode == 1, f"exit code {done.returncode}: {done.stdout}")
        check(not remote.server.requests(), "it asked")
    site.configure(rclone_config=remote.config, push_after_create=False)
    with checks("with the right ones the next push completes, and status is content"):
        site.push()
        complete(site, remote)
        site.succeed("offsite", "verify")
        site.succeed("status")


def others(checks, site, remote):
    stranger = checks.site("stranger", remote, media=0.2)
    stranger.succeed("create", "--quiet")
    before = remote.list()
    with checks("a place with another repository is refused, and nothing is written to it"):
        fails(stranger.run("offsite", "push"), 1, "prefix")
        check(remote.list() == before, "something changed")
    with checks("nor is another repository pulled into one"):
        fails(stranger.run("offsite", "pull"), 1)
        check(len(stranger.snapshots()) == 1, "it has other snapshots now")
    first, second = remote.at("hosts/one"), remote.at("hosts/two")
    site.other_place(first)
    stranger.other_place(second)
    with checks("two hosts push to one bucket under different prefixes at once"):
        pushes = [one.begin("offsite", "push") for one in (site, stranger)]
        for push in pushes:
            said = push.communicate(timeout=90)
            check(push.returncode == 0, f"exit code {push.returncode}: {said[1]}")
        complete(site, first)
        complete(stranger, second)
    with checks("a copy of a backup directory, which is the same repository, is refused, and nothing changes there"):
        clone = checks.site("clone", first, media=0.2)
        shutil.rmtree(clone.repository)
        shutil.copytree(site.repository, clone.repository)
        clone.succeed("create", "--quiet", "--no-offsite", "--accept-shrink")
        before = first.list()
        fails(clone.run("offsite", "push"), 1, f"belongs to another copy of this repository, on this machine in {site.repository}")
        check(first.list() == before, "something changed")
        complete(site, first)
    site.other_place(remote)


def at_once(checks, site, remote):
    place = remote.at("at-once")
    site.other_place(place)
    with checks("of two pushes of one repository at once the second ends with exit code 11"):
        remote.server.hold_after("PUT", 2)
        push = site.begin("offsite", "push")
        try:
            servers.wait_until(lambda: remote.server.is_held() or push.poll() is not None, 60, "an upload is held")
            fails(site.run("offsite", "push"), 11)
        finally:
            remote.server.as_usual()
        said = push.communicate(timeout=60)
        check(push.returncode == 0, f"the first ended with {push.returncode}: {said[1]}")
        complete(site, place)
    with checks("a rotation beside a push takes nothing that the push needs"):
        site.change(3)
        site.succeed("create", "--quiet", "--no-rotate")
        again = remote.at("rotated")
        site.other_place(again)
        here = site.local()
        remote.server.hold_after("PUT", 3)
        push = site.begin("offsite", "push")
        try:
            servers.wait_until(lambda: remote.server.is_held() or push.poll() is not None, 60, "an upload is held")
            site.run("rotate", "--max-backups", "1", "--quiet")
        finally:
            remote.server.as_usual()
        said = push.communicate(timeout=60)
        check(push.returncode == 0, f"exit code {push.returncode}: {said[1]}")
        check(set(again.files()) <= set(here) and valid_there(again), "not a repository")
    with checks("create beside a push works, and the next push completes"):
        newest = remote.at("beside")
        site.other_place(newest)
        remote.server.hold_after("PUT", 3)
        push = site.begin("offsite", "push")
        try:
            servers.wait_until(lambda: remote.server.is_held() or push.poll() is not None, 60, "an upload is held")
            site.change(4)
            site.succeed("create", "--quiet")
        finally:
            remote.server.as_usual()
        push.communicate(timeout=60)
        valid(site, newest)
        site.push()
        complete(site, newest)
    site.other_place(remote)


def valid_there(remote):
    return reader.whole_snapshots(remote.files())


def missing(checks, site, remote):
    with checks("no rclone: one sentence that says how to get it"):
        site.configure(rclone="/nonexistent/rclone")
        fails(site.run("offsite", "push"), 1, "rclone")
        site.configure(rclone="rclone")
    with checks("no configuration of rclone: named"):
        site.configure(rclone_config=f"{checks.root}/nowhere.conf")
        done = site.run("offsite", "push")
        check(done.returncode in (1, 2), f"exit code {done.returncode}")
        fails(done, done.returncode, "nowhere.conf")
        site.configure(rclone_config=remote.config)
    with checks("a remote that rclone does not know: named"):
        site.configure(remote="nobody:museum/site")
        fails(site.run("offsite", "push"), 1, "nobody")
        site.configure(remote=remote.address)
    with checks("a bucket that is not there is made or refused, not passed over"):
        away = f"s3:elsewhere-{os.getpid()}/site"
        site.configure(remote=away)
        done = site.run("offsite", "push")
        if done.returncode == 0:
            check(len(remote.rclone("lsf", "-R", "--files-only", away).splitlines()) == len(site.local()), "not everything is there")
        else:
            fails(done, 1)
        site.configure(remote=remote.address)
    with checks("AWS_CA_BUNDLE in the environment, which breaks rclone, does no harm"):
        site.change(6)
        site.succeed("create", "--quiet")
        done = site.run("offsite", "push", environment={"AWS_CA_BUNDLE": "/etc/ssl/certs/ca-certificates.crt"})
        check(done.returncode == 0, f"exit code {done.returncode}: {done.stderr}")


LIAR = """#!/bin/sh
# Says that all went well the {number}. time it is told to {verb}, and does nothing.
case " $* " in
*" {verb} "*)
    echo x >> {counter}
    test "$(wc -l < {counter})" = {number} && exit 0 ;;
esac
exec rclone "$@"
"""


def lies(checks, site, verbs):
    """An exit code is no proof that something was copied."""
    for verb, numbers in verbs.items():
        for number in numbers:
            liar, counter = f"{checks.root}/liar", f"{checks.root}/calls-{verb}-{number}"
            with open(liar, "w", encoding="utf-8") as file:
                file.write(LIAR.format(verb=verb, number=number, counter=counter))
            os.chmod(liar, 0o755)
            site.other_place(site.remote.at(f"lied-{verb}-{number}"), rclone=liar)
            with checks(f"'{verb}' number {number} does nothing and says that all went well: no header goes before what it names, and the next push completes"):
                done = site.run("offsite", "push")
                no_stack(done)
                check(os.path.exists(counter), f"it never said {verb}")
                valid(site, site.remote)
                if done.returncode == 0:
                    complete(site, site.remote)
                site.configure(rclone="rclone")
                site.push()
                complete(site, site.remote)


def over_sftp(checks, remote):
    site = checks.site("site", remote)
    site.succeed("create", "--quiet")
    cases = {
        "a key that the server does not know": remote.section(key_file=f"{remote.server.root}/stranger"),
        "a server with another key than is known": remote.section(known_hosts_file=f"{checks.root}/known_hosts"),
        "a server that is not there": remote.section(port=remote.server.port + 1),
    }
    with open(f"{remote.server.root}/stranger.pub", encoding="utf-8") as key, open(f"{checks.root}/known_hosts", "w", encoding="utf-8") as known:
        known.write(f"[127.0.0.1]:{remote.server.port} {key.read()}")
    for name, section in cases.items():
        with checks(f"{name}: a push ends within seconds with exit code 1 and a sentence"):
            site.configure(rclone_config=remote.write_config(f"{checks.root}/wrong.conf", sftp=section))
            began = time.monotonic()
            done = site.run("offsite", "push")
            check(time.monotonic() - began < 20, f"after {time.monotonic() - began:.0f} s")
            fails(done, 1)
            check(len(done.stderr.strip().splitlines()) <= 4, f"more than a sentence: {done.stderr}")
    site.configure(rclone_config=remote.config)
    with checks("with all of it right the push completes"):
        site.push()
        complete(site, remote)
    with checks("two hosts push to one server under different prefixes at once"):
        other = checks.site("other", remote.at("other"), media=0.2)
        other.succeed("create", "--quiet")
        site.other_place(remote.at("one"))
        pushes = [one.begin("offsite", "push") for one in (site, other)]
        for push in pushes:
            said = push.communicate(timeout=90)
            check(push.returncode == 0, f"exit code {push.returncode}: {said[1]}")
        complete(site, site.remote)
        complete(other, other.remote)
    lies(checks, site, {"copy": [2, 4], "move": [1, 2]})


def over_crypt(checks, remote):
    """Who has the server alone learns nothing, and who has the wrong password gets nothing."""
    site = checks.site("site", remote, media=0.2)
    site.succeed("create", "--quiet")
    with checks("neither names nor contents are there in clear, and the password is nowhere"):
        with Watch([remote.secret, remote.hidden, s3_server.SECRET]) as watch:
            said = [site.run("offsite", "push", "--verbose")]
        check(watch.seen and not watch.found, f"a process shows it: {watch.found[:1]}")
        for secret in (remote.secret, remote.hidden, s3_server.SECRET):
            unsaid(site, secret, said)
        raw = remote.server.list(remote.bucket)
        check(len(raw) == len(site.local()), f"{len(raw)} objects")
        check(not [name for name in raw if "packs" in name or "snapshots" in name or "repository" in name], f"{list(raw)[:3]}")
        check(all(b"vertex-ar" not in remote.server.get(remote.bucket, name) for name in raw), "contents are in clear")
    with checks("the wrong password gives nothing, and says so"):
        hidden = subprocess.run(["rclone", "obscure", "another-password"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        inner = {"type": "crypt", "remote": f"s3:{remote.bucket}/vault", "password": hidden}
        wrong = remote.write_config(f"{checks.root}/wrong.conf", s3=remote.section(secret_access_key=s3_server.SECRET), locked=inner)
        bare, out = site.bare(f"{checks.root}/bare"), f"{checks.root}/out"
        done = bare.run("restore", "latest", "--from-offsite", "--to", out, "--remote", remote.address, "--rclone-config", wrong)
        check(done.returncode != 0 and not os.path.exists(out), f"exit code {done.returncode}")
        fails(done, done.returncode)
