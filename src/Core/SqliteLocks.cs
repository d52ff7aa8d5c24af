using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// SQLite's record locks as another process holds them. Not to be asked while this process has the database open: closing it here would end SQLite's own.
/// </summary>
internal static class SqliteLocks
{
    // Of SQLite's os_unix.c: RESERVED_BYTE, SHARED_FIRST, SHARED_SIZE and UNIX_SHM_DMS.
    private const long Reserved = 0x4000_0001;
    private const long SharedFirst = 0x4000_0002;
    private const long SharedLength = 510;
    private const long DeadManSwitch = 128;

    /// <summary>Somebody is in the middle of writing to a database, or about to be.</summary>
    public static bool IsWritten(string database)
    {
        using var file = Open(database);
        return FileLock.IsLocked(file, Reserved, 1);
    }

    /// <summary>Somebody reads a database, or has one in WAL mode open.</summary>
    public static bool IsShared(string database)
    {
        using var file = Open(database);
        return FileLock.IsReadLocked(file, SharedFirst, SharedLength);
    }

    /// <summary>Somebody has a database in WAL mode open by this name (https://www.sqlite.org/walformat.html, "Dead-Man-Switch").</summary>
    public static bool IsIndexHeld(string database)
    {
        using var index = Open(database + SqliteCompanions.Index);
        return FileLock.IsReadLocked(index, DeadManSwitch, 1);
    }

    private static SafeFileHandle Open(string path) => Posix.OpenToRead(Posix.Here, Posix.Bytes(path), follow: true);
}
