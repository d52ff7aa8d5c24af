using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>What a backup is to do.</summary>
internal sealed record CreatePlan
{
    public required string BackupDirectory { get; init; }

    public required SnapshotType Type { get; init; }

    /// <summary>All databases of the configuration; those that the type covers are copied.</summary>
    public required IReadOnlyList<DatabaseOptions> Databases { get; init; }

    public required IReadOnlyList<TreeOptions> Trees { get; init; }

    /// <summary>Input after which a pack ends, and the longest piece.</summary>
    public required long PackBytes { get; init; }

    /// <summary>zlib's level, 0 to 9, for what is worth compressing.</summary>
    public required int CompressionLevel { get; init; }

    /// <summary>A run stops before less than this is left on the disk.</summary>
    public required long MinFreeBytes { get; init; }

    /// <summary>Threads that read, hash, compress and write.</summary>
    public required int Workers { get; init; }

    /// <summary>How fast content is read at most, by all workers together; null for as fast as they can.</summary>
    public long? ReadBytesPerSecond { get; init; }

    /// <summary>Read every file, changed or not.</summary>
    public bool Rescan { get; init; }

    /// <summary>Where a change of a file need not show, which files are read again.</summary>
    public RescanShare Rescans { get; init; } = new(RescanShare.DefaultDays);

    /// <summary>What to keep afterwards; null not to rotate.</summary>
    public RetentionRules? Retention { get; init; }

    /// <summary>Which files the databases name; asked where the snapshot covers both.</summary>
    public IReadOnlyList<ReferenceQuery> References { get; init; } = [];

    /// <summary>What each of them may take.</summary>
    public SqliteQueryLimits QueryLimits { get; init; } = new(TimeSpan.FromMinutes(1));

    /// <summary>How much each source may lose, by its name; what is not named, as much as by default.</summary>
    public IReadOnlyDictionary<string, ShrinkLimit> ShrinkLimits { get; init; } = new Dictionary<string, ShrinkLimit>();

    /// <summary>A source that lost its content is as it should be.</summary>
    public bool AcceptShrink { get; init; }

    /// <summary>Where the places were.</summary>
    public PlaceWatch Watch { get; init; } = PlaceWatch.None;

    /// <summary>What another program backed up is stored, and not the live site; null for the live site.</summary>
    public CreateOrigin? Origin { get; init; }

    /// <summary>
    /// Sources, by name, that a restore is replacing just now, or that a killed one left half replaced, and what to do; asked for before
    /// anything is read and once all is. Their snapshot is partial, and nothing is rotated: the older ones may be all that is whole.
    /// </summary>
    public Func<IReadOnlyList<PathWarning>> HalfRestored { get; init; } = () => [];

    /// <summary>What our snapshots are known by among others in the same repository: all that is configured, whatever is missing or not asked for.</summary>
    public required SiteIdentity Site { get; init; }

    public required string Tool { get; init; }

    /// <summary>Signs the snapshot; null not to.</summary>
    public SnapshotSigner? Signer { get; init; }

    /// <summary>All sources of the configuration, whatever this snapshot's type covers.</summary>
    public IReadOnlyList<SourcePlace> Places =>
        [.. Databases.Select(d => new SourcePlace(d.Name, SourceKind.Database, d.Path)), .. Trees.Select(t => new SourcePlace(t.Name, SourceKind.Storage, t.Path))];

    /// <summary>A second place that is a directory, absolute: at most one.</summary>
    public IReadOnlyList<string> SecondPlaces { get; init; } = [];

    /// <summary>Where everything is now that is no part of the tree it lies in.</summary>
    public ForeignPlaces FindPlaces() => ForeignPlaces.Find([BackupDirectory, .. SecondPlaces], Places);
}

/// <summary>A backup of another program, on its way to become a snapshot.</summary>
/// <param name="Mark">What the header says of it.</param>
/// <param name="TakenAt">When it was made.</param>
/// <param name="Warnings">What was found on the way here and lacks nothing.</param>
internal sealed record CreateOrigin(SnapshotOrigin Mark, DateTimeOffset TakenAt, IReadOnlyList<PathWarning> Warnings);

/// <summary>What a backup did.</summary>
/// <param name="Header">The new snapshot.</param>
/// <param name="Rotation">What was rotated away; null if that was not asked for.</param>
/// <param name="Damages">What in earlier snapshots was found damaged, and was not built on, as sentences.</param>
internal sealed record CreateResult(SnapshotHeader Header, RotateResult? Rotation, IReadOnlyList<string> Damages);
