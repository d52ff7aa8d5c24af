using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>What a scratch directory is for; its name says so, and so does the mark in it.</summary>
internal enum ScratchPurpose
{
    Drill,
    Import,
}

/// <summary>
/// The directory that a drill restores into, or an import unpacks into, gone when it is disposed. Its process holds a kernel lock
/// on it, which ends with that process: one of this name that nobody holds was left by one that was killed.
/// </summary>
internal sealed class ScratchDirectory : IDisposable
{
    // The mark is the last name in the directory, so removing takes it last: what a killed removal leaves is still known as ours.
    private static readonly (string Prefix, string Mark)[] Names =
        [("vertex-ar-backup-drill-", "this-is-a-drill"), ("vertex-ar-backup-import-", "this-is-an-import")];

    private readonly SafeFileHandle held;

    private ScratchDirectory(string path, SafeFileHandle held) => (DirectoryPath, this.held) = (path, held);

    public string DirectoryPath { get; }

    /// <summary>Where a drill restores to; made by the restore.</summary>
    public string Restored => Path.Combine(DirectoryPath, "restored");

    public static bool IsName(string name) => Array.Exists(
        Names, known => name.StartsWith(known.Prefix, StringComparison.Ordinal) && SnapshotId.Parse(name[known.Prefix.Length..]) is not null);

    /// <summary>Makes one, for its owner only.</summary>
    /// <exception cref="PosixError">Nothing can be made there.</exception>
    public static ScratchDirectory Make(string parent, DateTimeOffset now, ScratchPurpose purpose = ScratchPurpose.Drill)
    {
        var (prefix, mark) = Names[(int)purpose];
        for (var id = SnapshotId.At(now); ; id = id.Next())
        {
            if (TryMake(Path.Combine(parent, prefix + id)) is { } made)
            {
                AtomicFile.Create(Path.Combine(made.DirectoryPath, mark)).Dispose();
                return made;
            }
        }
    }

    /// <summary>Removes what killed drills and imports left in a directory, and nothing else there.</summary>
    /// <returns>What was removed.</returns>
    public static List<string> RemoveOrphans(string parent)
    {
        var removed = new List<string>();
        foreach (var path in Directory.EnumerateDirectories(parent).Where(path => IsName(Path.GetFileName(path))).ToList())
        {
            if (TryHold(path) is not { } orphan)
            {
                continue;
            }

            using (orphan)
            {
                if (IsOurs(path))
                {
                    DirectoryTree.Remove(path);
                    removed.Add(path);
                }

                FileLock.GiveBack(orphan);
            }
        }

        return removed;
    }

    public void Dispose()
    {
        if (!held.IsClosed)
        {
            DirectoryTree.Remove(DirectoryPath);
            FileLock.GiveBack(held);
            held.Dispose();
        }
    }

    /// <summary>Null if the name is taken, or who sweeps took it for an orphan before it was held.</summary>
    private static ScratchDirectory? TryMake(string path)
    {
        try
        {
            Posix.MakeDirectory(Posix.Here, Posix.Bytes(path), 0x1C0);
        }
        catch (PosixError e) when (e.Number == PosixError.Exists)
        {
            return null;
        }

        if (TryHold(path) is not { } held)
        {
            return null;
        }

        if (Posix.StatusOrNull(path) is { } now && now.Inode == Posix.Status(held).Inode)
        {
            return new ScratchDirectory(path, held);
        }

        held.Dispose();
        return null;
    }

    /// <summary>The directory, locked; null if it is gone, not ours to open, or in use.</summary>
    private static SafeFileHandle? TryHold(string path)
    {
        try
        {
            var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(path));
            if (FileLock.TryTake(directory, exclusive: true))
            {
                return directory;
            }

            directory.Dispose();
            return null;
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory or PosixError.TooManyLinks or PosixError.AccessDenied)
        {
            return null;
        }
    }

    /// <summary>It is made and then marked; who was killed in between left it empty.</summary>
    private static bool IsOurs(string path) =>
        Posix.StatusOrNull(path) is { IsDirectory: true } status && (status.Uid == Posix.EffectiveUser || Posix.IsRoot)
        && (Array.Exists(Names, known => File.Exists(Path.Combine(path, known.Mark))) || !Directory.EnumerateFileSystemEntries(path).Any());
}
