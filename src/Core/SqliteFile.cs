using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace VertexAr.Backup.Core;

/// <summary>What any part of the program may want to do with a database file. Opening goes through here, so that SQLite is set up once.</summary>
internal static class SqliteFile
{
    /// <summary>The first bytes of every SQLite database that is not empty.</summary>
    public static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    // Microsoft.Data.Sqlite takes 0 for "for ever"; longer waits are the caller's loop, which can be interrupted.
    private const int BusySeconds = 1;

    // https://www.sqlite.org/rescode.html#extrc
    private const int ReadError = 266;
    private const int ShortRead = 522;
    private const int WrongChecksum = 8202;
    private const int CorruptFileSystem = 8458;

    private static readonly Lazy<bool> Library = new(() =>
    {
        raw.SetProvider(new SQLite3Provider_e_sqlite3());
        raw.FreezeProvider();
        return true;
    });

    /// <param name="path">The database file.</param>
    /// <param name="mode">ReadOnly, or ReadWrite; a file is never made.</param>
    /// <param name="immutable">Nobody writes: no locks are taken and no files made beside it.</param>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    public static SqliteConnection Open(string path, SqliteOpenMode mode, bool immutable = false)
    {
        _ = Library.Value;
        var source = immutable ? $"file:{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1" : path;
        var options = new SqliteConnectionStringBuilder { DataSource = source, Mode = mode, Pooling = false, DefaultTimeout = BusySeconds };
        var connection = new SqliteConnection(options.ToString());
        connection.Open();
        return connection;
    }

    /// <summary>The file is no database any more, or the disk cannot read it.</summary>
    public static bool IsDamage(SqliteException error) =>
        error.SqliteErrorCode is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB
        || error.SqliteExtendedErrorCode is ReadError or ShortRead or CorruptFileSystem or WrongChecksum;

    /// <summary>SQLite's own word for a disk without space.</summary>
    public static bool IsFullDisk(Exception? error) => error is SqliteException { SqliteErrorCode: raw.SQLITE_FULL };

    public static T? Scalar<T>(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this program.
        command.CommandText = sql;
#pragma warning restore CA2100
        return command.ExecuteScalar() is T value ? value : default;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every text is a constant of this program.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>Checks a database that nobody writes to.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static SqliteCheck Check(string path, CancellationToken stop)
    {
        try
        {
            using var connection = Open(path, SqliteOpenMode.ReadOnly, immutable: true);
            using var interrupting = stop.Register(() => raw.sqlite3_interrupt(connection.Handle));
            using var command = connection.CreateCommand();
            command.CommandText = "PRAGMA integrity_check(5)";
            using var rows = command.ExecuteReader();
            var found = new List<string>();
            while (rows.Read())
            {
                found.Add(rows.GetString(0));
            }

            stop.ThrowIfCancellationRequested();
            return found is ["ok"] ? new SqliteCheck(SqliteHealth.Sound, "") : new SqliteCheck(SqliteHealth.Damaged, string.Join("; ", found));
        }
        catch (SqliteException) when (stop.IsCancellationRequested)
        {
            throw new OperationCanceledException(stop);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_ERROR || IsForeignSchema(e))
        {
            // The pages are there, but the schema has words this SQLite does not know.
            return new SqliteCheck(SqliteHealth.Unknown, e.Message);
        }
        catch (SqliteException e)
        {
            return new SqliteCheck(SqliteHealth.Damaged, e.Message);
        }
    }

    /// <summary>
    /// SQLite says "corrupt" of a schema whose words it does not know, and gives the parser's complaint after a dash. What it
    /// says there of real damage are these two.
    /// </summary>
    private static bool IsForeignSchema(SqliteException error) =>
        error.SqliteErrorCode == raw.SQLITE_CORRUPT
        && error.Message.Contains("malformed database schema (", StringComparison.Ordinal)
        && error.Message.Contains(") - ", StringComparison.Ordinal)
        && !error.Message.Contains("invalid rootpage", StringComparison.Ordinal)
        && !error.Message.Contains("orphan index", StringComparison.Ordinal);
}

/// <summary>What a check of a database found.</summary>
internal enum SqliteHealth
{
    Sound,
    Damaged,

    /// <summary>The database may be sound, but only a newer SQLite can tell.</summary>
    Unknown,
}

/// <summary>A verdict and SQLite's own words for it.</summary>
internal sealed record SqliteCheck(SqliteHealth Health, string Detail);
