"""Servers as child processes: on free ports of the loopback, stopped, continued and killed at will, and none outlives its suite."""
import contextlib
import ctypes
import os
import random
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
LIBC = ctypes.CDLL(None, use_errno=True)


def adopt_orphans():
    """What a killed server leaves becomes our child, so that it is found at the end."""
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def free_ports(count):
    """So many ports in a row, below those that the kernel gives to connections: a server may be restarted on its own."""
    while True:
        first = random.SystemRandom().randrange(20000, 30000 - count)
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in range(first, first + count):
                door = held.enter_context(socket.socket())
                door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                door.bind(("127.0.0.1", port))
            return first


def wait_until(condition, seconds, what):
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(0.02)


def answers(port):
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def parents():
    """Of each process, its parent."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError), open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                found[int(entry)] = int(file.read().rsplit(")", 1)[1].split()[1])
    return found


def descendants(pid):
    """Children, their children and so on, with those that have ended and are not waited for."""
    known, family, wave = parents(), [], [pid]
    while wave:
        wave = [child for child, parent in known.items() if parent in wave]
        family += wave
    return family


def end_family():
    """Kills whatever this process still has below it."""
    for _ in range(100):
        family = descendants(os.getpid())
        if not family:
            return
        for pid in family:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        time.sleep(0.05)


class Server:
    """One server process and what it starts."""

    def __init__(self, words, log, **more):
        self.words, self.log, self.more, self.process = words, log, more, None

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent,
                                            start_new_session=True, **self.more)

    def family(self):
        return [self.process.pid, *descendants(self.process.pid)] if self.process else []

    def send(self, what):
        for pid in self.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, what)

    def pause(self):
        self.send(signal.SIGSTOP)

    def go_on(self):
        self.send(signal.SIGCONT)

    def kill(self):
        """At once, with its children: they may outlive their parent and be ours then."""
        self.send(signal.SIGKILL)
        if self.process:
            self.process.wait()
            self.process = None
