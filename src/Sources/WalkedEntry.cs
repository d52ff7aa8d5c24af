using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>Something a walk met: an entry as the kernel described it, a place it could not look into, or something that is not the tree's.</summary>
internal sealed class WalkedEntry
{
    private readonly SafeFileHandle? directory;

    public WalkedEntry(byte[] path, FileStatus status, SafeFileHandle directory)
    {
        Path = path;
        Status = status;
        this.directory = directory;
    }

    public WalkedEntry(byte[] path, WalkProblem problem)
    {
        Path = path;
        Problem = problem;
    }

    public WalkedEntry(byte[] path, Foreign foreign)
    {
        Path = path;
        Foreign = foreign;
    }

    /// <summary>The source's name, a slash, and the path below it.</summary>
    public byte[] Path { get; }

    public FileStatus Status { get; }

    /// <summary>Why there is nothing to be had here; null for an entry.</summary>
    public WalkProblem? Problem { get; }

    /// <summary>Why it is left out, with all that is in it; null for an entry.</summary>
    public Foreign? Foreign { get; }

    /// <summary>The directory that something is mounted on which is left out: as it looks now, for what it is itself is hidden. It is saved empty, so that it can be mounted on again. Null for anything else.</summary>
    public FileStatus? MountPoint { get; init; }

    /// <summary>The path of an SQLite file that is saved while its log, which may hold its newest rows, is left out; null if there is none.</summary>
    public byte[]? WithoutLog { get; init; }

    /// <summary>Its name in its directory, where it is the one file of a source, which the list calls as the configuration does.</summary>
    public byte[]? NameOnDisk { get; init; }

    private ReadOnlySpan<byte> Name => NameOnDisk ?? Path.AsSpan(Path.AsSpan().LastIndexOf((byte)'/') + 1);

    /// <summary>Opens a regular file for reading, relative to its directory and following nothing. Only until the walk goes on.</summary>
    /// <exception cref="PosixError">It is gone, or not ours to read, or something else stands under its name now.</exception>
    public SafeFileHandle Open() => Posix.OpenToRead(directory!, Name);

    /// <summary>A symlink's text. Only until the walk goes on.</summary>
    public byte[] ReadLink() => Posix.ReadLink(directory!, Name);

    /// <summary>
    /// Puts on disk what programs changed in memory on the file system of a directory, or of one file's directory. A page that is written
    /// again before that, by way of a memory map, changes no time; once it is on disk, the next write does. Only until the walk goes on.
    /// </summary>
    public void SyncFileSystem()
    {
        try
        {
            using var below = !IsTop && Status.IsDirectory ? Posix.OpenDirectory(directory!, Name) : null;
            DiskSync.FileSystem(below ?? directory!);
        }
        catch (PosixError)
        {
            // Whose writes failed hears of it; what cannot be read is reported when it is.
        }
    }

    /// <summary>Where its ACLs and extended attributes are; nothing is opened, and no link followed. Only until the walk goes on.</summary>
    public AttributePlace Attributes =>
        IsTop ? AttributePlace.Of(directory!) : AttributePlace.Named(directory!, Name);

    private bool IsTop => !Path.AsSpan().Contains((byte)'/');
}

/// <summary>Why something is not in the snapshot. <paramref name="IsLoss"/> tells content that is missing from things that have none.</summary>
internal sealed record WalkProblem(string Reason, bool IsLoss);
