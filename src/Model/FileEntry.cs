using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>One line of a file list: a file, directory or link as it was when it was read.</summary>
internal sealed record FileEntry
{
    /// <summary>The source's name, a slash, and the path below it. Bytes: a name need not be UTF-8.</summary>
    public required byte[] Path { get; init; }

    public required EntryType Type { get; init; }

    /// <summary>Permission bits, with set-uid, set-gid and sticky.</summary>
    public required int Mode { get; init; }

    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    /// <summary>The owner's name where it was read; null if that machine knew none.</summary>
    public string? User { get; init; }

    public string? Group { get; init; }

    /// <summary>Bytes of content; 0 for everything that has none.</summary>
    public long Size { get; init; }

    public required FileTime Modified { get; init; }

    public required FileTime Changed { get; init; }

    public required ulong Inode { get; init; }

    /// <summary>A symlink's text, or a hard link's first path.</summary>
    public byte[]? Target { get; init; }

    /// <summary>The content, in order; empty for an empty file.</summary>
    public Piece[] Pieces { get; set; } = [];

    /// <summary>For a database: size, times and inode of its <c>-wal</c> file when it was copied.</summary>
    public WalStatus? Wal { get; init; }

    /// <summary>Of a device node: the device; null for everything else.</summary>
    public DeviceNumber? Device { get; init; }

    /// <summary>ACLs and extended attributes; null for a file that has none, as most.</summary>
    public ExtendedAttributes? Attributes { get; init; }

    /// <summary>Of something absent, why it could not be saved; null for everything else.</summary>
    public string? Reason { get; init; }

    public bool HasContent => Type is EntryType.File or EntryType.HardLink;

    /// <summary>The same file with the same content as far as the kernel's book-keeping can tell.</summary>
    public bool IsUnchanged(in FileStatus now) =>
        Size == now.Size && Modified == now.Modified && Changed == now.Changed && Inode == now.Inode;

    /// <summary>The same size and times, as far as the file system keeps them: a change time that is the mtime now may have been another while the file was in memory.</summary>
    public bool HasSameTimes(in FileStatus now) =>
        Size == now.Size && Modified == now.Modified && (Changed == now.Changed || now.Changed == now.Modified);
}
