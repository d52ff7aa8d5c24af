namespace VertexAr.Backup.Model;

/// <summary>Files that SQLite keeps next to a database while it is in use, and that are part of it: https://www.sqlite.org/tempfiles.html.</summary>
internal static class SqliteCompanions
{
    /// <summary>What is added to the database's name.</summary>
    public static IReadOnlyList<byte[]> Suffixes { get; } = ["-wal"u8.ToArray(), "-shm"u8.ToArray(), "-journal"u8.ToArray()];

    /// <summary>What is added to it for the write-ahead log, which holds rows that the file has not got yet.</summary>
    public static ReadOnlySpan<byte> Log => "-wal"u8;

    /// <summary>The name of the database that a log of this name would belong to; empty if it is no log's name.</summary>
    public static ReadOnlySpan<byte> LoggedBy(ReadOnlySpan<byte> name) => name.EndsWith(Log) ? name[..^Log.Length] : [];

    /// <summary>The name of the database that a file of this name would belong to; empty if it is no companion's name.</summary>
    public static ReadOnlySpan<byte> DatabaseOf(ReadOnlySpan<byte> name)
    {
        foreach (var suffix in Suffixes)
        {
            if (name.EndsWith(suffix))
            {
                return name[..^suffix.Length];
            }
        }

        return [];
    }
}
