using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace VertexAr.Backup.Core;

/// <summary>Reads a database that an application has open, and changes nothing of it.</summary>
internal static class SqliteLive
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <param name="path">The database file.</param>
    /// <param name="wait">How long to wait while somebody keeps it locked; then the work begins anew.</param>
    /// <param name="clock">Measures that.</param>
    /// <param name="work">Reads through a connection that cannot write.</param>
    /// <param name="stop">Ends waiting.</param>
    /// <exception cref="SqliteException">It stays locked, or cannot be read.</exception>
    public static T Read<T>(string path, TimeSpan wait, TimeProvider clock, Func<SqliteConnection, T> work, CancellationToken stop)
    {
        path = RealPath.Of(path);
        var deadline = clock.GetUtcNow() + wait;
        while (true)
        {
            try
            {
                if (!IsClosedCleanly(path))
                {
                    using var connection = SqliteFile.Open(path, SqliteOpenMode.ReadOnly);
                    return work(connection);
                }

                var (unchanged, result) = ReadAsFile(path, work);
                if (unchanged)
                {
                    return result;
                }
            }
            catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED && clock.GetUtcNow() < deadline)
            {
                // Once more.
            }

            if (clock.GetUtcNow() >= deadline)
            {
                throw new SqliteException("it is opened and closed all the time", raw.SQLITE_BUSY);
            }

            stop.ThrowIfCancellationRequested();
            Thread.Sleep(Pause);
        }
    }

    /// <summary>
    /// In WAL mode, and without a log: opened as usual, SQLite would make files beside it, which then were not the
    /// application's own. It can be read as a plain file, if nobody opened it meanwhile.
    /// </summary>
    private static bool IsClosedCleanly(string path) =>
        Posix.StatusOrNull(path + SqliteCompanions.Log) is null && SqliteFile.IsWriteAhead(path);

    private static (bool Unchanged, T Result) ReadAsFile<T>(string path, Func<SqliteConnection, T> work)
    {
        var before = Posix.StatusOrNull(path);
        using var connection = SqliteFile.Open(path, SqliteOpenMode.ReadOnly, immutable: true);
        var result = work(connection);
        var unchanged = before is { } was && Posix.StatusOrNull(path) is { } now && was.SameContentAs(now) && Posix.StatusOrNull(path + SqliteCompanions.Log) is null;
        return (unchanged, result);
    }
}
