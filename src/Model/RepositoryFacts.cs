namespace VertexAr.Backup.Model;

/// <summary>What can be known of a repository without reading any content: whether that is good or bad is for others to say.</summary>
internal sealed record RepositoryFacts
{
    /// <summary>How many snapshots of each type there are, whose headers are whole.</summary>
    public required IReadOnlyDictionary<SnapshotType, int> Counts { get; init; }

    /// <summary>The newest of each type that there is one of. One that is dated in the future is the newest only where there is no other.</summary>
    public required IReadOnlyDictionary<SnapshotType, SnapshotHeader> Newest { get; init; }

    /// <summary>Sources of the configuration that none of the newest has, where these are not known to be of this site; empty where they are.</summary>
    public IReadOnlyList<SourceName> Unsaved { get; init; } = [];

    /// <summary>Snapshots whose headers are not whole, each with what is wrong.</summary>
    public required IReadOnlyList<DamagedSnapshot> Damaged { get; init; }

    /// <summary>Those of the newest that no trusted key vouches for, each with the reason; empty where no key is known.</summary>
    public IReadOnlyList<DamagedSnapshot> Untrusted { get; init; } = [];

    /// <summary>Snapshots that are dated in the future.</summary>
    public IReadOnlyList<SnapshotId> InFuture { get; init; } = [];

    /// <summary>How the last runs ended, by job.</summary>
    public required IReadOnlyDictionary<string, RunRecord> Runs { get; init; }

    /// <summary>What one run adds to the repository, in bytes, on the average of the newest; null if there is none.</summary>
    public required long? BytesOfRun { get; init; }

    /// <summary>What the service's user may still fill, in bytes; null where the file system does not tell.</summary>
    public required long? FreeBytes { get; init; }

    /// <summary>The newest snapshot that is known to be in the second place; null if none is. A copy that failed in part may have brought it there all the same.</summary>
    public SnapshotId? NewestOffsite => NewestPush?.Snapshot is { } id ? SnapshotId.Parse(id) : null;

    /// <summary>When that snapshot was made; at the latest when it was copied, since its name may be ahead of the time.</summary>
    public DateTimeOffset? NewestOffsiteAt => NewestOffsite is { } id && NewestPush is { } push ? push.StartedAt < id.Time ? push.StartedAt : id.Time : null;

    private RunReport? NewestPush =>
        Runs.GetValueOrDefault(RunJob.OffsitePush) is { } pushes
            ? new[] { pushes.Last, pushes.LastSuccess, pushes.LastFailure }.FirstOrDefault(run => run?.Snapshot is { } id && SnapshotId.Parse(id) is not null)
            : null;

    public int Count => Counts.Values.Sum();

    public SnapshotHeader? NewestCovering(SourceKind kind) =>
        SnapshotOrder.Sort(Newest.Values.Where(header => header.Type.Covers(kind))).LastOrDefault();

    /// <summary>How many more runs fit until less than <paramref name="minFreeBytes"/> is free; null where that cannot be told.</summary>
    public long? RunsThatFit(long minFreeBytes) =>
        BytesOfRun is > 0 and var each && FreeBytes is { } free ? Math.Max(0, free - minFreeBytes) / each : null;
}
