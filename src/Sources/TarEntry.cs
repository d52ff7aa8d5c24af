using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>A member of a tar archive.</summary>
internal sealed record TarEntry
{
    /// <summary>Relative, with neither "." nor ".." in it; empty for the top of the archive itself.</summary>
    public required byte[] Path { get; init; }

    /// <summary>Null for what is neither file, directory nor link.</summary>
    public required EntryType? Type { get; init; }

    /// <summary>What that is called.</summary>
    public string SpecialName { get; init; } = "";

    public required int Mode { get; init; }

    public required uint Uid { get; init; }

    public required uint Gid { get; init; }

    public string? User { get; init; }

    public string? Group { get; init; }

    /// <summary>Bytes of content, which follow.</summary>
    public required long Size { get; init; }

    public required FileTime Modified { get; init; }

    /// <summary>A symlink's text; or the first path of a hard link, which keeps to the rules of <see cref="Path"/>.</summary>
    public byte[]? Target { get; init; }
}
