"""A reader of repositories that shares nothing with the program: written from FORMAT.md, in another language, to disagree if it must."""
import gzip
import hashlib
import json
import re
import tarfile
import zlib
from io import BytesIO

HEADER = re.compile(r"snapshots/(\d{8}T\d{6}Z)\.json")
LISTS = re.compile(r"snapshots/\d{8}T\d{6}Z\.(files|packs)\.jsonl\.gz")
PACK = re.compile(r"packs/([0-9a-f]{2})/(\1[0-9a-f]{62})\.tar\.gz")
SEAL = re.compile(rb',\n  "checksum": "([0-9a-f]{64})"\n}\n')


class Unreadable(Exception):
    """What is there breaks a promise of the format."""


def digest(content):
    return hashlib.sha256(content).hexdigest()


def sealed(name, content):
    seal = SEAL.fullmatch(content[-85:])
    if not seal or digest(content[:-85]) != seal[1].decode():
        raise Unreadable(f"the seal of {name} does not fit")
    return json.loads(content)


def need(files, name, why):
    if name not in files:
        raise Unreadable(f"{name}, which {why} needs, is not there")
    return files[name]


def lines(files, header, part):
    """A list or table, once its size, checksum and number of lines are what the header says."""
    about, name = header[part], f"snapshots/{header[part]['name']}"
    content = need(files, name, header["id"])
    if len(content) != about["bytes"] or digest(content) != about["sha256"]:
        raise Unreadable(f"{name} is not what its header says")
    found = [json.loads(line) for line in gzip.decompress(content).splitlines()] if content else []
    if len(found) != about["lines"]:
        raise Unreadable(f"{name} has {len(found)} lines")
    return found


def packs_of(files, header):
    """Paths of the packs in the order of the table, all there and whole."""
    paths = []
    for line in lines(files, header, "packs"):
        path = f"packs/{line['sha256'][:2]}/{line['sha256']}.tar.gz"
        content = need(files, path, header["id"])
        if len(content) != line["bytes"] or digest(content) != line["sha256"]:
            raise Unreadable(f"{path} is not whole")
        paths.append(path)
    return paths


def whole_snapshots(files):
    """Identifiers of the snapshots, oldest first. Raises if a header names anything that is not there whole, or if any file under a
    final name is not what its name or its header says."""
    if not [name for name in files if name.startswith(("packs/", "snapshots/"))]:
        return []
    mark = sealed("repository.json", need(files, "repository.json", "every repository"))
    if mark["format"] != "vertex-ar-backup" or mark["version"] != 1:
        raise Unreadable("repository.json is of something else")
    found = []
    for name in sorted(files):
        if match := HEADER.fullmatch(name):
            header = sealed(name, files[name])
            if header["id"] != match[1] or header["format_version"] != 1 or header["requires"]:
                raise Unreadable(f"{name} is of something else")
            need(files, "RECOVERY.txt", "whoever has lost the program")
            ordinals = len(packs_of(files, header))
            for entry in lines(files, header, "files"):
                for piece in entry.get("pieces", []):
                    if piece[0] != -1 and not 0 <= piece[0] < ordinals:
                        raise Unreadable(f"{name} names a pack that its table does not have")
            found.append(match[1])
        elif match := PACK.fullmatch(name):
            if digest(files[name]) != match[2]:
                raise Unreadable(f"{name} is not what its name says: {len(files[name])} bytes")
        elif name not in ("repository.json", "RECOVERY.txt", "writer.json") and not LISTS.fullmatch(name) and not name.startswith("incoming/"):
            raise Unreadable(f"{name} has no place in a repository")
    return found


def packs_for(files, snapshot, wanted):
    """SHA-256 of the packs in which those files of a snapshot lie that wanted is true for."""
    header = sealed("header", files[f"snapshots/{snapshot}.json"])
    table = [line["sha256"] for line in lines(files, header, "packs")]
    return {table[piece[0]] for entry in lines(files, header, "files") if wanted(entry["path"]) for piece in entry.get("pieces", []) if piece[0] >= 0}


def content(files, snapshot, path):
    """A file of a snapshot, put together piece by piece."""
    header = sealed("header", files[f"snapshots/{snapshot}.json"])
    packs = packs_of(files, header)
    entry = next(e for e in lines(files, header, "files") if e["path"] == path)
    result = b""
    for pack, offset, number, length, *checksum in entry["pieces"]:
        if pack == -1:
            result += bytes(length)
            continue
        member = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(files[packs[pack]][offset:])
        # Not ended by zero blocks: the last member of a pack alone is.
        with tarfile.open(fileobj=BytesIO(member + bytes(1024))) as archive:
            for _ in range(number):
                archive.next()
            piece = archive.extractfile(archive.next()).read()
        if len(piece) != length or digest(piece) != checksum[0]:
            raise Unreadable(f"a piece of {path} is not what the list says")
        result += piece
    if len(result) != entry["size"]:
        raise Unreadable(f"{path} has {len(result)} bytes")
    return result
