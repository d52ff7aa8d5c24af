#!/usr/bin/env python3
"""What failed in a run of tests, once more and in one place: CI keeps the end of a long output, not its middle.

failures.py FILE...: reads test programs' reports (.xml) and stages' logs (.log). Prints nothing if nothing failed.
"""

import glob
import os
import re
import sys
import xml.etree.ElementTree

LINES = 60

# How the stages print what they expected and did not get: FAIL and a name, then what was said behind a bar; the fault suites
# indent what failed, with the options that play it again.
TROUBLE = re.compile(r"FAIL|^\S*:?\s+\| |^  (?!ok |skip |\()|\*\*\*|SURVIVED|never done|modes failed")


def of_report(path):
    for test in xml.etree.ElementTree.parse(path).iter("test"):
        if test.get("result") == "Fail":
            yield test.get("name")
            yield from ["    " + line for line in (test.findtext("failure/message") or "").splitlines()[:12]]


def of_log(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        yield from [line.rstrip("\n") for line in file if TROUBLE.search(line)]


def has_failed(log):
    """A stage's counts stand in files that begin with its name."""
    return any(int(open(counts, encoding="utf-8").read().split()[1]) > 0 for counts in glob.glob(log[: -len(".log")] + "*.counts"))


def show(path):
    lines = list(of_report(path) if path.endswith(".xml") else of_log(path) if has_failed(path) else [])
    if lines:
        print(f"== failed: {os.path.basename(path)}", *lines[:LINES], sep="\n")
    if len(lines) > LINES:
        print(f"    and {len(lines) - LINES} lines more")


for name in sys.argv[1:]:
    show(name)
