using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// A database that has several names has a log next to the name by which it was opened. Where the file is mounted by itself, its content
/// is replaced under all its names: with a log of the old content next to one of them, SQLite would write rows of that into what was restored.
/// </summary>
internal static class RestoreOtherNames
{
    /// <summary>What is known before anything is restored.</summary>
    /// <param name="databases">Their places, links resolved.</param>
    /// <param name="warn">Is given a sentence for each that is replaced under one of its names.</param>
    /// <returns>Refusals.</returns>
    public static IEnumerable<UserError> Look(IEnumerable<string> databases, Action<string> warn)
    {
        foreach (var names in databases.Select(SqliteNames.Of).OfType<SqliteNames>())
        {
            if (!names.IsMounted)
            {
                if (names.Sentence is { } sentence)
                {
                    warn($"the database {names.Path} is restored under this name only ({sentence}): an application that opens it by another name goes on with the old content");
                }
            }
            else if (Refusal(names, isFolded: false) is { } refusal)
            {
                yield return refusal;
            }
            else if (!names.AreAll)
            {
                warn($"the database {names.Path} is mounted by itself, and its other name is not seen from here: if the application was killed, start and stop it before the restore, so that no journal is left there");
            }
        }
    }

    /// <summary>Lets SQLite write the log of an old database into it, next to whichever name that is.</summary>
    /// <exception cref="UserError">A log stays, or it is not known whether there is one.</exception>
    public static void FoldLogIn(string path, CancellationToken stop)
    {
        if (SqliteNames.Of(path) is { IsMounted: true } names)
        {
            Require(Refusal(names, isFolded: false));
            names.Others.Where(name => SqliteNames.LogsOf(name).Count > 0).ToList().ForEach(name => RestoreInPlace.FoldLogIn(name, stop));
        }

        RestoreInPlace.FoldLogIn(path, stop);
        RequireNoLog(path);
    }

    /// <summary>Before the content of a mounted file is replaced, once all of it was looked at: the application may have run since.</summary>
    /// <exception cref="UserError">A log of the content that is there now would be left.</exception>
    public static void RequireNoLog(string path) => Require(SqliteNames.Of(path) is { } names && names.IsMounted && names.OtherLogs().Count > 0 ? Refusal(names, isFolded: true) : null);

    /// <summary>Why a file in a tree that is mounted by itself stays as it is; null if its content may be replaced.</summary>
    public static string? WhyStays(string path) =>
        SqliteNames.Of(path) is { } names && Refusal(names, isFolded: true) is not null ? "it is a database that is mounted by itself, and may have a log next to its other name" : null;

    private static void Require(UserError? refusal)
    {
        if (refusal is not null)
        {
            throw refusal;
        }
    }

    private static UserError? Refusal(SqliteNames names, bool isFolded)
    {
        var (own, others) = (SqliteNames.LogsOf(names.Path), names.OtherLogs());
        return others.Count > 0 && (isFolded || own.Count + others.Count > 1)
            ? UserError.Failed(
                $"{names.Path} is mounted by itself, and what it contains now has a log elsewhere ({string.Join(", ", own.Concat(others))}), which SQLite would write into what is restored",
                "nothing was changed; start and stop the application so that it writes its log into the database, or move the log away, and restore again")
            : !names.AreAll && names.IsWriteAhead
            ? UserError.Failed(
                $"the database {names.Path} is mounted by itself, and its other name is not seen from here: a log may be next to that, which SQLite would write into what is restored",
                "nothing was changed; restore where the directory that the application uses is seen, mount that directory instead of the file, or restore elsewhere with --to DIR")
            : null;
    }
}
