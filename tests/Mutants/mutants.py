#!/usr/bin/env python3
"""Plants bugs in the program, one at a time, and expects the suite that is there for such a bug to catch each.

Before that, every suite must pass on the program as it is. A bug whose place in the sources cannot be found any more is an error:
it wants to be planted anew.
"""
import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
import time

FAULTS = "{top}/tests/Faults/"
PLACES = "--binary {binary} --work {work}"
LIBRARY = " --library {library}"

# What is run, smaller than in make test-faults: a planted bug shows soon.
SUITES = {
    "create is killed": FAULTS + "sweep.py " + PLACES + LIBRARY + " --scenario create --kind kill --kind torn",
    "writes are short": FAULTS + "sweep.py " + PLACES + LIBRARY + " --scenario create --kind short --every 3",
    "calls fail": FAULTS + "sweep.py " + PLACES + LIBRARY + " --scenario create --kind EIO --every 4",
    "rotate is killed": FAULTS + "sweep.py " + PLACES + LIBRARY + " --scenario rotate --kind kill --kind torn",
    "restore is killed": FAULTS + "sweep.py " + PLACES + LIBRARY + " --scenario restore --kind kill",
    "nested trees are restored": FAULTS + "sweep.py " + PLACES + LIBRARY + " --scenario 'layout restore' --kind kill --every 10",
    "an application is at work": FAULTS + "sweep.py " + PLACES + LIBRARY + " --scenario continue --scenario undo --kind kill --every 4",
    "the disk rots": FAULTS + "rot.py " + PLACES + " --flips 600",
    "random sequences": FAULTS + "model.py " + PLACES + LIBRARY + " --sequences 8 --seed 1",
    "the database is busy": FAULTS + "live.py " + PLACES + " --snapshots 24",
    "many at once": FAULTS + "together.py " + PLACES + " --seconds 20",
    "the power is cut": FAULTS + "power.py " + PLACES + " --kernel {kernel} --cuts 16",
    "a neighbour exchanges directories": FAULTS + "swaps.py " + PLACES + " --swap {swap} --scenario restore --every 20",
    "hostile input": "env FUZZ_INPUTS=2000 {unit} -noLogo -noColor -class VertexAr.Backup.Tests.Fuzz.HostileInputTests",
}

# Name, suite that must catch it, file, what stands there, what is planted.
MUTANTS = [
    ("files get their names before they are on disk", "the power is cut", "src/Core/AtomicFile.cs",
     "        Posix.Sync(file);\n        file.Dispose();", "        file.Dispose();"),
    ("small files are written under their final names", "create is killed", "src/Core/AtomicFile.cs",
     "        using var file = Create(temporary);\n        Posix.Write(file, content);\n        Publish(file, temporary, final);",
     "        using var file = Create(final);\n        Posix.Write(file, content);\n        Posix.Sync(file);"),
    ("a write that was cut short is not continued", "writes are short", "src/Core/Posix.cs",
     "p + done, (nuint)(bytes.Length - done));\n                if (n < 0 && Marshal.GetLastPInvokeError() == PosixError.Interrupted)\n                {\n                    continue;\n                }\n\n                done += (int)Check(n);",
     "p + done, (nuint)(bytes.Length - done));\n                Check(n);\n                done = bytes.Length;"),
    ("an fsync that fails is not noticed", "calls fail", "src/Core/Posix.cs",
     "Sync(SafeFileHandle file) => Check(PosixCalls.Sync(Descriptor(file)));", "Sync(SafeFileHandle file) => _ = PosixCalls.Sync(Descriptor(file));"),
    ("lists go before their header", "rotate is killed", "src/Storage/SnapshotStore.cs",
     "            AtomicFile.RemoveIfThere(layout.Header(id));\n        }\n\n        AtomicFile.SyncDirectory(layout.Snapshots);",
     "            AtomicFile.RemoveIfThere(layout.FileList(id));\n            AtomicFile.RemoveIfThere(layout.Header(id));\n        }\n"),
    ("trees do not change places in one instant", "restore is killed", "src/Operations/RestorePlanner.cs",
     "        if (probe.CanExchange)", "        if (probe.CanExchange && live.Length == 0)"),
    ("what was there is not kept", "restore is killed", "src/Operations/RestorePlanner.cs",
     "            keeps.Add(new KeepStep(fresh, aside, old) { IsStaged = true });", "            made.Add(Text(aside));"),
    ("what came into a restored directory is removed", "an application is at work", "src/Operations/StagedContent.cs",
     "        if (!Knows(path, status))", "        if (path.Length == 0)"),
    ("a log is left beside a database that is replaced", "restore is killed", "src/Operations/RestoreInPlace.cs",
     "            RestoreOtherNames.FoldLogIn(spot.Path, stop);", "            _ = (spot, stop);"),
    ("what is foreign to a tree goes with it", "nested trees are restored", "src/Operations/TreeSurvey.cs",
     "is { } foreign)", "is { Kind: ForeignKind.Leftover } foreign)"),
    ("a header's checksum is not compared", "the disk rots", "src/Storage/SealedJson.cs",
     " || !seal.Slice(Seal.Length, Digest.TextSize).SequenceEqual(digest)", ""),
    ("a forged header is believed", "the disk rots", "src/Storage/HeaderTrust.cs", "if (Digest.Of(file.Span) != known)", "if (known == default)"),
    ("a list's checksum is not compared", "the disk rots", "src/Storage/SnapshotStore.cs",
     "return Sha256.OfFile(file) == written.Sha256", "return Sha256.OfFile(file) != default"),
    ("a pack's checksum is not compared", "the disk rots", "src/Operations/PackFile.cs",
     "xxh128.GetCurrentHashAsUInt128() != pack.Xxh128", "pack.Bytes < 0"),
    ("a pack of another size is not found", "the disk rots", "src/Operations/VerifyBackups.cs",
     "            if (size != pack.Bytes)\n            {\n                ReportPack", "            if (size is null)\n            {\n                ReportPack"),
    ("a file of the same size is taken for unchanged", "random sequences", "src/Operations/CreateUnchanged.cs",
     "return IsTrusted(status.Changed, list.StartedAt)\n            && (known.IsUnchanged(status)", "return (known.Size == status.Size"),
    ("packs go though a snapshot needs them", "random sequences", "src/Storage/Sweep.cs",
     "                needed.UnionWith(store.ReadPackTable(snapshot).Select(p => p.Sha256));",
     "                needed.UnionWith(store.ReadPackTable(snapshot).Select(p => p.Sha256).Take(1));"),
    ("a database is copied like any file", "the database is busy", "src/Sources/DatabaseReader.cs",
     "                using var source = OpenSource();\n                CopyOnce(source, target, stop);\n                return;",
     "                using var source = OpenSource();\n                CopyAsIs(target);\n                return;"),
    ("readers are not waited for", "many at once", "src/Storage/ReaderGuard.cs",
     "if (FileLock.TryTake(directory, exclusive))", "if (exclusive || FileLock.TryTake(directory, exclusive))"),
    ("links on the way to a target are followed", "a neighbour exchanges directories", "src/Core/Posix.cs",
     "        Open(dir, name, OpenFlags.Directory | OpenFlags.NoFollow | OpenFlags.Place, 0);", "        Open(dir, name, OpenFlags.Directory | OpenFlags.Place, 0);"),
    ("a line that cannot be read is no damage", "hostile input", "src/Model/FileEntryJson.cs",
     "when (e is JsonException or FormatException or InvalidOperationException or OverflowException)", "when (e is FormatException)"),
]


class Workshop:
    """A copy of the sources, and what is built of it."""

    def __init__(self, top, work, kernel, library, swap):
        self.top, self.work, self.copy = top, work, f"{work}/sources"
        self.kernel, self.library, self.swap = kernel, library, swap
        shutil.rmtree(self.copy, ignore_errors=True)
        files = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=top, capture_output=True, check=True)
        for name in files.stdout.decode().split("\0"):
            if name and os.path.isfile(f"{top}/{name}"):
                os.makedirs(os.path.dirname(f"{self.copy}/{name}"), exist_ok=True)
                shutil.copy(f"{top}/{name}", f"{self.copy}/{name}")

    def build(self, suite):
        """Builds what the suite needs; what went wrong, or None."""
        if "{unit}" in SUITES[suite]:
            words = ["dotnet", "build", "tests/Unit", "-v", "quiet", "-p:TreatWarningsAsErrors=false"]
        else:
            words = ["dotnet", "publish", "src/vertex-ar-backup.csproj", "--use-current-runtime", "-c", "Release", "-o", "artifacts/bin", "-v", "quiet",
                     "-p:TreatWarningsAsErrors=false"]
        done = subprocess.run(words, cwd=self.copy, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return None if done.returncode == 0 else done.stdout[-2000:]

    def run(self, suite, top):
        binary, unit = f"{top}/artifacts/bin/vertex-ar-backup", f"{top}/tests/Unit/bin/Debug/net10.0/Unit"
        words = SUITES[suite].format(top=self.top, binary=binary, work=self.work, library=self.library, kernel=self.kernel, swap=self.swap,
                                      unit=unit)
        done = subprocess.run(shlex.split(words), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        return done.returncode, done.stdout

    def plant(self, file, stands, planted):
        with open(f"{self.copy}/{file}", "w", encoding="utf-8") as copy:
            copy.write(place(self.top, file, stands).replace(stands, planted))

    def mend(self, file):
        shutil.copy(f"{self.top}/{file}", f"{self.copy}/{file}")


def place(top, file, stands):
    """The text of a source in which a bug has its place."""
    with open(f"{top}/{file}", encoding="utf-8") as source:
        text = source.read()
    if text.count(stands) != 1:
        sys.exit(f"{file} holds {text.count(stands)} times what a bug is planted in place of:\n{stands}")
    return text


def shows(output):
    """The line that says what was caught."""
    lines = [line.strip() for line in output.splitlines() if re.match(r"\s+(--scenario|--seed|\(|machine|\d+ x|never|\[)|.*(FAIL\]|modes failed)", line)]
    return (lines or output.splitlines() or ["nothing"])[0][:220]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--look", action="store_true", help="only see that each bug has a place in the sources as they are")
    parser.add_argument("--work", default="/var/tmp", help="a directory to work in")
    parser.add_argument("--kernel", default="", help="for the virtual machine")
    parser.add_argument("--library", default="", help="fault.c, compiled")
    parser.add_argument("--swap", default="", help="swap.c, compiled")
    parser.add_argument("--only", help="mutants whose name holds this")
    parser.add_argument("--counts", help="a file for the totals: passed, failed, skipped")
    given = parser.parse_args()
    top = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
    for _, _, file, stands, _ in MUTANTS:
        place(top, file, stands)
    if given.look:
        tell(given.counts, len(MUTANTS), 0)
        return
    if not given.kernel or not given.library or not given.swap:
        parser.error("to plant bugs takes --kernel, --library and --swap")
    work = os.path.join(os.path.abspath(given.work), f"mutants-{os.getpid()}")
    os.makedirs(work)
    try:
        workshop = Workshop(top, work, os.path.abspath(given.kernel), os.path.abspath(given.library), os.path.abspath(given.swap))
        mutants = [m for m in MUTANTS if not given.only or given.only in m[0]]
        for suite in dict.fromkeys(m[1] for m in mutants):
            code, output = workshop.run(suite, top)
            print(f"as it is: {suite}: {'passes' if code == 0 else 'FAILS: ' + shows(output)}", flush=True)
            if code != 0:
                sys.exit(1)
        caught = sum(try_one(workshop, mutant) for mutant in mutants)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"{len(mutants)} bugs planted, {caught} caught")
    tell(given.counts, caught, len(mutants) - caught)
    sys.exit(0 if mutants and caught == len(mutants) else 1)


def tell(counts, passed, failed):
    """For tests/run.sh, which sums up."""
    if counts:
        with open(counts, "w", encoding="utf-8") as file:
            file.write(f"{passed} {failed} 0\n")


def try_one(workshop, mutant):
    name, suite, file, stands, planted = mutant
    began = time.monotonic()
    workshop.plant(file, stands, planted)
    try:
        if problem := workshop.build(suite):
            print(f"DOES NOT BUILD: {name}: {problem}", flush=True)
            return False
        code, output = workshop.run(suite, workshop.copy)
    finally:
        workshop.mend(file)
    is_caught = code == 1
    print(f"{'caught' if is_caught else 'SURVIVED'} after {time.monotonic() - began:.0f} s: {name}\n    {suite}: {shows(output)}", flush=True)
    return is_caught


if __name__ == "__main__":
    main()
