using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>Asks a database that an application has open.</summary>
internal static class LiveDatabase
{
    /// <param name="path">The database file.</param>
    /// <param name="scratch">A directory of ours: a database that root is not to open itself is copied there, and the copy is asked.</param>
    /// <param name="wait">How long to wait while somebody keeps it locked.</param>
    /// <param name="clock">Measures that.</param>
    /// <param name="work">Reads through a connection that cannot write.</param>
    /// <param name="stop">Ends waiting.</param>
    /// <exception cref="SqliteException">It stays locked, or cannot be read.</exception>
    /// <exception cref="PosixError">It, or the copy, cannot be opened.</exception>
    /// <exception cref="UserError">It is not opened; says why.</exception>
    public static T Read<T>(string path, string scratch, TimeSpan wait, TimeProvider clock, Func<SqliteConnection, T> work, CancellationToken stop)
    {
        var file = RealPath.Of(path);
        if (OwnerChild.OwnerOf(file) is null)
        {
            return SqliteLive.Read(path, wait, clock, work, stop);
        }

        var copy = Path.Combine(scratch, $"live-{Environment.ProcessId}.tmp");
        try
        {
            AtomicFile.Create(copy, 0x180).Dispose();
            DatabaseWork.Copy(file, copy, wait, clock, stop);
            using var connection = SqliteFile.Open(copy, SqliteOpenMode.ReadOnly, immutable: true);
            return work(connection);
        }
        finally
        {
            AtomicFile.RemoveIfThere(copy);
        }
    }
}
