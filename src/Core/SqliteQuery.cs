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
    private readonly SqliteQueryWatch watch;
    private readonly CancellationTokenSource ending;
    private readonly CancellationTokenRegistration interrupting;

    private SqliteQuery(sqlite3 database, sqlite3_stmt statement, SqliteQueryWatch watch, TimeSpan time, CancellationToken stop)
    {
        (this.database, this.statement, this.watch) = (database, statement, watch);
        ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        ending.CancelAfter(time);
        // Some single steps, such as counting a table, last long and do not ask the watch.
        interrupting = ending.Token.Register(() => raw.sqlite3_interrupt(database));
    }

    public int Columns => raw.sqlite3_column_count(statement);

    /// <param name="connection">Asks nothing else at the same time. With limits, it keeps those of values.</param>
    /// <param name="sql">The query.</param>
    /// <param name="stop">Ends it.</param>
    /// <param name="limits">What it may take; null for a query of this program's own.</param>
    /// <returns>The query, or what is wrong with one that is no single question.</returns>
    /// <exception cref="SqliteException">SQLite does not understand it, or not on this database.</exception>
    /// <exception cref="QueryLimitException">It passed a limit before its first row.</exception>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public static (SqliteQuery? Query, string? Problem) Prepare(SqliteConnection connection, string sql, CancellationToken stop, SqliteQueryLimits? limits = null)
    {
        var database = connection.Handle!;
        var watch = new SqliteQueryWatch(limits, stop);
        if (limits is not null)
        {
            SqliteFile.Defend(database, limits.ValueBytes);
        }

        raw.sqlite3_progress_handler(database, SqliteQueryWatch.Steps, _ => watch.MayGoOn() ? 0 : 1, null);
        var prepared = raw.sqlite3_prepare_v2(database, sql, out var statement, out var rest);
        if (prepared == raw.SQLITE_INTERRUPT)
        {
            watch.Require();
        }

        Check(database, prepared);
        var problem =
            statement.IsInvalid ? "is empty"
            : raw.sqlite3_stmt_readonly(statement) == 0 || raw.sqlite3_column_count(statement) == 0 ? "is no query that only reads"
            : HasStatement(database, rest) ? "is more than one statement"
            : null;
        if (problem is null)
        {
            return (new SqliteQuery(database, statement, watch, limits?.Time ?? Timeout.InfiniteTimeSpan, stop), null);
        }

        raw.sqlite3_progress_handler(database, 0, null, null);
        statement.Dispose();
        return (null, problem);
    }

    /// <summary>The next row; false at the end.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="QueryLimitException">It passed a limit.</exception>
    public bool Read()
    {
        watch.Require();
        var result = raw.sqlite3_step(statement);
        if (result == raw.SQLITE_ROW)
        {
            watch.CountRow();
        }

        watch.Require();
        if (result == raw.SQLITE_TOOBIG)
        {
            throw new QueryLimitException("reads a text or blob that is too large");
        }

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
        ending.Dispose();
        statement.Dispose();
        raw.sqlite3_progress_handler(database, 0, null, null);
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
