#!/usr/bin/env python3
"""Writes backups as the Python system left them: a stand-in for tests, which does with Python's own modules what that system did.

python_system.py BACKUP_DIR {database,storage,full} --database DB --storage DIR [options]
"""
import argparse
import hashlib
import json
import os
import shutil
import tarfile


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else hashlib.sha256(file.read()).hexdigest()


def iso(stamp):
    date, time = stamp.split("_")
    return f"{date[:4]}-{date[4:6]}-{date[6:]}T{time[:2]}:{time[2:4]}:{time[4:]}.123456"


def folder(args, name):
    path = os.path.join(args.backup_dir, name)
    os.makedirs(path, exist_ok=True)
    return path


def describe(args, kind, original, made):
    metadata = {
        "timestamp": args.at,
        "type": kind,
        "original_path": args.original or os.path.abspath(original),
        "backup_path": os.path.join("/srv/where/it/once/was", os.path.basename(made)),
        "file_size": os.path.getsize(made),
        "checksum": digest(made),
        "created_at": iso(args.at),
    }
    return metadata


def write(args, made, metadata):
    if not args.no_metadata:
        # The last ending is cut off for it, whatever it is: .tar.gz becomes .tar.json.
        with open(os.path.splitext(made)[0] + ".json", "w", encoding="utf-8") as file:
            json.dump(metadata, file, indent=2, ensure_ascii=args.ascii)


def database(args):
    made = os.path.join(folder(args, "database"), f"db_backup_{args.at}.db")
    shutil.copy2(args.database, made)
    metadata = describe(args, "database", args.database, made)
    write(args, made, metadata)
    return metadata


def split(args, made):
    """Cuts the finished archive into pieces and removes it; the number goes before the last ending."""
    stem, ending = os.path.splitext(made)
    parts = []
    with open(made, "rb") as file:
        while piece := file.read(args.split):
            part = f"{stem}.part{len(parts) + 1:03d}{ending}"
            with open(part, "wb") as target:
                target.write(piece)
            parts.append(part)
    os.remove(made)
    return parts


def storage(args):
    ending = {"none": ""}.get(args.compression, f".{args.compression}")
    made = os.path.join(folder(args, "storage"), f"storage_backup_{args.at}.tar{ending}")
    with tarfile.open(made, "w:" + ending[1:], format=args.format) as archive:
        archive.add(args.storage, arcname="storage")
    metadata = describe(args, "storage", args.storage, made)
    metadata["file_count"] = sum(len(files) for _, _, files in os.walk(args.storage))
    metadata["compression"] = ending[1:] or None
    if args.split:
        parts = split(args, made)
        made = parts[0]
        metadata |= {"split": True, "backup_path": made, "chunk_size_mb": args.split / 2**20, "split_files": parts}
    write(args, made, metadata)
    return metadata


def full(args):
    metadata = {
        "timestamp": args.at, "type": "full", "success": True, "db_success": True, "storage_success": True,
        "database": database(args), "storage": storage(args), "errors": [],
    }
    with open(os.path.join(folder(args, "full"), f"full_backup_{args.at}.json"), "w", encoding="utf-8") as file:
        json.dump(metadata, file, indent=2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("backup_dir")
    parser.add_argument("type", choices=["database", "storage", "full"])
    parser.add_argument("--database")
    parser.add_argument("--storage")
    parser.add_argument("--at", default="20240107_030000", help="local time")
    parser.add_argument("--compression", default="gz", choices=["gz", "bz2", "xz", "none"])
    parser.add_argument("--split", type=int, default=0, help="bytes of a part")
    parser.add_argument("--format", type=int, default=tarfile.PAX_FORMAT)
    parser.add_argument("--original", help="what to say where it was")
    parser.add_argument("--no-metadata", action="store_true")
    parser.add_argument("--ascii", action="store_true")
    given = parser.parse_args()
    {"database": database, "storage": storage, "full": full}[given.type](given)
