using SQLitePCL;

namespace VertexAr.Backup.Core;

/// <summary>
/// What a query of the operator's may take. The tables and views that it reads are somebody else's, who may have made one without an
/// end, or of values that fill the memory.
/// </summary>
/// <param name="Time">How long it may run, from its preparation to its last row.</param>
internal sealed record SqliteQueryLimits(TimeSpan Time)
{
    /// <summary>Nobody has as many; a query that joins wrongly has.</summary>
    public long Rows { get; init; } = 50_000_000;

    /// <summary>Of one text or blob, also of those that no row shows.</summary>
    public int ValueBytes { get; init; } = 1 << 20;

    /// <summary>Of what SQLite holds for it.</summary>
    public long MemoryBytes { get; init; } = 256 << 20;
}

/// <summary>A query passed one of its limits. The message goes after the query's name: "took longer than 60 seconds".</summary>
internal sealed class QueryLimitException(string message) : Exception(message);

/// <summary>Is asked by SQLite every now and then whether a query may go on.</summary>
internal sealed class SqliteQueryWatch(SqliteQueryLimits? limits, CancellationToken stop)
{
    /// <summary>Steps of SQLite's machine between two looks: some ten microseconds.</summary>
    public const int Steps = 1000;

    private readonly long began = Environment.TickCount64;
    private readonly long memory = raw.sqlite3_memory_used();
    private long rows;

    /// <summary>Which limit it passed; null if none.</summary>
    public string? Passed { get; private set; }

    public bool MayGoOn()
    {
        Passed ??= limits is null ? null : Find(limits);
        return Passed is null && !stop.IsCancellationRequested;
    }

    public void CountRow()
    {
        if (++rows > limits?.Rows)
        {
            Passed = $"yields more than {limits.Rows} rows";
        }
    }

    /// <exception cref="QueryLimitException">It passed a limit.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public void Require()
    {
        if (!MayGoOn())
        {
            stop.ThrowIfCancellationRequested();
            throw new QueryLimitException(Passed!);
        }
    }

    private string? Find(SqliteQueryLimits most) =>
        Environment.TickCount64 - began >= most.Time.TotalMilliseconds ? $"took longer than {most.Time.TotalSeconds:0.#} seconds, see query_timeout_seconds"
        : raw.sqlite3_memory_used() - memory > most.MemoryBytes ? $"takes more than {Units.Size(most.MemoryBytes)} of memory"
        : null;
}
