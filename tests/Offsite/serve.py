#!/usr/bin/env python3
"""serve.py DIR: an S3 server with a bucket until SIGTERM comes. When DIR/rclone.conf is there it can be used: 's3:museum/…', and
'locked:…', which is encrypted and lies in the same bucket. For tests of another kind, and for trying things out by hand."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../Faults"))

# pylint: disable=wrong-import-position
import remotes  # noqa: E402
import servers  # noqa: E402

servers.adopt_orphans()
servers.die_with_parent()
for end in (signal.SIGTERM, signal.SIGINT):
    signal.signal(end, lambda *_: sys.exit(0))
try:
    root = os.path.abspath(sys.argv[1])
    os.makedirs(f"{root}/server")
    os.rename(remotes.Crypt(f"{root}/server").config, f"{root}/rclone.conf")
    while True:
        signal.pause()
finally:
    servers.end_family()
