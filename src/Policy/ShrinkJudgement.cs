using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Policy;

/// <summary>
/// Whether a source lost its content: nothing is left of what it had, a table is gone, or more is missing than a site loses in
/// its daily life. Pure: compares two summaries and returns what was lost, in words with figures.
/// </summary>
internal static class ShrinkJudgement
{
    /// <summary>Of a handful of files, or of little more than nothing, half is soon lost; the percentage counts above this.</summary>
    private const long LeastFiles = 3;
    private const long LeastBytes = 16 << 10;
    private const long LeastTables = 5;
    private const int TablesNamed = 5;

    private static readonly string[] Foreign = [ForeignKind.Database.Word(), ForeignKind.Tree.Word(), ForeignKind.File.Word(), ForeignKind.Leftover.Word(), ForeignKind.Mount.Word()];

    /// <param name="before">The source in the snapshot it is compared with.</param>
    /// <param name="now">The same source in this run.</param>
    /// <param name="newFiles">Files and symlinks of a tree that were not there before: they stand for none of those that are gone.</param>
    /// <param name="limit">What it may lose.</param>
    /// <returns>What it lost, each in a few words; empty if nothing worth naming.</returns>
    public static string[] Losses(SourceSummary before, SourceSummary now, long newFiles, ShrinkLimit limit) => (limit.Percent, now.Kind) switch
    {
        (null, _) => [],
        ({ } percent, SourceKind.Database) => [.. OfDatabase(before, now, percent)],
        ({ } percent, SourceKind.Storage) => [.. OfTree(before, now, newFiles, percent)],
        _ => throw new ArgumentOutOfRangeException(nameof(now)),
    };

    /// <summary>What a tree holds, with what lies in it and has become a source of its own since: that is in the same snapshot.</summary>
    /// <param name="before">The tree in the snapshot it is compared with.</param>
    /// <param name="now">The same tree in this run.</param>
    /// <param name="all">All sources of this run.</param>
    public static SourceSummary WithNewSources(SourceSummary before, SourceSummary now, IReadOnlyList<SourceSummary> all)
    {
        var own = now.LeftOut.Select(left => left.Source).Except(before.LeftOut.Select(left => left.Source)).ToHashSet();
        return all.Where(source => own.Contains(source.Name)).Aggregate(now, static (sum, source) => sum with
        {
            Files = Units.Add(sum.Files, source.Files),
            Symlinks = Units.Add(sum.Symlinks, source.Symlinks),
            Bytes = Units.Add(sum.Bytes, source.Bytes),
        });
    }

    /// <summary>
    /// What a source is compared with, and first the one that says which of its files are new: the newest complete snapshot that has it and is not marked for it, or
    /// that the operator accepted; and those that are partial and newer, for what came in since. Where none is complete, the newest of the others is
    /// the first. A source that has another name now is known by its path. Where all that have it are
    /// marked, as those of a place or a host that is new, the newest says which snapshot had the content.
    /// </summary>
    /// <param name="snapshots">Those of this site.</param>
    /// <param name="all">All that there are.</param>
    /// <param name="name">Of the source.</param>
    /// <param name="kind">Of the source.</param>
    /// <param name="path">Of the source.</param>
    public static List<(string Id, SourceSummary Source)> Yardsticks(IEnumerable<Snapshot> snapshots, IReadOnlyCollection<Snapshot> all, string name, SourceKind kind, string path)
    {
        var newestFirst = SnapshotOrder.Sort(snapshots);
        newestFirst.Reverse();
        return new[] { Unmarked(newestFirst, IsNamed), Unmarked(newestFirst, IsThere), Named(newestFirst, IsNamed), Named(newestFirst, IsThere) }.FirstOrDefault(found => found.Count > 0) ?? [];

        bool IsNamed(SourceSummary source) => source.Name == name && source.Kind == kind;

        bool IsThere(SourceSummary source) => source.Path == path && source.Kind == kind;

        List<(string Id, SourceSummary Source)> Named(List<Snapshot> marked, Predicate<SourceSummary> isSame)
        {
            var since = marked.Select(snapshot => Array.Find(snapshot.Header.Sources, isSame)?.Shrunk?.Since).FirstOrDefault(id => id is not null);
            var had = all.FirstOrDefault(snapshot => snapshot.Header.Id == since)?.Header.Sources ?? [];
            return (Array.Find(had, IsNamed) ?? Array.Find(had, IsThere)) is { } source ? [(since!, source)] : [];
        }
    }

    /// <summary>The newest of a complete snapshot, or that was accepted, before the partial ones that are newer. A source that could not be read wholly has less in these, which is no harm.</summary>
    private static List<(string Id, SourceSummary Source)> Unmarked(List<Snapshot> newestFirst, Predicate<SourceSummary> isSame)
    {
        var partial = new List<(string Id, SourceSummary Source)>();
        foreach (var header in newestFirst.Select(snapshot => snapshot.Header))
        {
            if (Array.Find(header.Sources, isSame) is not { IsMarked: false, State: SourceState.Complete or SourceState.Partial } source)
            {
                continue;
            }

            if (header.State == SnapshotState.Complete || source.Shrunk is not null)
            {
                return [(header.Id, source), .. partial];
            }

            partial.Add((header.Id, source));
        }

        // Without a complete one there is no night since which it counts.
        return partial[..Math.Min(1, partial.Count)];
    }

    private static IEnumerable<string> OfTree(SourceSummary before, SourceSummary now, long newFiles, int percent)
    {
        var (had, has) = (Units.Add(before.Files, before.Symlinks), Units.Add(now.Files, now.Symlinks));
        if (had > 0 && has == 0)
        {
            yield return $"{Units.Count(had, "file")} ({Units.Size(before.Bytes)}) -> none";
            yield break;
        }

        if (IsRedrawn(before, now))
        {
            yield break;
        }

        if (IsLost(had, has, percent, LeastFiles))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{Units.Count(had, "file")} -> {has:N0}");
        }
        else if (IsLost(had, has - newFiles, percent, LeastFiles))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"{Units.Count(had, "file")} -> {has - newFiles:N0} of them, and {newFiles:N0} others");
        }

        if (IsLost(before.Bytes, now.Bytes, percent, LeastBytes) || (before.Bytes > 0 && now.Bytes == 0))
        {
            yield return $"{Units.Size(before.Bytes)} -> {Units.Size(now.Bytes)}";
        }
    }

    /// <summary>
    /// The program that made the other snapshot also saved what lies in the tree and is no part of it, such as the file of a database,
    /// and recorded no rules. How much of that there was cannot be said.
    /// </summary>
    private static bool IsRedrawn(SourceSummary before, SourceSummary now) =>
        before.Exclude is null && now.LeftOut.Any(left => Foreign.Contains(left.Kind));

    private static IEnumerable<string> OfDatabase(SourceSummary before, SourceSummary now, int percent)
    {
        if (now.Bytes == 0)
        {
            return before.Bytes == 0 ? [] : [$"{Units.Size(before.Bytes)} -> an empty file"];
        }

        return (before.Content, now.Content) is ({ } had, { } has)
            ? [.. OfTables(had, has, percent), .. OfRows(had, has, percent)]
            : OfSize(before.Bytes, now.Bytes, "", percent);
    }

    /// <summary>Empty tables take pages, too: they are left out where both snapshots tell how many those are.</summary>
    private static IEnumerable<string> OfRows(DatabaseContent had, DatabaseContent has, int percent) => (had.RowBytes, has.RowBytes) is ({ } before, { } now)
        ? OfSize(before, now, "of rows", percent)
        : OfSize(had.BytesInUse, has.BytesInUse, "in use", percent);

    private static IEnumerable<string> OfSize(long had, long has, string what, int percent) =>
        IsLost(had, has, percent, LeastBytes) ? [$"{Units.Size(had)} {what}".TrimEnd() + $" -> {Units.Size(has)}"] : [];

    private static IEnumerable<string> OfTables(DatabaseContent had, DatabaseContent has, int percent)
    {
        if (had.Tables > 0 && has.Tables == 0)
        {
            yield return $"{Units.Count(had.Tables, "table")} -> none";
            yield break;
        }

        var gone = had.TableNames is { } before && has.TableNames is { } now ? before.Except(now, StringComparer.OrdinalIgnoreCase).ToList() : null;
        if (gone is { Count: > 0 })
        {
            yield return $"gone: {(gone.Count == 1 ? "table" : "tables")} {string.Join(", ", gone.Take(TablesNamed))}{(gone.Count > TablesNamed ? $" and {gone.Count - TablesNamed} more" : "")}";
        }
        else if (gone is null && has.Tables < had.Tables)
        {
            yield return $"{Units.Count(had.Tables, "table")} -> {has.Tables}";
        }

        if ((had.FilledTables > 0 && has.FilledTables == 0) || IsLost(had.FilledTables, has.FilledTables, percent, LeastTables))
        {
            yield return $"{Units.Count(had.FilledTables, "table")} with rows -> {(has.FilledTables == 0 ? "none" : has.FilledTables.ToString(CultureInfo.InvariantCulture))}";
        }
    }

    private static bool IsLost(long had, long has, int percent, long least) =>
        had - has >= least && (Int128)(had - has) * 100 > (Int128)had * percent;
}
