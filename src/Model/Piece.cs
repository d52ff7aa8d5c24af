using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>
/// Where a run of bytes of a file is stored: the <paramref name="Entry"/>-th tar entry (from 0) of the gzip member that begins at byte
/// <paramref name="Offset"/> of a pack. <paramref name="Pack"/> is the line number (from 0) in the snapshot's pack table.
/// </summary>
internal readonly record struct Piece(int Pack, long Offset, int Entry, long Length, Digest Sha256)
{
    /// <summary>The pack of pieces that are stored nowhere because every byte of them is zero.</summary>
    public const int NoPack = -1;

    public bool IsHole => Pack == NoPack;

    /// <summary>A run of zeros, as sparse files have them.</summary>
    public static Piece Hole(long length) => new(NoPack, 0, 0, length, default);
}
