using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>A database or an archive that the Python system made: one file, or the parts of one.</summary>
internal sealed record PythonArchive
{
    /// <summary>As <c>db_backup_20240107_020000</c>.</summary>
    public required string Name { get; init; }

    public required SourceKind Kind { get; init; }

    public required DateTime LocalTime { get; init; }

    /// <summary>Where its content lies, in this order.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>Bytes of all files.</summary>
    public required long Bytes { get; init; }

    /// <summary>The content was cut into parts, even where there is but one.</summary>
    public bool IsSplit { get; init; }

    public PythonMetadata? Metadata { get; init; }

    /// <summary>What SHA-256 the content must have; null if nothing tells.</summary>
    public Digest? Checksum { get; init; }

    /// <summary>What is odd, and does not keep it from being used.</summary>
    public IReadOnlyList<string> Remarks { get; init; } = [];

    /// <summary>Why it cannot be used, as far as names tell: a part is missing. A clause, "lacks …".</summary>
    public string? Problem { get; init; }
}

/// <summary>What the Python system would have restored as one: a database, an archive, or both together.</summary>
internal sealed record PythonBackup
{
    public required string Name { get; init; }

    public required SnapshotType Type { get; init; }

    /// <summary>When it was made, by the clock on the wall.</summary>
    public required DateTime LocalTime { get; init; }

    public PythonArchive? Database { get; init; }

    public PythonArchive? Storage { get; init; }

    /// <summary>Why it cannot be used as what it is, a clause; its halves may be of use by themselves.</summary>
    public string? Problem { get; init; }

    public IEnumerable<PythonArchive> Archives => new[] { Database, Storage }.OfType<PythonArchive>();

    public long Bytes => Units.Sum(Archives.Select(archive => archive.Bytes));

    /// <summary>Files in it, if its metadata tells.</summary>
    public long? FileCount => Archives.All(archive => archive.Kind == SourceKind.Database || archive.Metadata?.FileCount is not null)
        ? Units.Sum(Archives.Select(archive => archive.Kind == SourceKind.Database ? 1 : archive.Metadata!.FileCount!.Value))
        : null;

    /// <summary>An archive by itself, as a backup.</summary>
    public static PythonBackup Of(PythonArchive archive) => new()
    {
        Name = archive.Name,
        Type = archive.Kind == SourceKind.Database ? SnapshotType.Database : SnapshotType.Storage,
        LocalTime = archive.LocalTime,
        Database = archive.Kind == SourceKind.Database ? archive : null,
        Storage = archive.Kind == SourceKind.Storage ? archive : null,
        Problem = archive.Problem,
    };
}
