using System.Globalization;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>
/// What is done with a live database by way of SQLite. Root does not do it itself where the database is another user's, who may have
/// written anything into it and next to it: a process that has become that user does. Errors are the same either way.
/// </summary>
internal static class DatabaseWork
{
    private const string ProbeWord = "probe", MeasureWord = "measure", CopyWord = "copy", RestWord = "rest", FoldWord = "fold", KnownWord = "known";

    /// <summary>See <see cref="DatabaseReader.Probe"/>.</summary>
    public static void Probe(string file, TimeProvider clock, CancellationToken stop)
    {
        if (OwnerChild.OwnerOf(file) is { } owner)
        {
            OwnerChild.Ask(owner, ProbeWord, file, "", [], Longest(file, TimeSpan.Zero), stop);
        }
        else
        {
            new DatabaseReader(file, clock).Probe();
        }
    }

    /// <summary>See <see cref="DatabaseReader.Measure"/>.</summary>
    public static DatabaseContent? Measure(string file, TimeProvider clock, CancellationToken stop)
    {
        try
        {
            return OwnerChild.OwnerOf(file) is { } owner
                ? Read(OwnerChild.Ask(owner, MeasureWord, file, "", [], Longest(file, TimeSpan.Zero), stop))
                : new DatabaseReader(file, clock).Measure();
        }
        catch (Exception e) when (e is PosixError or UserError)
        {
            // Why it cannot be opened is said by the copy.
            return null;
        }
    }

    /// <summary>See <see cref="DatabaseReader.FoldLogIn"/>.</summary>
    public static void FoldLogIn(string file, CancellationToken stop)
    {
        if (OwnerChild.OwnerOf(file) is { } owner)
        {
            OwnerChild.Ask(owner, FoldWord, file, "", [], Longest(file, TimeSpan.Zero), stop);
        }
        else
        {
            new DatabaseReader(file, TimeProvider.System).FoldLogIn();
        }
    }

    /// <summary>See <see cref="DatabaseReader.Copy"/>.</summary>
    /// <param name="file">The database.</param>
    /// <param name="copy">An empty file, in a directory of ours.</param>
    /// <param name="lockTimeout">How long a lock is waited for.</param>
    /// <param name="clock">Measures that.</param>
    /// <param name="stop">Ends it early.</param>
    /// <param name="isKnown">It was a database.</param>
    public static void Copy(string file, string copy, TimeSpan lockTimeout, TimeProvider clock, CancellationToken stop, bool isKnown = false)
    {
        if (OwnerChild.OwnerOf(file) is { } owner)
        {
            OwnerChild.Ask(owner, CopyWord, file, copy, [Text((long)lockTimeout.TotalMilliseconds), isKnown ? KnownWord : "new"], Longest(file, lockTimeout), stop);
        }
        else
        {
            new DatabaseReader(file, clock).Copy(
                new CopyTarget(copy, () => RegularFile.OpenToChange(copy)), lockTimeout, stop, isKnown);
        }
    }

    /// <summary>See <see cref="DatabaseReader.CopyRest"/>.</summary>
    public static void CopyRest(string file, string copy, CancellationToken stop)
    {
        if (OwnerChild.OwnerOf(file) is { } owner)
        {
            OwnerChild.Ask(owner, RestWord, file, copy, [], Longest(file, TimeSpan.Zero), stop);
        }
        else
        {
            new DatabaseReader(file, TimeProvider.System).CopyRest(new CopyTarget(copy, () => RegularFile.OpenToChange(copy)));
        }
    }

    /// <summary>If this process was started for such work, does it; returns what to end with, or null if it was not.</summary>
    public static int? Run(string[] args) => OwnerChild.Run(args, Do);

    /// <summary>A slow disk reads a megabyte a second, with some time to begin.</summary>
    private static TimeSpan Longest(string file, TimeSpan lockTimeout)
    {
        const long bytesPerSecond = 1 << 20;
        var bytes = new[] { "", SqliteCompanions.Log, SqliteCompanions.Journal }.Max(end => Posix.StatusOrNull(file + end)?.Occupied ?? 0);
        return lockTimeout + TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(2 * (bytes / bytesPerSecond));
    }

    private static IEnumerable<string> Do(OwnerWork work)
    {
        var reader = new DatabaseReader(work.File, TimeProvider.System);
        switch (work.Operation)
        {
            case ProbeWord:
                reader.Probe();
                return [];
            case MeasureWord:
                return reader.Measure() is { } content ? Write(content) : [];
            case FoldWord:
                reader.FoldLogIn();
                return [];
            case RestWord:
                reader.CopyRest(Target(work));
                return [];
            case CopyWord:
                SqliteTarget.Use(work.Target!);
                reader.Copy(Target(work), TimeSpan.FromMilliseconds(Number(work.Words[0])), CancellationToken.None, work.Words[1] == KnownWord);
                return [];
            default:
                throw UserError.Usage($"'{work.Operation}' is no work on a database");
        }
    }

    private static CopyTarget Target(OwnerWork work) => new(SqliteTarget.Name, () => new SafeFileHandle(work.Target!.DangerousGetHandle(), ownsHandle: false));

    private static IEnumerable<string> Write(DatabaseContent content) =>
    [
        Text(content.BytesInUse), Text(content.Tables), Text(content.FilledTables), Text(content.EmptyBytes ?? 0), content.TableNames is null ? "unnamed" : "named",
        .. (content.TableNames ?? []).Select(Uri.EscapeDataString),
    ];

    private static DatabaseContent? Read(List<string> lines) => lines is [var bytes, var tables, var filled, var empty, var named, .. var names]
        ? new DatabaseContent(Number(bytes), (int)Number(tables), (int)Number(filled), named == "named" ? [.. names.Select(Uri.UnescapeDataString)] : null, Number(empty))
        : null;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static long Number(string text) => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
}
