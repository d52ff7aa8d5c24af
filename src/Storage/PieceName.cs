using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>What the tar entry of a piece shows: the file's path, which of its pieces it is (null if it is the only one), mode and time.</summary>
internal readonly ref struct PieceName(ReadOnlySpan<byte> path, int? number, int mode, FileTime modified)
{
    public ReadOnlySpan<byte> Path { get; } = path;

    public int? Number { get; } = number;

    public int Mode { get; } = mode;

    public FileTime Modified { get; } = modified;
}
