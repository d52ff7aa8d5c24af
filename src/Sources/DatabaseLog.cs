using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>
/// Whether the log of a database is where SQLite looks for it. SQLite names the log after the path by which the file was opened, so
/// an application that opens the file by another name (a hard link, a file mounted by itself in a container) keeps its log
/// there, and what is read by our name lacks the rows in it. Locks are on the file itself and show this: whoever has a database in
/// WAL mode open keeps the file locked for reading, and a byte of the <c>-shm</c> next to its own name (<see cref="SqliteLocks"/>).
/// </summary>
internal static class DatabaseLog
{
    /// <summary>An application that is just opening or closing the database holds one lock without the other for a moment.</summary>
    private const int Looks = 4;

    private const string Advice = "configure the path that the application uses (mount its directory, not the file alone), or remove the other name";

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// The name by which to read a database: next to it is the log. A file that is mounted by itself is read by the name that it has in its
    /// own directory, if that is to be seen, and only there is a log or an application that has it open.
    /// </summary>
    /// <param name="path">The database file, links resolved.</param>
    public static string NameToRead(string path) =>
        SqliteNames.Of(path) is { IsMounted: true } names && !IsUsed(path) && names.OthersInDirectories.Where(IsUsed).ToList() is [var other] ? other : path;

    /// <param name="path">The database file, links resolved. Not while this process has it open: closing it here would end SQLite's locks.</param>
    /// <returns>What is wrong: a loss if rows may be missing, else a warning; null if nothing is.</returns>
    /// <exception cref="PosixError">It cannot be read.</exception>
    public static WalkProblem? Look(string path)
    {
        if (SqliteNames.Of(path) is not { } names)
        {
            return null;
        }

        if (names.OtherLogs() is { Count: > 0 } logs)
        {
            return new WalkProblem($"{names.Sentence}; a log is next to another name ({string.Join(", ", logs)}), so that rows may be missing: {Advice}", IsLoss: true);
        }

        if (!SqliteFile.IsWriteAhead(path))
        {
            return names.AreAll ? null : new WalkProblem($"{names.Sentence}; if the application uses that, its journal is there after a crash, and is not seen here", IsLoss: false);
        }

        for (var i = 1; ; i++)
        {
            if (IsOpenHere(path))
            {
                return names.Sentence is null ? null : new WalkProblem($"{names.Sentence}; its log is next to {path} now: let nobody open it by the other name", IsLoss: false);
            }

            if (!SqliteLocks.IsShared(path) && names.AreAll)
            {
                return null;
            }

            if (i == Looks)
            {
                return new WalkProblem(Explain(path, names.Sentence), IsLoss: true);
            }

            Thread.Sleep(Pause);
        }
    }

    private static string Explain(string path, string? others)
    {
        var known = others is null ? "" : $"{others}; ";
        return OpenFiles.Holders([path]) is { Count: > 0 } holders
            ? $"{known}{string.Join(", ", holders)} has it open by another name than {path}, so that the log is elsewhere and rows may be missing: configure the path that the application uses"
            : $"{known}its log may be there, so that rows may be missing: {Advice}";
    }

    private static bool IsUsed(string name)
    {
        try
        {
            return SqliteNames.LogsOf(name).Count > 0 || IsOpenHere(name);
        }
        catch (PosixError)
        {
            return false;
        }
    }

    /// <summary>Somebody has it open by this name, with its log.</summary>
    private static bool IsOpenHere(string path)
    {
        try
        {
            return Posix.StatusOrNull(path + SqliteCompanions.Log) is not null && Posix.StatusOrNull(path + SqliteCompanions.Index) is not null && SqliteLocks.IsIndexHeld(path);
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound)
        {
            return false;
        }
    }
}
