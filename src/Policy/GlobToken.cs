namespace VertexAr.Backup.Policy;

/// <summary>What a part of a pattern stands for.</summary>
internal enum GlobTokenKind
{
    /// <summary>No part: behind the last one.</summary>
    End,

    /// <summary>One byte.</summary>
    Byte,

    /// <summary>Any byte of a set, which never has a slash.</summary>
    Set,

    /// <summary><c>*</c>: any bytes but slashes, or none.</summary>
    Star,

    /// <summary><c>**/</c>: any number of names, each with its slash, or none.</summary>
    Names,

    /// <summary><c>**</c> at the end: any bytes, or none.</summary>
    Anything,
}

/// <summary>A part of a pattern.</summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="Byte">The byte of <see cref="GlobTokenKind.Byte"/>.</param>
/// <param name="Set">The 256 flags of <see cref="GlobTokenKind.Set"/>.</param>
internal readonly record struct GlobToken(GlobTokenKind Kind, byte Byte = 0, bool[]? Set = null)
{
    public bool Fits(byte b) => Set is null ? Kind == GlobTokenKind.Byte && Byte == b : Set[b];
}
