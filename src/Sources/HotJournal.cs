using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>
/// A rollback journal that SQLite would take for one that a crash left: nobody whom it sees holds the lock of a transaction. It would roll that back,
/// under an application whose locks do not reach here: one that takes none (nolock=1), takes others (unix-dotfile), or has the file by way of
/// another file system. https://www.sqlite.org/lockingv3.html#hot_journals
/// </summary>
internal static class HotJournal
{
    /// <summary>A transaction that is just ending removes its journal and gives back its lock, one after the other.</summary>
    private const int Looks = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Whether there is one.</summary>
    /// <param name="file">The database file, links resolved.</param>
    public static bool IsThere(string file)
    {
        try
        {
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(Path.GetDirectoryName(file)!), follow: true);
            return SqliteLog.HoldsSomething(directory, Posix.Bytes(Path.GetFileName(file) + SqliteCompanions.Journal)) && !SqliteLocks.IsWritten(file);
        }
        catch (PosixError)
        {
            return false; // Opening the database will say why.
        }
    }

    /// <summary>Who may be in the middle of the transaction; null if there is no such journal, or nobody is known who could be.</summary>
    /// <param name="file">The database file, links resolved.</param>
    public static string? Suspect(string file)
    {
        for (var look = 1; IsThere(file) && Who(file) is { } who; look++)
        {
            if (look == Looks)
            {
                return who;
            }

            Thread.Sleep(Pause);
        }

        return null;
    }

    private static string? Who(string file) => OpenFiles.Holders([file, file + SqliteCompanions.Journal]) is { Count: > 0 } holders ? string.Join(", ", holders)
        : MountTable.Read().Over(RealPath.Of(file)) is { HasFarSide: true } mount ? $"an application on the other side of {mount.Type}"
        : null;
}
