"""Runs the program with a fault at one of the calls by which it changes files."""
import errno
import struct

LIBRARY = None  # fault.c, compiled; set by whoever uses this

OPEN_READ, OPEN_WRITE, WRITE, SYNC, NAME, REMOVE, META, SIZE, READ = (1 << i for i in range(9))
CHANGES = OPEN_WRITE | WRITE | SYNC | NAME | REMOVE | META | SIZE

KINDS = {
    # What goes wrong, at which calls, and whether at all later ones too.
    "kill": ("kill", CHANGES, False),
    "torn": ("torn", CHANGES, False),
    "short": ("short", WRITE | READ, False),
    "ENOSPC": (str(errno.ENOSPC), OPEN_WRITE | WRITE | SYNC | NAME | SIZE, False),
    "full disk": (str(errno.ENOSPC), OPEN_WRITE | WRITE | SYNC | SIZE, True),
    "EIO": (str(errno.EIO), CHANGES | READ | OPEN_READ, False),
    "dead disk": (str(errno.EIO), CHANGES | READ | OPEN_READ, True),
    "EMFILE": (str(errno.EMFILE), OPEN_READ | OPEN_WRITE, False),
    "EACCES": (str(errno.EACCES), OPEN_READ | OPEN_WRITE | NAME | REMOVE | META, False),
}
KILLS = ("kill", "torn")


class Log:
    """Where the preloaded library counts."""

    def __init__(self, directory):
        self.path = f"{directory}/fault.log"

    def clear(self):
        with open(self.path, "wb") as file:
            file.write(bytes(4096))

    def read(self):
        with open(self.path, "rb") as file:
            data = file.read()
        return struct.unpack_from("q", data)[0], data[12:1036].split(b"\0")[0].decode(errors="replace")


def fault(site, words, kind, at, log, only=None):
    """Runs the command with a fault at a call, 0 for none; of the kind's calls, or only of some."""
    what, classes, sticky = KINDS[kind]
    classes = only or classes
    log.clear()
    run = site.run(*words, environment={
        "LD_PRELOAD": LIBRARY, "FAULT_ROOT": site.root, "FAULT_CLASSES": str(classes), "FAULT_AT": str(at), "FAULT_KIND": what,
        "FAULT_STICKY": "yes" if sticky else "", "FAULT_LOG": log.path})
    run.dead_disk = kind == "dead disk"
    return run
