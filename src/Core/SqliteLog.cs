using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>What lies next to a file under a companion's name is only that where the file is a database; next to anything else it is a file like any other.</summary>
internal static class SqliteLog
{
    // https://www.sqlite.org/fileformat2.html#wal_file_format: the last byte says in which order checksums are read.
    private static ReadOnlySpan<byte> WriteAheadMagic => [0x37, 0x7f, 0x06];

    /// <summary>Whether a file is a database, or is still empty while its log holds what it will be.</summary>
    /// <param name="directory">The directory that holds it, open.</param>
    /// <param name="name">Its name; a link is no database.</param>
    /// <returns>False too for what cannot be looked at.</returns>
    public static bool IsOfDatabase(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        try
        {
            return !name.IsEmpty && Posix.StatusAt(directory, name) is { IsRegular: true } file
                && (file.Size > 0 ? SqliteFile.IsDatabase(directory, name) : Begins(directory, [.. name, .. SqliteCompanions.LogSuffix], WriteAheadMagic) || IsHot(directory, name));
        }
        catch (PosixError)
        {
            return false;
        }
    }

    /// <summary>Whether a database has a log with something that SQLite would read from it: rows in a write-ahead log, or what a transaction overwrote in a rollback journal.</summary>
    /// <param name="directory">The directory that holds it, open.</param>
    /// <param name="name">The name of the log, not of the database.</param>
    public static bool HoldsSomething(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        try
        {
            var database = SqliteCompanions.DatabaseOf(name);
            // A file that has none is not read for this.
            return !database.IsEmpty && (SqliteCompanions.LoggedBy(name).IsEmpty ? name.EndsWith(SqliteCompanions.JournalSuffix) && IsHot(directory, database) : Posix.StatusAt(directory, name) is { IsRegular: true, Size: > 0 })
                && IsOfDatabase(directory, database);
        }
        catch (PosixError)
        {
            return false; // It has none, or that is not ours to know.
        }
    }

    /// <summary>A journal that begins with zero has been played back or committed.</summary>
    private static bool IsHot(SafeFileHandle directory, ReadOnlySpan<byte> database) => Begins(directory, [.. database, .. SqliteCompanions.JournalSuffix], SqliteJournal.Magic);

    private static bool Begins(SafeFileHandle directory, ReadOnlySpan<byte> name, ReadOnlySpan<byte> magic)
    {
        Span<byte> begin = stackalloc byte[magic.Length];
        try
        {
            using var file = Posix.OpenToRead(directory, name);
            return Posix.ReadAt(file, begin, 0) == begin.Length && begin.SequenceEqual(magic);
        }
        catch (PosixError)
        {
            return false;
        }
    }
}
