using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace VertexAr.Backup.Core;

/// <summary>
/// A query in the operator's words. It must be one statement that only reads, so that it can change nothing, whatever it is
/// run on; how its connection was opened sees to that a second time.
/// </summary>
internal sealed class SqliteQuery : IDisposable
{
    private readonly sqlite3 database;
    private readonly sqlite3_stmt statement;
    private readonly CancellationToken stop;
    private readonly CancellationTokenRegistration interrupting;

    private SqliteQuery(sqlite3 database, sqlite3_stmt statement, CancellationToken stop)
    {
        (this.database, this.statement, this.stop) = (database, statement, stop);
        interrupting = stop.Register(() => raw.sqlite3_interrupt(database));
    }

    public int Columns => raw.sqlite3_column_count(statement);

    /// <summary>What is wrong with a query that is no single question; null if nothing is.</summary>
    /// <exception cref="SqliteException">SQLite does not understand it, or not on this database.</exception>
    public static (SqliteQuery? Query, string? Problem) Prepare(SqliteConnection connection, string sql, CancellationToken stop)
    {
        var database = connection.Handle!;
        Check(database, raw.sqlite3_prepare_v2(database, sql, out var statement, out var rest));
        var problem =
            statement.IsInvalid ? "is empty"
            : raw.sqlite3_stmt_readonly(statement) == 0 || raw.sqlite3_column_count(statement) == 0 ? "is no query that only reads"
            : HasStatement(database, rest) ? "is more than one statement"
            : null;
        if (problem is null)
        {
            return (new SqliteQuery(database, statement, stop), null);
        }

        statement.Dispose();
        return (null, problem);
    }

    /// <summary>The next row; false at the end.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public bool Read()
    {
        stop.ThrowIfCancellationRequested();
        var result = raw.sqlite3_step(statement);
        stop.ThrowIfCancellationRequested();
        if (result != raw.SQLITE_ROW && result != raw.SQLITE_DONE)
        {
            Check(database, result);
        }

        return result == raw.SQLITE_ROW;
    }

    /// <summary>The first column as bytes, texts as UTF-8; empty for NULL. Valid until the next row.</summary>
    public ReadOnlySpan<byte> Bytes()
    {
        if (raw.sqlite3_column_type(statement, 0) != raw.SQLITE_BLOB)
        {
            // Whatever the database's encoding, from here on it is UTF-8.
            _ = raw.sqlite3_column_text(statement, 0);
        }

        return raw.sqlite3_column_blob(statement, 0);
    }

    /// <summary>The first column as a number, and as SQLite writes it; null if it is none.</summary>
    public (double Value, string Text)? Number() => raw.sqlite3_column_type(statement, 0) is raw.SQLITE_INTEGER or raw.SQLITE_FLOAT
        ? (raw.sqlite3_column_double(statement, 0), raw.sqlite3_column_text(statement, 0).utf8_to_string())
        : null;

    public void Dispose()
    {
        interrupting.Dispose();
        statement.Dispose();
    }

    private static bool HasStatement(sqlite3 database, string rest)
    {
        if (string.IsNullOrWhiteSpace(rest))
        {
            return false;
        }

        // What is left may be a comment.
        var result = raw.sqlite3_prepare_v2(database, rest, out var more, out _);
        var has = result != raw.SQLITE_OK || !more.IsInvalid;
        more?.Dispose();
        return has;
    }

    private static void Check(sqlite3 database, int result)
    {
        if (result != raw.SQLITE_OK)
        {
            throw new SqliteException(raw.sqlite3_errmsg(database).utf8_to_string(), result);
        }
    }
}
