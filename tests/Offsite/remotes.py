"""The places that copies go to, as the suite sees them: without rclone where it can, so that two readers agree or do not."""
import contextlib
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error

import s3_server
import sftp_server
from site_under_test import CLEAN, Broken


class Remote:
    """A server with a place on it, and rclone's configuration for both. New prefixes are new places."""

    def __init__(self, root):
        self.root, self.prefix = root, "site"
        self.config = f"{root}/rclone.conf"
        self.caches = CLEAN | {"HOME": root, "XDG_CACHE_HOME": root}

    def at(self, prefix):
        """The same server, another place."""
        other = object.__new__(type(self))
        other.__dict__.update(self.__dict__)
        other.prefix = prefix
        return other

    def write_config(self, name, **sections):
        """A configuration in which some keys may be wrong: section.key is section__key here."""
        text = "".join(f"[{section}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) + "\n" for section, keys in sections.items())
        with open(name, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(name, 0o600)
        return name

    def rclone(self, *words, timeout=120):
        done = subprocess.run(["rclone", "--config", self.config, *words], env=self.caches, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=timeout)
        if done.returncode != 0:
            raise Broken(f"rclone {' '.join(words)} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def copy(self):
        """A local copy, made by rclone, of what is there; removed at the end of the with."""
        return copied(self)

    def files(self):
        """Name and content of everything there."""
        return {name: self.get(name) for name in self.list()}

    def packs_read(self):
        """The packs that clients have read since forget, by their SHA-256."""
        return {os.path.basename(name).split(".")[0] for name in self.names_read() if "/packs/" in f"/{name}"}


@contextlib.contextmanager
def copied(remote):
    directory = tempfile.mkdtemp(prefix="copy-", dir=remote.root)
    try:
        remote.rclone("copy", remote.address, directory, "--retries", "1")
        yield directory
    finally:
        shutil.rmtree(directory)


class S3(Remote):
    name = "S3"
    moves = False

    def __init__(self, root, disk=None):
        super().__init__(root)
        self.bucket, self.secret = "museum", s3_server.SECRET
        self.server = s3_server.S3Server(root, disk)
        self.server.start()
        self.server.make_bucket(self.bucket)
        self.write_config(self.config, s3=self.section())

    def section(self, **changed):
        return {"type": "s3", "provider": "Other", "endpoint": f"http://127.0.0.1:{self.server.port}", "region": "us-east-1", "force_path_style": "true",
                "access_key_id": s3_server.KEY, "secret_access_key": self.secret, **changed}

    @property
    def address(self):
        return f"s3:{self.bucket}/{self.prefix}"

    def list(self):
        """Size and stamp of each file; another stamp means that it was written anew."""
        start = self.prefix + "/"
        return {name[len(start):]: entry for name, entry in self.server.list(self.bucket).items() if name.startswith(start)}

    def files(self):
        """What was deleted a moment ago may still be listed by such a server."""
        for _ in range(20):
            try:
                return super().files()
            except urllib.error.HTTPError as e:
                if e.code != 404:
                    raise
            time.sleep(0.1)
        return super().files()

    def get(self, name):
        return self.server.get(self.bucket, f"{self.prefix}/{name}")

    def put(self, name, content):
        self.server.put(self.bucket, f"{self.prefix}/{name}", content)

    def delete(self, name):
        self.server.delete(self.bucket, f"{self.prefix}/{name}")

    def forget(self):
        self.server.forget()

    def names_read(self):
        return self.names("GET")

    def names(self, *methods):
        """Names that were asked for in one of these ways, each as often as it was."""
        start = f"/{self.bucket}/{self.prefix}/"
        return [path[len(start):] for method, path in self.server.requests() if method in methods and path.startswith(start)]


class Sftp(Remote):
    name = "SFTP"
    moves = True

    def __init__(self, root, data=None):
        super().__init__(root)
        self.server = sftp_server.SftpServer(root, data)
        self.server.start()
        # No password goes over the line; the path of the key is not secret.
        self.secret = None
        self.write_config(self.config, sftp=self.section())

    def section(self, **changed):
        return {"type": "sftp", "host": "127.0.0.1", "port": self.server.port, "user": self.server.user, "key_file": f"{self.server.root}/client",
                "known_hosts_file": f"{self.server.root}/known_hosts", "shell_type": "none", **changed}

    @property
    def address(self):
        return f"sftp:{self.prefix}"

    @property
    def top(self):
        return f"{self.server.data}/{self.prefix}"

    def list(self):
        found = {}
        for directory, _, names in os.walk(self.top):
            for name in names:
                path = os.path.join(directory, name)
                status = os.stat(path)
                found[os.path.relpath(path, self.top)] = status.st_size, (status.st_ino, status.st_mtime_ns)
        return found

    def get(self, name):
        with open(os.open(f"{self.top}/{name}", os.O_RDONLY | os.O_NOATIME), "rb") as file:
            return file.read()

    def put(self, name, content):
        os.makedirs(os.path.dirname(f"{self.top}/{name}"), exist_ok=True)
        with open(f"{self.top}/{name}", "wb") as file:
            file.write(content)

    def delete(self, name):
        os.remove(f"{self.top}/{name}")

    def forget(self):
        """The server tells no log of its own what was read, but the file system does: it notes the time, if the one that is there is old."""
        for name in self.list():
            status = os.stat(f"{self.top}/{name}")
            os.utime(f"{self.top}/{name}", ns=(0, status.st_mtime_ns))

    def names_read(self):
        return [name for name in self.list() if os.stat(f"{self.top}/{name}").st_atime_ns != 0]


class Crypt(S3):
    """Encrypted, over the same kind of server: names and contents there mean nothing to whoever has no key."""
    name = "crypt"

    def __init__(self, root):
        super().__init__(root)
        self.below = self.prefix
        self.secret = "a-riddle-in-the-dark-77"
        hidden = subprocess.run(["rclone", "obscure", self.secret], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.hidden = hidden
        inner = {"type": "crypt", "remote": f"s3:{self.bucket}/vault", "password": hidden}
        self.write_config(self.config, s3=self.section(secret_access_key=s3_server.SECRET), locked=inner)

    @property
    def address(self):
        return f"locked:{self.prefix}"

    def list(self):
        text = self.rclone("lsf", "-R", "--files-only", "--format", "pst", "--separator", "\t", self.address)
        return {line.split("\t")[0]: (int(line.split("\t")[1]), line.split("\t")[2]) for line in text.splitlines()}

    def files(self):
        with self.copy() as directory:
            return contents(directory)

    def names(self, *methods):
        # Of encrypted names only their number is known.
        return [path for method, path in self.server.requests() if method in methods and path.startswith(f"/{self.bucket}/vault/")]


def contents(directory):
    found = {}
    for parent, _, names in os.walk(directory):
        for name in names:
            with open(os.path.join(parent, name), "rb") as file:
                found[os.path.relpath(os.path.join(parent, name), directory)] = file.read()
    return found
