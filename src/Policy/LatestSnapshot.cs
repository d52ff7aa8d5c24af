using VertexAr.Backup.Model;

namespace VertexAr.Backup.Policy;

/// <summary>What the newest snapshot is wanted for.</summary>
/// <param name="Sources">What it should hold; empty where nobody knows.</param>
/// <param name="Type">Of which type it must be; null for any.</param>
/// <param name="Only">Sources of one kind only; null for both.</param>
internal sealed record LatestWish(IReadOnlyCollection<SourceName> Sources, SnapshotType? Type = null, SourceKind? Only = null)
{
    /// <summary>Where the snapshots are, to be said in the commands that are offered: " --from-offsite"; empty for the backup directory.</summary>
    public string Place { get; init; } = "";

    /// <summary>Which files are asked for, to be said there too: " --path X".</summary>
    public string Paths { get; init; } = "";
}

/// <summary>Which snapshot it is.</summary>
/// <param name="Chosen">Null if none is complete.</param>
/// <param name="Notices">Sentences about newer ones that were passed over, and about what the chosen one lacks.</param>
internal sealed record LatestChoice(Snapshot? Chosen, IReadOnlyList<string> Notices);

/// <summary>
/// Decides which snapshot 'latest' is: the newest complete one that holds what is wanted. The last one made may be partial, or of
/// databases alone: to restore that in place of a whole site would leave files out.
/// </summary>
internal static class LatestSnapshot
{
    private const string Restore = "vertex-ar-backup restore";

    /// <param name="snapshots">All that can be read, oldest first.</param>
    /// <param name="wish">What it is wanted for.</param>
    public static LatestChoice Choose(IReadOnlyList<Snapshot> snapshots, LatestWish wish)
    {
        var fitting = snapshots.Where(snapshot => wish.Type is null || snapshot.Header.Type == wish.Type).ToList();
        var complete = fitting.FindAll(snapshot => IsComplete(snapshot.Header, wish));
        var wanted = Wanted(complete, wish);
        var most = complete.Count == 0 ? 0 : complete.Max(snapshot => Held(snapshot, wanted).Count);
        var chosen = complete.FindLast(snapshot => Held(snapshot, wanted).Count == most);
        var after = chosen is null ? fitting : fitting.Skip(fitting.IndexOf(chosen) + 1).ToList();
        var only = wish.Only is { } kind ? $" --only {kind.Word()}" : "";
        var newer = after.FindAll(snapshot => wanted.Count == 0 ? HasAny(snapshot.Header, wish) : Held(snapshot, wanted).Count > 0);
        List<string?> notices =
        [
            newer.FindLast(snapshot => !IsComplete(snapshot.Header, wish)) is { } partial
                ? $"{partial.Id} is {(chosen is null ? "there" : "newer")}, but {Why(partial.Header)}: '{Restore} {partial.Id}{wish.Place}{only}{wish.Paths}' takes it"
                : chosen is null && after.Count > 0 ? $"{after[^1].Id} is there, but {Why(after[^1].Header)}, and has {(wish.Only is { } lacking ? $"no {lacking.Word()}" : "nothing")}" : null,
            newer.FindLast(snapshot => IsComplete(snapshot.Header, wish)) is { } less ? LessNotice(less, wanted, wish) : null,
            .. chosen is null ? [] : wanted.Except(Held(chosen, wanted)).Select(lacking => LackNotice(chosen, lacking, complete, wish)),
        ];
        return new LatestChoice(chosen, [.. notices.OfType<string>()]);
    }

    private static string Why(SnapshotHeader header) => header.State == SnapshotState.Partial ? "partial" : "a source in it had lost its content";

    /// <summary>Of what is wanted: where only the files are gone, the databases are as good as ever.</summary>
    private static bool IsComplete(SnapshotHeader header, LatestWish wish) =>
        header.State == SnapshotState.Complete && !Array.Exists(header.Sources, source => source.IsMarked && (wish.Only is null || source.Kind == wish.Only));

    /// <summary>Where no snapshot holds anything of what is configured, or nothing is, the snapshots themselves say what there is to be held.</summary>
    private static List<SourceName> Wanted(List<Snapshot> complete, LatestWish wish)
    {
        var wanted = Covered(wish.Sources, wish);
        if (complete.Exists(snapshot => Held(snapshot, wanted).Count > 0))
        {
            return wanted;
        }

        var full = complete.FindLast(snapshot => snapshot.Header.Type == SnapshotType.Full);
        var told = full is not null ? [full] : complete.GroupBy(snapshot => snapshot.Header.Type).Select(group => group.Last());
        return Covered(told.SelectMany(snapshot => snapshot.Header.Sources).Select(source => new SourceName(source.Name, source.Kind)).Distinct(), wish);
    }

    private static List<SourceName> Covered(IEnumerable<SourceName> sources, LatestWish wish) =>
        [.. sources.Where(source => (wish.Only is null || source.Kind == wish.Only) && (wish.Type is not { } type || type.Covers(source.Kind)))];

    private static List<SourceName> Held(Snapshot snapshot, List<SourceName> wanted) =>
        wanted.FindAll(pick => snapshot.Header.HasSaved(pick));

    private static bool HasAny(SnapshotHeader header, LatestWish wish) =>
        Array.Exists(header.Sources, source => (wish.Only is null || source.Kind == wish.Only) && !source.IsLacking);

    private static string LessNotice(Snapshot less, List<SourceName> wanted, LatestWish wish)
    {
        var held = Held(less, wanted);
        var kinds = held.Select(pick => pick.Kind).Distinct().ToList();
        return $"{less.Id} is newer, but a {less.Header.Type.Word()} snapshot without {Names(wanted.Except(held))}: "
            + $"'{Restore} {less.Id}{wish.Place}{(kinds.Count == 1 ? $" --only {kinds[0].Word()}" : "")}{wish.Paths}' takes what it holds";
    }

    private static string LackNotice(Snapshot chosen, SourceName lacking, List<Snapshot> complete, LatestWish wish) =>
        complete.FindLast(snapshot => Held(snapshot, [lacking]).Count > 0) is { } other
            ? $"{chosen.Id} is without '{lacking.Name}', which is in {other.Id}: '{Restore} {other.Id}{wish.Place} --only {lacking.Kind.Word()}' takes it"
            : $"{chosen.Id} is without '{lacking.Name}', and so is every complete snapshot";

    private static string Names(IEnumerable<SourceName> sources) => string.Join(" and ", sources.Select(source => $"'{source.Name}'"));
}
