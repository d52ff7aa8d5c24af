using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
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
        // For limits of queries; without it SQLite does not know what it holds.
        _ = raw.sqlite3_config(raw.SQLITE_CONFIG_MEMSTATUS, 1);
        return true;
    });

    /// <param name="path">The database file.</param>
    /// <param name="mode">ReadOnly, or ReadWrite; a file is never made.</param>
    /// <param name="immutable">Nobody writes: no locks are taken and no files made beside it.</param>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    /// <exception cref="UserError">Something next to it would make SQLite touch other files; it was not opened.</exception>
    public static SqliteConnection Open(string path, SqliteOpenMode mode, bool immutable = false)
    {
        _ = Library.Value;
        if (LinklessNames.Has(path))
        {
            return OpenHeld(path, mode, immutable);
        }

        path = path.StartsWith(SqliteGuard.Here, StringComparison.Ordinal) ? path : RealPath.Of(path);
        return Open(new SqliteConnection(), path, mode, immutable);
    }

    /// <summary>By its directory, which stays open as long as the connection: a link that is put on the way leads SQLite nowhere.</summary>
    private static SqliteConnection OpenHeld(string path, SqliteOpenMode mode, bool immutable)
    {
        ReadOnlySpan<byte> name = Posix.Bytes(path);
        var above = LinklessNames.Above(Posix.Here, ref name)!;
        return Open(new HeldConnection(above), $"{SqliteGuard.Held}{Posix.Descriptor(above)}/{System.Text.Encoding.UTF8.GetString(name)}", mode, immutable);
    }

    private static SqliteConnection Open(SqliteConnection connection, string path, SqliteOpenMode mode, bool immutable)
    {
        try
        {
            Connect(connection, path, mode, immutable);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static void Connect(SqliteConnection connection, string path, SqliteOpenMode mode, bool immutable)
    {
        if (!immutable)
        {
            SqliteJournal.RequireHarmless(path);
            if (!SqliteLogFiles.Prepare(path))
            {
                throw new SqliteException("its owner could not use the log that would be made next to it", raw.SQLITE_CANTOPEN);
            }
        }

        var source = immutable ? $"file:{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1" : path;
        var options = new SqliteConnectionStringBuilder { DataSource = source, Mode = mode, Pooling = false, DefaultTimeout = BusySeconds, Vfs = SqliteGuard.For(path) };
        connection.ConnectionString = options.ToString();
        connection.Open();
        Distrust(connection.Handle!);
    }

    /// <summary>
    /// The schema is somebody else's: what it says runs nothing but functions that only compute, and no triggers; <see cref="SqliteGuard"/> sees to it that no other
    /// file is reached. https://www.sqlite.org/security.html
    /// </summary>
    private static void Distrust(sqlite3 database)
    {
        const int triggers = 1003, trustedSchema = 1017;
        _ = raw.sqlite3_db_config(database, triggers, 0, out _);
        _ = raw.sqlite3_db_config(database, trustedSchema, 0, out _);
    }

    /// <summary>For queries: besides, nothing is attached or written to schema or shadow tables, and values are small, as are the patterns that they are compared with.</summary>
    /// <param name="database">Keeps it.</param>
    /// <param name="valueBytes">The largest text or blob.</param>
    public static void Defend(sqlite3 database, int valueBytes)
    {
        const int defensive = 1010, length = 0, attached = 7, patternLength = 8, longestPattern = 1000;
        _ = raw.sqlite3_db_config(database, defensive, 1, out _);
        _ = raw.sqlite3_limit(database, length, valueBytes);
        _ = raw.sqlite3_limit(database, attached, 0);
        _ = raw.sqlite3_limit(database, patternLength, longestPattern);
    }

    /// <summary>Whether a file begins as a database does; one that cannot be read is none.</summary>
    /// <param name="directory">The directory that holds it, open.</param>
    /// <param name="name">Its name; a link is no database.</param>
    public static bool IsDatabase(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        try
        {
            using var file = Posix.OpenToRead(directory, name);
            return IsDatabase(file);
        }
        catch (PosixError)
        {
            return false;
        }
    }

    /// <exception cref="PosixError">The file cannot be read.</exception>
    public static bool IsDatabase(SafeFileHandle file)
    {
        Span<byte> begin = stackalloc byte[Magic.Length];
        return Posix.ReadAt(file, begin, 0) == begin.Length && begin.SequenceEqual(Magic);
    }

    /// <summary>Whether SQLite keeps a database's changes in a log: it goes by the read version, https://www.sqlite.org/fileformat2.html#file_format_version_numbers.</summary>
    /// <param name="path">The database file; links are followed.</param>
    /// <exception cref="PosixError">It cannot be read.</exception>
    public static bool IsWriteAhead(string path)
    {
        const int readVersion = 19, writeAhead = 2;
        Span<byte> begin = stackalloc byte[readVersion + 1];
        using var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(path), follow: true);
        return Posix.ReadAt(file, begin, 0) == begin.Length && begin[readVersion] == writeAhead;
    }

    /// <summary>SQLite's words for SQLITE_NOTADB.</summary>
    public const string NotDatabase = "file is not a database";

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

    /// <summary>
    /// Opens a file of this program's own for a check. The connection may write, since one that may not ignores CHECK constraints; what
    /// it changes stays in memory unless it is committed.
    /// </summary>
    /// <param name="path">The file; nobody else has it open.</param>
    /// <param name="isOwn">Whether it is; if not, it is opened so that nothing can be written.</param>
    /// <exception cref="SqliteException">It cannot be opened.</exception>
    public static SqliteConnection OpenAlone(string path, bool isOwn = true)
    {
        var connection = isOwn ? Open(path, SqliteOpenMode.ReadWrite) : Open(path, SqliteOpenMode.ReadOnly, immutable: true);
        try
        {
            Execute(connection, "PRAGMA locking_mode=EXCLUSIVE; PRAGMA cache_spill=OFF; PRAGMA temp_store=MEMORY; PRAGMA cell_size_check=ON");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Reads the schema. With <c>writable_schema</c> on, what cannot be understood of it is left out from then on.</summary>
    public static void ReadSchema(SqliteConnection connection)
    {
        try
        {
            _ = Scalar<long>(connection, "SELECT 1 FROM sqlite_schema");
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_CORRUPT)
        {
            _ = Scalar<long>(connection, "SELECT 1 FROM sqlite_schema");
        }
    }

    /// <summary>The first column of each row, as text.</summary>
    public static IEnumerable<string> Rows(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of this program, and names that were quoted.
        command.CommandText = sql;
#pragma warning restore CA2100
        using var rows = command.ExecuteReader();
        while (rows.Read())
        {
            yield return rows.IsDBNull(0) ? "" : rows.GetString(0);
        }
    }

    /// <summary>SQLite's own words, without what the library puts around them.</summary>
    public static string Words(SqliteException error)
    {
        const string before = ": '", after = "'.";
        var (message, at) = (error.Message, error.Message.IndexOf(before, StringComparison.Ordinal));
        var words = message.StartsWith("SQLite Error ", StringComparison.Ordinal) && at > 0 && message.EndsWith(after, StringComparison.Ordinal)
            ? message[(at + before.Length)..^after.Length]
            : message;

        // A backup keeps its error to itself: the connection, which is asked, has none. https://www.sqlite.org/c3ref/backup_finish.html
        return words == "not an error" ? raw.sqlite3_errstr(error.SqliteErrorCode).utf8_to_string() : words;
    }

    private sealed class HeldConnection(SafeFileHandle directory) : SqliteConnection
    {
        protected override void Dispose(bool disposing)
        {
            base.Dispose(disposing);
            directory.Dispose();
        }
    }
}
