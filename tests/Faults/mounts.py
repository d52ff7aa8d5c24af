"""File systems that are mounted inside a site: in a mount namespace of the process, so that none outlives it."""
import ctypes
import os
import shutil
import subprocess

CLONE_NEWNS = 0x20000


def own_mounts():
    """From now on this process's mounts are seen by nobody else."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "the sweep mounts file systems, and needs root for that")
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)


def mount(*words):
    subprocess.run(["mount", *words], check=True)


def unmount_below(root):
    """Unmounts what is mounted below a directory, the innermost first; a killed run may not be quite gone yet."""
    with open("/proc/self/mounts", encoding="utf-8", errors="surrogateescape") as table:
        below = [line.split(" ")[1] for line in table if line.split(" ")[1].startswith(root + "/")]
    for point in reversed(below):
        subprocess.run(["umount", "--lazy", point], check=True)


def clear(root):
    """Removes a directory, and nothing that is mounted in it."""
    unmount_below(os.path.realpath(root))
    shutil.rmtree(root, ignore_errors=True)
