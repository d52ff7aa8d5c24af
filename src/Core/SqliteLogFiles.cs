namespace VertexAr.Backup.Core;

/// <summary>
/// The log of a database in WAL mode and the log's index, where SQLite would make them for a user who is neither root nor the database's
/// owner. SQLite gives such files the database's owner and group only if it is root (robustFchown in its os_unix.c). Those of another
/// member of the database's group would get that user's own group, and would keep the application out for as long as they are there,
/// which after a kill is for ever.
/// </summary>
internal static class SqliteLogFiles
{
    /// <summary>Makes what is missing, with the group and the mode of the database. To be called before SQLite opens it.</summary>
    /// <param name="database">The file, links resolved.</param>
    /// <returns>False if SQLite must not open it, since what it would make could not be used by its owner.</returns>
    public static bool Prepare(string database)
    {
        if (Posix.IsRoot || Posix.StatusOrNull(database) is not { } status || status.Uid == Posix.EffectiveUser || !SqliteFile.IsWriteAhead(database))
        {
            return true;
        }

        string[] missing = [.. ((string[])[SqliteCompanions.Log, SqliteCompanions.Index]).Select(end => database + end).Where(path => Posix.StatusOrNull(path) is null)];
        if (missing.Length == 0)
        {
            return true;
        }

        // Who may not write to the database would make files that its owner may not write to.
        if (Posix.Refusal(database, AccessKind.Write) is not null)
        {
            return false;
        }

        return Array.TrueForAll(missing, path => TryMake(path, status));
    }

    /// <summary>It has group and mode before it has its name: nobody ever finds one that is not his to use.</summary>
    private static bool TryMake(string path, in FileStatus database)
    {
        const uint unchanged = uint.MaxValue;
        try
        {
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(Path.GetDirectoryName(path)!), follow: true);
            using var file = UnnamedFile.Create(directory);
            Posix.SetOwner(file, [], unchanged, database.Gid);
            Posix.SetMode(file, database.Permissions);
            UnnamedFile.GiveName(file, directory, Path.GetFileName(path));
            return true;
        }
        catch (PosixError e)
        {
            return e.Number == PosixError.Exists;
        }
    }
}
