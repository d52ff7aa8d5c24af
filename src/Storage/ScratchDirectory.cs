using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>What a scratch directory is for: its name begins with <paramref name="Prefix"/>, and a file <paramref name="MarkName"/> is in it.</summary>
/// <param name="Prefix">A time follows.</param>
/// <param name="MarkName">The last name in the directory, so that removing takes it last: what a killed removal leaves is still known as ours.</param>
internal sealed record ScratchKind(string Prefix, string MarkName)
{
    public static readonly ScratchKind Drill = new(LeftoverName.DrillPrefix, "this-is-a-drill");

    /// <summary>What was fetched from the second place.</summary>
    public static readonly ScratchKind Offsite = new(LeftoverName.OffsitePrefix, "this-was-fetched");

    /// <summary>What was unpacked from a backup of the Python system.</summary>
    public static readonly ScratchKind Import = new(LeftoverName.ImportPrefix, "this-is-an-import");

    public static readonly IReadOnlyList<ScratchKind> All = [Drill, Offsite, Import];

    public bool IsName(string name) =>
        name.StartsWith(Prefix, StringComparison.Ordinal) && SnapshotId.Parse(name[Prefix.Length..]) is not null;
}

/// <summary>
/// A directory to restore, to fetch or to unpack into, gone when it is disposed. Whoever works in it holds a kernel lock on it, which ends
/// with the process: one of this name that nobody holds was left by one that was killed.
/// </summary>
internal sealed class ScratchDirectory : IDisposable
{
    private readonly SafeFileHandle held;

    private ScratchDirectory(string path, SafeFileHandle held) => (DirectoryPath, this.held) = (path, held);

    public string DirectoryPath { get; }

    /// <summary>Where to restore to; made by the restore.</summary>
    public string Restored => Path.Combine(DirectoryPath, "restored");

    public static bool IsName(string name) => ScratchKind.All.Any(kind => kind.IsName(name));

    /// <summary>Whether something is one, in use or left: by its name, and by what is in it.</summary>
    public static bool IsLeft(string path) => ScratchKind.All.Any(kind => kind.IsName(Path.GetFileName(path)) && IsOurs(path, kind));

    /// <summary>Makes one, for its owner only.</summary>
    /// <exception cref="PosixError">Nothing can be made there.</exception>
    public static ScratchDirectory Make(string parent, ScratchKind kind, DateTimeOffset now)
    {
        for (var id = SnapshotId.At(now); ; id = id.Next())
        {
            if (TryMake(Path.Combine(parent, kind.Prefix + id)) is { } made)
            {
                AtomicFile.Create(Path.Combine(made.DirectoryPath, kind.MarkName)).Dispose();
                return made;
            }
        }
    }

    /// <summary>Removes what those left in a directory who were killed, and nothing else there.</summary>
    /// <returns>What was removed.</returns>
    public static List<string> RemoveOrphans(string parent)
    {
        var removed = new List<string>();
        foreach (var kind in ScratchKind.All)
        {
            foreach (var path in Directory.EnumerateDirectories(parent, kind.Prefix + "*").Where(path => kind.IsName(Path.GetFileName(path))).ToList())
            {
                if (RemoveOrphan(path, kind))
                {
                    removed.Add(path);
                }
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

    private static bool RemoveOrphan(string path, ScratchKind kind)
    {
        if (TryHold(path) is not { } orphan)
        {
            return false;
        }

        using (orphan)
        {
            var isOurs = IsOurs(path, kind);
            if (isOurs)
            {
                DirectoryTree.Remove(path);
            }

            FileLock.GiveBack(orphan);
            return isOurs;
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

    /// <summary>The directory, locked; null if it is gone, not ours to open, or held by somebody.</summary>
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
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory or PosixError.TooManySymlinks or PosixError.AccessDenied)
        {
            return null;
        }
    }

    /// <summary>It is made and then marked; one that was killed in between left it empty.</summary>
    private static bool IsOurs(string path, ScratchKind kind) =>
        Posix.StatusOrNull(path) is { IsDirectory: true } status && (status.Uid == Posix.EffectiveUser || Posix.IsRoot)
        && (File.Exists(Path.Combine(path, kind.MarkName)) || !Directory.EnumerateFileSystemEntries(path).Any());
}
