namespace VertexAr.Backup.Core;

/// <summary>Files that SQLite keeps next to a database while it is in use, and that are part of it: https://www.sqlite.org/tempfiles.html.</summary>
internal static class SqliteCompanions
{
    /// <summary>What is added to the database's name for the write-ahead log, which holds rows that the file has not got yet.</summary>
    public const string Log = "-wal";

    /// <summary>What is added to it for the log's index.</summary>
    public const string Index = "-shm";

    /// <summary>What is added to it for the rollback journal.</summary>
    public const string Journal = "-journal";

    /// <summary>All that is added to a database's name.</summary>
    public static IReadOnlyList<string> Ends { get; } = [Log, Index, Journal];

    /// <summary><see cref="Log"/> as the kernel has it.</summary>
    public static byte[] LogSuffix { get; } = Posix.Bytes(Log);

    /// <summary><see cref="Journal"/> so.</summary>
    public static byte[] JournalSuffix { get; } = Posix.Bytes(Journal);

    /// <summary>All of them so.</summary>
    public static IReadOnlyList<byte[]> Suffixes { get; } = [.. Ends.Select(Posix.Bytes)];

    /// <summary>The name of the database that a log of this name would belong to; empty if it is no log's name.</summary>
    public static ReadOnlySpan<byte> LoggedBy(ReadOnlySpan<byte> name) => Without(LogSuffix, name);

    /// <summary>The name of the database that a file of this name would belong to; empty if it is no companion's name.</summary>
    public static ReadOnlySpan<byte> DatabaseOf(ReadOnlySpan<byte> name)
    {
        foreach (var suffix in Suffixes)
        {
            if (Without(suffix, name) is { IsEmpty: false } database)
            {
                return database;
            }
        }

        return [];
    }

    private static ReadOnlySpan<byte> Without(byte[] suffix, ReadOnlySpan<byte> name) => name.EndsWith(suffix) ? name[..^suffix.Length] : [];
}
