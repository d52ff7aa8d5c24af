using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Compares restored files with the file list, by other means than those that restored them: looks at each name and reads
/// each file again from disk. Owners and times are not compared: only root can give files away, and some file systems round.
/// </summary>
internal sealed class DrillFiles : IDisposable
{
    private const int OwnersRead = 0x100;
    private const int OwnersAll = 0x1C0;

    private readonly SafeFileHandle root;
    private readonly RunProgress progress;
    private readonly DrillFindings findings;
    private readonly CancellationToken stop;
    private readonly RestoreLosses losses;
    private readonly byte[] buffer = new byte[1 << 20];
    private readonly Sha256 hasher = new();
    private long missing;
    private byte[]? openPath;
    private SafeFileHandle? openDirectory;

    /// <param name="root">The directory that holds a directory for each source.</param>
    /// <param name="progress">Counts files and bytes.</param>
    /// <param name="findings">Hears of what differs.</param>
    /// <param name="losses">What the restore could not give back, which is then not looked for.</param>
    /// <param name="stop">Ends it early.</param>
    public DrillFiles(string root, RunProgress progress, DrillFindings findings, RestoreLosses losses, CancellationToken stop)
    {
        this.losses = losses;
        this.root = Posix.OpenDirectory(Posix.Here, Posix.Bytes(root));
        (this.progress, this.findings, this.stop) = (progress, findings, stop);
    }

    /// <summary>Files that were looked at, hard links among them.</summary>
    public long Files { get; private set; }

    /// <summary>Bytes that were read.</summary>
    public long Bytes { get; private set; }

    /// <summary>Looks at everything in the list, and for what is not in it.</summary>
    public void Run(FileListReader list)
    {
        var names = 0L;
        while (list.Read() is { } entry)
        {
            stop.ThrowIfCancellationRequested();
            names += entry.Path.AsSpan().Contains((byte)'/') ? 1 : 0;
            Check(entry);
        }

        var there = DirectoryNames.Read(root).Sum(CountBelow);
        if (there != names - missing)
        {
            findings.Fail("(all)", $"{there} names were restored, and the list has {names - missing}");
        }
    }

    public void Dispose()
    {
        openDirectory?.Dispose();
        root.Dispose();
        hasher.Dispose();
    }

    private void Check(FileEntry entry)
    {
        try
        {
            var parent = Parent(entry.Path);
            var name = losses.Renamed.NameOf(entry.Path);
            var difference = Difference(entry, Posix.StatusAsked(parent, name)) ?? DifferentAttributes(entry, parent, name) ?? Look(entry, parent, name);
            if (difference is not null)
            {
                findings.Fail(Encoding.UTF8.GetString(entry.Path), difference);
            }
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound && (entry.Type.IsSpecial() || entry.Type == EntryType.Symlink) && missing < losses.SpecialFiles + losses.Symlinks)
        {
            // The restore said so.
            missing++;
        }
        catch (PosixError e)
        {
            findings.Fail(Encoding.UTF8.GetString(entry.Path), e.Number is PosixError.NotFound or PosixError.NotDirectory ? "was not restored" : $"cannot be read: {e.Message}");
        }

        if (entry.HasContent)
        {
            Files++;
            progress.AddFile();
        }
    }

    /// <summary>What the kernel knows without opening it. A symlink has no mode and no size of its own.</summary>
    private string? Difference(FileEntry entry, FileStatus now) => entry.Type switch
    {
        EntryType.Directory when !now.IsDirectory => "is no directory any more",
        EntryType.Symlink => now.IsSymlink ? null : "is no symlink any more",
        EntryType.File or EntryType.HardLink when !now.IsRegular => "is no file any more",
        EntryType.File or EntryType.HardLink when now.Size != entry.Size => $"has {now.Size} bytes and had {entry.Size}",
        EntryType.Fifo when !now.IsFifo => "is no FIFO any more",
        EntryType.BlockDevice when !now.IsBlockDevice => "is no block device any more",
        EntryType.CharacterDevice when !now.IsCharacterDevice => "is no character device any more",
        EntryType.BlockDevice or EntryType.CharacterDevice when now.Node != entry.Device => "stands for another device than it did",
        _ => DifferentMode(entry, now),
    };

    private string? DifferentMode(FileEntry entry, in FileStatus now)
    {
        // Where a file's ACL could not be kept, its mode gives less than it did. Which modes could not be kept, the restore said.
        var expected = RestoreMetadata.ModeFor(entry, now);
        return now.Permissions == expected || Lost(entry, RestoreLoss.Mode) || Lost(entry, RestoreLoss.Attributes)
            ? null
            : $"has mode {Octal(now.Permissions)} and had {Octal(entry.Mode)}";
    }

    /// <summary>Another name of a file has what the first one has.</summary>
    private bool Lost(FileEntry entry, RestoreLoss kind) => losses.Has(kind, entry.Path) || (entry.Type == EntryType.HardLink && losses.Has(kind, entry.Target!));

    private string? DifferentAttributes(FileEntry entry, SafeFileHandle parent, ReadOnlySpan<byte> name) =>
        Lost(entry, RestoreLoss.Attributes) || RestoreMetadata.HasAttributes(AttributePlace.Named(parent, name), entry) ? null : "has other ACLs or attributes than it had";

    private string? Look(FileEntry entry, SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        switch (entry.Type)
        {
            case EntryType.Directory:
                OpenUp(parent, name, entry.Mode, OwnersAll);
                return null;
            case EntryType.Symlink:
                return Posix.ReadLink(parent, name).AsSpan().SequenceEqual(entry.Target) ? null : "points elsewhere than it did";
            case EntryType.Fifo or EntryType.BlockDevice or EntryType.CharacterDevice:
                return null;
            default:
                OpenUp(parent, name, entry.Mode, OwnersRead);
                using (var file = Posix.OpenToRead(parent, name))
                {
                    // Another name of the same file comes with the same mode.
                    Reset(file, entry.Mode);
                    return Compare(file, entry);
                }
        }
    }

    /// <summary>Who is not root may have restored what its own mode forbids to read.</summary>
    private static void OpenUp(SafeFileHandle parent, ReadOnlySpan<byte> name, int mode, int needed)
    {
        if (!Posix.IsRoot && (mode & needed) != needed)
        {
            Posix.SetModeAt(parent, name, mode | needed);
        }
    }

    private static void Reset(SafeFileHandle file, int mode)
    {
        if (!Posix.IsRoot)
        {
            Posix.SetMode(file, mode);
        }
    }

    private string? Compare(SafeFileHandle file, FileEntry entry)
    {
        Posix.AdviseUncached(file);
        Posix.AdviseSequential(file);
        var at = 0L;
        foreach (var piece in entry.Pieces)
        {
            if (piece.IsHole ? !IsEmpty(file, at, piece.Length) : Hash(file, at, piece.Length) != piece.Sha256)
            {
                return entry.Pieces.Length == 1 ? "holds other content than was saved" : $"holds other content than was saved, from byte {at} on";
            }

            at += piece.Length;
        }

        Bytes = Units.Add(Bytes, entry.Size);
        return null;
    }

    private Digest Hash(SafeFileHandle file, long at, long length)
    {
        for (var left = length; left > 0;)
        {
            stop.ThrowIfCancellationRequested();
            var read = Posix.ReadAt(file, buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)), at);
            if (read == 0)
            {
                break;
            }

            hasher.Append(buffer.AsSpan(0, read));
            progress.AddBytes(read);
            (at, left) = (at + read, left - read);
        }

        return hasher.Finish();
    }

    /// <summary>Where the file system keeps holes there is nothing to read.</summary>
    private bool IsEmpty(SafeFileHandle file, long at, long length)
    {
        var end = at + length;
        for (var data = Posix.SeekData(file, at); data >= 0 && data < end;)
        {
            stop.ThrowIfCancellationRequested();
            var read = Posix.ReadAt(file, buffer.AsSpan(0, (int)Math.Min(end - data, buffer.Length)), data);
            if (read == 0 || buffer.AsSpan(0, read).ContainsAnyExcept((byte)0))
            {
                return false;
            }

            data = data + read < end ? Posix.SeekData(file, data + read) : -1;
        }

        return true;
    }

    /// <summary>The directory above a path, from the top down, following nothing; the last one stays open, since lists go by directory.</summary>
    private SafeFileHandle Parent(byte[] path)
    {
        var slash = path.AsSpan().LastIndexOf((byte)'/');
        if (slash < 0)
        {
            return root;
        }

        if (openDirectory is not null && openPath.AsSpan().SequenceEqual(path.AsSpan(0, slash)))
        {
            return openDirectory;
        }

        var directory = Posix.OpenDirectory(root, "."u8);
        foreach (var part in path.AsSpan(0, slash).Split((byte)'/'))
        {
            using var above = directory;
            directory = Posix.OpenDirectory(above, losses.Renamed.NameOf(path.AsSpan(0, part.End.Value)));
        }

        openDirectory?.Dispose();
        (openPath, openDirectory) = (path[..slash], directory);
        return directory;
    }

    private long CountBelow(byte[] name) => CountBelow(root, name);

    private static long CountBelow(SafeFileHandle parent, ReadOnlySpan<byte> name)
    {
        using var directory = Posix.OpenDirectory(parent, name);
        var count = 0L;
        foreach (var below in DirectoryNames.Read(directory))
        {
            count += 1 + (Posix.StatusAt(directory, below).IsDirectory ? CountBelow(directory, below) : 0);
        }

        return count;
    }

    private static string Octal(int mode) => Convert.ToString(mode, 8).PadLeft(4, '0');
}
