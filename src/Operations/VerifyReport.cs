using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>Something in the repository that is not as it was written.</summary>
/// <param name="Thing">What: a header, a list, a pack, a database.</param>
/// <param name="Reason">What is wrong with it.</param>
internal sealed record Damage(string Thing, string Reason)
{
    /// <summary>How many files are named.</summary>
    public const int Named = 20;

    /// <summary>The pack, if it is one.</summary>
    public Digest? Pack { get; init; }

    /// <summary>Where that lies.</summary>
    public string? PackPath { get; init; }

    /// <summary>The snapshots that need it.</summary>
    public SortedSet<string> Snapshots { get; } = new(StringComparer.Ordinal);

    /// <summary>The first files that cannot be restored for it.</summary>
    public SortedSet<string> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>How many files that are, over all snapshots.</summary>
    public long FileCount { get; set; }
}

/// <summary>What a check looked at and found.</summary>
internal sealed record VerifyReport(int Snapshots, int Packs, long Bytes, bool Deep, IReadOnlyList<Damage> Damages)
{
    /// <summary>Packs that were looked at, and with nothing wrong.</summary>
    public IReadOnlyList<Digest> IntactPacks { get; init; } = [];
}
