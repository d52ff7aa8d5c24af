using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Puts restored sources where they belong, once all of them are complete and on disk. What is there now is kept beside under
/// a name with the time. At every instant the target's name holds either the old or the new, whole; and where there are
/// several targets, they change one right after the other, with nothing between that could take time.
/// </summary>
internal sealed class RestoreInPlace(string stamp, RunProgress progress) : IDisposable
{
    private static readonly string[] DatabaseCompanions = ["-wal", "-shm", "-journal"];

    private const string KeptPrefix = ".before_restore_";

    private readonly List<string> kept = [];
    private readonly List<SafeFileHandle> held = [];
    private readonly Stack<Action> undo = [];
    private readonly List<Action> swaps = [];
    private readonly List<Action> ends = [];

    /// <summary>Where things were put that are not in place any more.</summary>
    public IReadOnlyList<string> Kept => kept;

    /// <summary>Refuses while somebody uses a database that is to be replaced.</summary>
    /// <exception cref="UserError">Names the processes.</exception>
    public static void RefuseIfInUse(IEnumerable<RestoreTarget> targets)
    {
        foreach (var target in targets.Where(t => t.Source.Kind == SourceKind.Database))
        {
            var holders = OpenFiles.Holders(DatabaseCompanions.Select(c => target.Target + c).Prepend(target.Target));
            if (holders.Count > 0)
            {
                throw UserError.Failed(
                    $"the database {target.Target} is in use by {string.Join(", ", holders)}",
                    "stop the application first (for Vertex AR: systemctl stop vertex-ar), or restore elsewhere with --to DIR");
            }
        }
    }

    /// <summary>Where a source is restored to before it is put in place: on the same mount, so that a rename can follow.</summary>
    public static string Scratch(RestoreTarget target, string stamp) =>
        IsMountPoint(target)
            ? Path.Combine(target.Target, $".restore_{stamp}")
            : Path.Combine(Path.GetDirectoryName(target.Target)!, $".{Path.GetFileName(target.Target)}.restore_{stamp}");

    /// <summary>A tree that is a mount of its own cannot be renamed; its entries can.</summary>
    public static bool IsMountPoint(RestoreTarget target) =>
        target.Source.Kind == SourceKind.Storage
        && Posix.StatusOrNull(target.Target) is { IsDirectory: true } top
        && Posix.StatusOrNull(Path.GetDirectoryName(target.Target)!) is { } parent
        && top.IsOnOtherMount(parent);

    /// <summary>Where what a path holds now will be kept.</summary>
    public static string KeptName(string path, string stamp) => path + KeptSuffix(stamp);

    /// <summary>Makes a whole source ready to be put in place.</summary>
    public void Prepare(RestoreTarget target, string scratch)
    {
        if (target.Source.Kind == SourceKind.Database)
        {
            PrepareDatabase(target.Target, Path.Combine(scratch, Path.GetFileName(target.Target)));
            ends.Add(() => DirectoryTree.Remove(scratch));
        }
        else if (IsMountPoint(target))
        {
            progress.Say(Severity.Information, $"{target.Target} is a mount point: its entries are replaced one by one");
            swaps.Add(() => SwapEntries(target.Target, scratch));
        }
        else
        {
            PrepareTree(target.Target, scratch);
        }
    }

    /// <summary>Makes only these files ready to be put in place, each by itself, and leaves everything else as it is.</summary>
    /// <param name="target">The source.</param>
    /// <param name="scratch">Where the files are, in a tree like the target's.</param>
    public void PrepareFiles(RestoreTarget target, string scratch)
    {
        if (target.Source.Kind == SourceKind.Database)
        {
            Prepare(target, scratch);
        }
        else if (Posix.StatusOrNull(target.Target) is null)
        {
            PrepareTree(target.Target, scratch);
        }
        else
        {
            swaps.Add(() => Merge(Hold(scratch), Hold(target.Target), target.Target));
            ends.Add(() => DirectoryTree.Remove(scratch));
        }
    }

    /// <summary>Puts in place what was prepared.</summary>
    public void Swap()
    {
        swaps.ForEach(swap => swap());
        ends.ForEach(end => end());
    }

    /// <summary>What an earlier restore of this target left when it was killed. It may hold the only copy of what was there.</summary>
    public static IEnumerable<string> LeftBehind(RestoreTarget target) => Directory.EnumerateFileSystemEntries(
        Path.GetDirectoryName(target.Target)!, $".{Path.GetFileName(target.Target)}.restore_*");

    /// <summary>Takes back what was swapped so far: another source could not be.</summary>
    /// <exception cref="UserError">That failed too; says what is where.</exception>
    public void Undo(Exception cause)
    {
        while (undo.TryPop(out var step))
        {
            try
            {
                step();
            }
            catch (PosixError e)
            {
                throw UserError.Failed(
                    $"putting in place failed ({cause.Message}), and so did taking back what was done ({e.Message}): some of it may be the snapshot's now and some as it was",
                    $"what was there is kept under names with '{KeptSuffix(stamp)}' or '.restore_{stamp}'; delete nothing of that, and when the disk works again, restore once more",
                    e);
            }
        }
    }

    public void Dispose() => held.ForEach(directory => directory.Dispose());

    private void PrepareDatabase(string path, string restored)
    {
        var aside = KeptName(path, stamp);
        if (File.Exists(path))
        {
            FoldLogIn(path);
            Keep(path, aside);
            swaps.Add(() =>
            {
                PutCompanionsAside(path, aside);
                Rename(restored, path);
            });
        }
        else
        {
            swaps.Add(() =>
            {
                PutCompanionsAside(path, aside);
                PutWhereNothingIs(path, restored);
                undo.Push(() => AtomicFile.RemoveIfThere(path));
            });
        }

        ends.Add(() => AtomicFile.SyncDirectory(Path.GetDirectoryName(path)!));
    }

    private static void PutWhereNothingIs(string path, string restored)
    {
        try
        {
            Posix.Rename(Posix.Here, Posix.Bytes(restored), Posix.Here, Posix.Bytes(path), RenameHow.Refuse);
        }
        catch (PosixError e) when (e.Number == PosixError.Exists)
        {
            throw UserError.Failed(
                $"the database {path}, which was not there, has been made while it was restored", "nothing was changed; stop the application, and restore once more", e);
        }
    }

    /// <summary>What is left belongs to a database that SQLite could not open, or that is gone. It must not be replayed into the new one.</summary>
    private void PutCompanionsAside(string path, string aside)
    {
        foreach (var companion in DatabaseCompanions.Where(c => File.Exists(path + c)))
        {
            Rename(path + companion, aside + companion);
            undo.Push(() => Rename(aside + companion, path + companion));
        }
    }

    /// <summary>
    /// Lets SQLite write a left-over log into the old database, as the application's next start would have done. After that
    /// one file is the whole database, and can be replaced in one instant.
    /// </summary>
    /// <exception cref="UserError">SQLite can read the old database and yet not do that.</exception>
    private static void FoldLogIn(string path)
    {
        try
        {
            using var connection = SqliteFile.Open(path, SqliteOpenMode.ReadWrite);
            SqliteFile.Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
        }
        catch (SqliteException e) when (SqliteFile.IsDamage(e))
        {
            // That may be why it is being replaced.
        }
        catch (SqliteException e)
        {
            throw UserError.Failed(
                $"the log of the old database {path} could not be written into it, so that it could be kept whole: {e.Message}",
                "nothing was changed; restore elsewhere with --to DIR, or move the old database away with its -wal and -journal", e);
        }
    }

    /// <summary>The old file gets a second name and keeps its own until the new one takes that over.</summary>
    private void Keep(string path, string aside)
    {
        try
        {
            Posix.MakeLink(Posix.Here, Posix.Bytes(path), Posix.Here, Posix.Bytes(aside));
            undo.Push(() => PutBack(path, aside));
        }
        catch (PosixError e) when (e.Number is PosixError.NotPermitted or PosixError.NotSupported or PosixError.TooManyLinks)
        {
            // A file system without hard links: for a moment there is no database.
            swaps.Add(() =>
            {
                Rename(path, aside);
                undo.Push(() => Rename(aside, path));
            });
        }

        kept.Add(aside);
    }

    private void PrepareTree(string path, string restored)
    {
        if (Posix.StatusOrNull(path) is null)
        {
            swaps.Add(() =>
            {
                Rename(restored, path);
                undo.Push(() => Rename(path, restored));
            });
        }
        else
        {
            swaps.Add(() => ExchangeAndKeep(path, restored, KeptName(path, stamp)));
        }

        ends.Add(() => AtomicFile.SyncDirectory(Path.GetDirectoryName(path)!));
    }

    /// <summary>The two trees change places in one instant; the old one gets the name it is kept under when all have changed.</summary>
    private void ExchangeAndKeep(string path, string restored, string aside)
    {
        try
        {
            Exchange(path, restored);
            undo.Push(() => Exchange(path, restored));
            ends.Insert(0, () =>
            {
                Rename(restored, aside);
                undo.Push(() => Rename(aside, restored));
            });
        }
        catch (PosixError e) when (e.Number is PosixError.Invalid or PosixError.NotSupported)
        {
            // A file system that cannot exchange names: for a moment there is no tree.
            Rename(path, aside);
            undo.Push(() => Rename(aside, path));
            Rename(restored, path);
            undo.Push(() => Rename(path, restored));
        }

        kept.Add(aside);
    }

    private static void Exchange(string one, string other) =>
        Posix.Rename(Posix.Here, Posix.Bytes(one), Posix.Here, Posix.Bytes(other), RenameHow.Exchange);

    /// <summary>The old entries move into a directory beside them, the new ones take their places.</summary>
    private void SwapEntries(string path, string restored)
    {
        var aside = Path.Combine(path, KeptPrefix + stamp);
        Posix.MakeDirectory(Posix.Here, Posix.Bytes(aside), 0x1C0);
        kept.Add(aside);
        undo.Push(() => DirectoryTree.Remove(aside));
        var (live, old, fresh) = (Hold(path), Hold(aside), Hold(restored));
        foreach (var name in DirectoryNames.Read(live))
        {
            // An earlier restore's leavings stay where they are.
            if (!name.AsSpan().StartsWith(Posix.Bytes(KeptPrefix)) && !name.AsSpan().SequenceEqual(Posix.Bytes(Path.GetFileName(restored))))
            {
                Move(live, name, old, name);
            }
        }

        foreach (var name in DirectoryNames.Read(fresh))
        {
            Move(fresh, name, live, name);
        }

        DirectoryTree.Remove(restored);
        Posix.Sync(live);
    }

    /// <summary>Moves what is in one directory into another; only directories that both have are gone into.</summary>
    private void Merge(SafeFileHandle fresh, SafeFileHandle live, string path)
    {
        foreach (var name in DirectoryNames.Read(fresh))
        {
            var status = StatusOrNull(live, name);
            if (status is { IsDirectory: true } && Posix.StatusAt(fresh, name).IsDirectory)
            {
                Merge(Hold(fresh, name), Hold(live, name), Path.Combine(path, Encoding.UTF8.GetString(name)));
                continue;
            }

            if (status is null)
            {
                Move(fresh, name, live, name);
                continue;
            }

            byte[] aside = [.. name, .. Posix.Bytes(KeptSuffix(stamp))];
            Replace(fresh, live, name, aside);
            kept.Add(Path.Combine(path, Encoding.UTF8.GetString(aside)));
        }

        Posix.Sync(live);
    }

    /// <summary>The new file takes the old one's name in one instant; then the old one gets the name it is kept under.</summary>
    private void Replace(SafeFileHandle fresh, SafeFileHandle live, byte[] name, byte[] aside)
    {
        try
        {
            Exchange();
        }
        catch (PosixError e) when (e.Number is PosixError.Invalid or PosixError.NotSupported)
        {
            // A file system that cannot exchange names: for a moment there is no file.
            Move(live, name, live, aside);
            Move(fresh, name, live, name);
            return;
        }

        undo.Push(Exchange);
        Move(fresh, name, live, aside);

        void Exchange() => Posix.Rename(fresh, name, live, name, RenameHow.Exchange);
    }

    /// <summary>Keeps a directory open until the restore is over: taking a step back goes through the same descriptor.</summary>
    private SafeFileHandle Hold(SafeFileHandle parent, ReadOnlySpan<byte> name, bool follow = false)
    {
        var directory = Posix.OpenDirectory(parent, name, follow);
        held.Add(directory);
        return directory;
    }

    private SafeFileHandle Hold(string path) => Hold(Posix.Here, Posix.Bytes(path), follow: true);

    private void Move(SafeFileHandle fromDirectory, byte[] from, SafeFileHandle toDirectory, byte[] to)
    {
        Posix.Rename(fromDirectory, from, toDirectory, to, RenameHow.Refuse);
        undo.Push(() => Posix.Rename(toDirectory, to, fromDirectory, from, RenameHow.Refuse));
    }

    /// <summary>The old database takes its name back. Where the name was still its own, renaming does nothing and its second name goes.</summary>
    private static void PutBack(string path, string aside)
    {
        Rename(aside, path);
        AtomicFile.RemoveIfThere(aside);
    }

    private static FileStatus? StatusOrNull(SafeFileHandle directory, byte[] name)
    {
        try
        {
            return Posix.StatusAt(directory, name);
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return null;
        }
    }

    private static string KeptSuffix(string stamp) => $".before_restore_{stamp}";

    private static void Rename(string from, string to) => Posix.Rename(Posix.Here, Posix.Bytes(from), Posix.Here, Posix.Bytes(to));
}
