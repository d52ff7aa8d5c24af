#!/usr/bin/python3
"""An S3 server: OpenStack Swift with its S3 interface on the loopback, four processes, one copy of everything.

Imported, it is the server's owner. Run by itself, with Debian's Python that has Swift, it is one of the four processes, or what writes
their rings. It also holds the filter before all others, which counts requests, fails them, or keeps them waiting.
"""
import base64
import contextlib
import getpass
import hashlib
import hmac
import itertools
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree
from email.utils import formatdate

import servers

PARTS = ("account", "container", "object", "proxy")
FILTERS = "faults catch_errors gatekeeper healthcheck proxy-logging cache listing_formats bulk s3api tempauth copy slo dlo"
KEY, SECRET = "museum:pusher", "open-sesame-5f2c9"

STORE = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {root}/etc
devices = {root}/disks
mount_check = false
fallocate_reserve = 0
log_level = WARNING
"""

PROXY = """
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
error_suppression_interval = 1
error_suppression_limit = 1000
node_timeout = 60
[filter:faults]
paste.filter_factory = s3_server:faults
root = {root}
[filter:s3api]
use = egg:swift#s3api
max_upload_part_num = 10000
[filter:slo]
use = egg:swift#slo
max_manifest_segments = 10000
[filter:tempauth]
use = egg:swift#tempauth
user_{account} = {secret} .admin
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:{nobody}
"""


class S3Server:
    """Everything lies below root; the disk may be another place, a small one for instance."""

    def __init__(self, root, disk=None):
        self.root, self.port = root, servers.free_ports(5)
        os.makedirs(f"{root}/etc")
        os.makedirs(f"{root}/disks")
        if disk:
            os.symlink(disk, f"{root}/disks/one")
        else:
            os.mkdir(f"{root}/disks/one")
        self.configure()
        here = os.path.abspath(__file__)
        self.run([here, "rings", root, str(self.port)])
        self.parts = {part: servers.Server(["/usr/bin/python3", here, "serve", root, part], f"{root}/{part}.log") for part in PARTS}

    @staticmethod
    def run(words):
        servers.subprocess.run(["/usr/bin/python3", *words], check=True)

    def configure(self):
        self.write("etc/swift.conf", "[swift-hash]\nswift_hash_path_suffix = test\n[storage-policy:0]\nname = one\ndefault = yes\n")
        for number, part in enumerate(PARTS):
            # The proxy is at the port that was given, the others are beside it.
            port = self.port + (number + 1) % len(PARTS)
            text = STORE.format(port=port, user=getpass.getuser(), root=self.root)
            if part == "proxy":
                text += f"[pipeline:main]\npipeline = {FILTERS} proxy-server\n"
                text += PROXY.format(root=self.root, account=KEY.replace(":", "_"), secret=SECRET, nobody=self.port + 4)
                plain = [f for f in FILTERS.split() if f not in ("faults", "s3api", "slo", "tempauth", "cache")]
                text += "".join(f"[filter:{name}]\nuse = egg:swift#{name.replace('-', '_')}\n" for name in plain)
            else:
                text += f"[pipeline:main]\npipeline = {part}-server\n[app:{part}-server]\nuse = egg:swift#{part}\n"
            self.write(f"etc/{part}.conf", text)

    def write(self, name, text):
        with open(f"{self.root}/{name}", "w", encoding="utf-8") as file:
            file.write(text)

    def start(self, *which):
        for part in which or PARTS:
            self.parts[part].start()
        servers.wait_until(self.is_up, 60, "the S3 server answers")

    def is_up(self):
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthcheck", timeout=2):
            return all(servers.answers(self.port + i) for i in (1, 2, 3))
        return False

    def stop(self, *which):
        for part in which or PARTS:
            self.parts[part].kill()

    def pause(self):
        self.parts["proxy"].pause()

    def go_on(self):
        self.parts["proxy"].go_on()

    # The filter's orders.

    def order(self, **rule):
        """Of the requests of a method ('*' for any) with a text in their path: the next so many get a status; or, when that many
        were let through, this and every later one of whatever method waits, and is dropped at the end."""
        self.write("rule.new", json.dumps({"method": "*", "text": "", **rule}))
        os.rename(f"{self.root}/rule.new", f"{self.root}/rule")

    def fail(self, method, count, status=503, text=""):
        self.order(method=method, status=status, count=count, text=text)

    def hold_after(self, method, count, text=""):
        self.order(method=method, hold=True, count=count, text=text)

    def is_held(self):
        return os.path.exists(f"{self.root}/held")

    def as_usual(self):
        for name in ("rule", "held"):
            with contextlib.suppress(FileNotFoundError):
                os.remove(f"{self.root}/{name}")

    def requests(self):
        """What clients asked for since forget: pairs of method and path, without ours."""
        with contextlib.suppress(FileNotFoundError), open(f"{self.root}/requests", encoding="utf-8") as file:
            return [tuple(line.rstrip("\n").split(" ", 1)) for line in file]
        return []

    def forget(self):
        self.write("requests", "")

    # What the suite itself asks for: S3's older, shorter signature, in requests that rclone has no part in.

    def ask(self, method, path, content=None, query=""):
        date = formatdate(usegmt=True)
        quoted = urllib.parse.quote(path)
        text = f"{method}\n\n{'application/octet-stream' if content is not None else ''}\n{date}\n{quoted}"
        signature = base64.b64encode(hmac.new(SECRET.encode(), text.encode(), hashlib.sha1).digest()).decode()
        head = {"Date": date, "Authorization": f"AWS {KEY}:{signature}", "X-Suite": "yes"}
        if content is not None:
            head["Content-Type"] = "application/octet-stream"
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{quoted}{query}", content, head, method=method)
        for attempt in itertools.count():
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    return answer.read()
            except urllib.error.HTTPError as error:
                # S3's word for "later": the server says it for a while after its disk was full.
                if error.code != 503 or attempt == 20:
                    raise
                time.sleep(0.5)

    def make_bucket(self, bucket):
        self.ask("PUT", f"/{bucket}")

    def list(self, bucket):
        """Of each object: size, and ETag with the time of its last change."""
        found, marker, space = {}, "", "{http://s3.amazonaws.com/doc/2006-03-01/}"
        while True:
            page = xml.etree.ElementTree.fromstring(self.ask("GET", f"/{bucket}", query="?marker=" + urllib.parse.quote(marker)))
            for entry in page.iter(f"{space}Contents"):
                marker = entry.findtext(f"{space}Key")
                stamp = entry.findtext(f"{space}ETag") + entry.findtext(f"{space}LastModified")
                found[marker] = int(entry.findtext(f"{space}Size")), stamp
            if page.findtext(f"{space}IsTruncated") != "true":
                return found

    def get(self, bucket, name):
        return self.ask("GET", f"/{bucket}/{name}")

    def put(self, bucket, name, content):
        self.ask("PUT", f"/{bucket}/{name}", content)

    def delete(self, bucket, name):
        self.ask("DELETE", f"/{bucket}/{name}")


def faults(_, root, **__):
    """The filter, within the proxy, which is one process: so it may count in a file."""
    from eventlet import sleep

    def make(app):
        def run(environment, start):
            method, path = environment["REQUEST_METHOD"], environment["PATH_INFO"]
            if path == "/healthcheck" or "HTTP_X_SUITE" in environment:
                return app(environment, start)
            if environment.get("HTTP_X_AMZ_COPY_SOURCE"):
                method = "COPY"
            with open(f"{root}/requests", "a", encoding="utf-8") as log:
                log.write(f"{method} {path}\n")
            status = judge(root, method, path, sleep)
            if status is None:
                return app(environment, start)
            start(f"{status} Ordered", [("Content-Length", "0"), ("Connection", "close")])
            return [b""]
        return run
    return make


def judge(root, method, path, nap):
    """None to let a request through, or the status it gets."""
    try:
        with open(f"{root}/rule", encoding="utf-8") as file:
            rule = json.load(file)
    except FileNotFoundError:
        return None
    fits, held = rule["method"] in ("*", method) and rule["text"] in path, os.path.exists(f"{root}/held")
    if not fits and not held:
        return None
    if "hold" in rule and (held or rule["count"] == 0):
        with open(f"{root}/held", "w", encoding="utf-8"):
            pass
        while os.path.exists(f"{root}/held"):
            nap(0.02)
        return 503
    if rule["count"] == 0:
        return None
    rule["count"] -= 1
    with open(f"{root}/rule.new", "w", encoding="utf-8") as file:
        json.dump(rule, file)
    os.rename(f"{root}/rule.new", f"{root}/rule")
    return rule.get("status")


def make_rings(root, port):
    from swift.common.ring import RingBuilder
    for number, part in enumerate(PARTS[:3], 1):
        ring = RingBuilder(6, 1, 0)
        ring.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port + number, "device": "one", "weight": 1, "meta": "",
                      "replication_ip": "127.0.0.1", "replication_port": port + number})
        ring.rebalance()
        ring.get_ring().save(f"{root}/etc/{part}.ring.gz")


def serve(root, part):
    from swift.common import utils
    # Said before anything reads /etc/swift/swift.conf.
    utils.SWIFT_CONF_FILE = f"{root}/etc/swift.conf"
    from swift.common.wsgi import run_wsgi
    more = {}
    if part == "object":
        from swift.obj import server
        more["global_conf_callback"] = server.global_conf_callback
    sys.exit(run_wsgi(f"{root}/etc/{part}.conf", f"{part}-server", **more))


if __name__ == "__main__":
    if sys.argv[1] == "rings":
        make_rings(sys.argv[2], int(sys.argv[3]))
    else:
        serve(sys.argv[2], sys.argv[3])
