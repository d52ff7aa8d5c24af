using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>How the second place is kept.</summary>
/// <param name="Rules">What stays there; null for everything.</param>
/// <param name="Site">Whose snapshots those rules are for; null for all.</param>
/// <param name="DryRun">Only say what would be done.</param>
internal sealed record OffsitePlan(RetentionRules? Rules, SiteIdentity? Site, bool DryRun)
{
    /// <summary>The name of this machine.</summary>
    public required string Host { get; init; }

    /// <summary>Signs the list of what is there; null where nothing is signed.</summary>
    public SnapshotSigner? Signer { get; init; }

    /// <summary>Which machine this is, as in a header; null if that is not known.</summary>
    public required string? Machine { get; init; }
}

/// <summary>What a copy did, or would do.</summary>
internal sealed record OffsitePushResult
{
    /// <summary>Snapshots that were not there and are now.</summary>
    public required int Snapshots { get; init; }

    public required int Files { get; init; }

    public required long Bytes { get; init; }

    /// <summary>The newest that is here and there; null if there is none.</summary>
    public required Snapshot? Newest { get; init; }

    /// <summary>Snapshots that could not be copied, and why.</summary>
    public required IReadOnlyList<DamagedSnapshot> Bad { get; init; }

    /// <summary>What somebody did there since the last copy that has no key.</summary>
    public IReadOnlyList<Damage> Tampering { get; init; } = [];

    /// <summary>Snapshots that were removed there.</summary>
    public required IReadOnlyList<RetentionDecision> Removed { get; init; }

    /// <summary>What that freed there, in bytes.</summary>
    public required long FreedBytes { get; init; }
}
