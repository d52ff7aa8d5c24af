using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>How a restore is rehearsed.</summary>
internal sealed record DrillPlan
{
    /// <summary>Where to, absolute; null for the backup directory.</summary>
    public string? Directory { get; init; }

    /// <summary>What must stay free there.</summary>
    public required long MinFreeBytes { get; init; }

    public IReadOnlyList<DrillQuery> Queries { get; init; } = [];

    /// <summary>How long a locked live database is waited for.</summary>
    public TimeSpan LockTimeout { get; init; }

    /// <summary>What each query may take.</summary>
    public SqliteQueryLimits QueryLimits { get; init; } = new(TimeSpan.FromMinutes(1));

    /// <summary>Threads that restore.</summary>
    public required int Workers { get; init; }
}

/// <summary>A question that the restored <paramref name="Database"/> answers with one number, and what that number may be.</summary>
/// <param name="Name">What it is called in reports.</param>
/// <param name="Database">The name of a source.</param>
/// <param name="Sql">The query.</param>
/// <param name="Min">At least; null for no bound.</param>
/// <param name="Max">At most; null for no bound.</param>
/// <param name="WithinPercent">How far from what <paramref name="LivePath"/>, the live database, says; null for no bound.</param>
/// <param name="LivePath">The live database file.</param>
internal sealed record DrillQuery(string Name, string Database, string Sql, long? Min, long? Max, int? WithinPercent, string LivePath);

/// <summary>What a query said. <paramref name="Value"/> is null if it failed; <paramref name="Live"/> if the live database was not, or could not be, asked.</summary>
internal sealed record DrillAnswer(DrillQuery Query, string? Value, string? Live, string? Problem);

/// <summary>Rows of a table of a restored database; null if they could not be counted.</summary>
internal sealed record DrillTable(string Database, string Table, long? Rows);

/// <summary>What a drill found.</summary>
internal sealed record DrillReport
{
    /// <summary>How many failures are named.</summary>
    public const int Named = 20;

    public required Snapshot Snapshot { get; init; }

    /// <summary>Restored files that were read again and compared, hard links among them.</summary>
    public required long Files { get; init; }

    /// <summary>Bytes of content that were read again.</summary>
    public required long Bytes { get; init; }

    public required IReadOnlyList<DrillTable> Tables { get; init; }

    public required IReadOnlyList<DrillAnswer> Answers { get; init; }

    /// <summary>The first of what is not as it should be.</summary>
    public required IReadOnlyList<PathWarning> Failures { get; init; }

    public required long FailureCount { get; init; }

    public bool Passed => FailureCount == 0;
}
