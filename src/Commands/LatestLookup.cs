using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>Finds the snapshot that a command names, where <c>latest</c> is the newest complete one that holds what is asked for.</summary>
internal static class LatestLookup
{
    /// <param name="around">The outside world, with a configuration or without.</param>
    /// <param name="store">The snapshots, all headers among them if <c>latest</c> is asked for.</param>
    /// <param name="id">What the user wrote.</param>
    /// <param name="type">With <c>latest</c>, of which type; null for any.</param>
    /// <param name="only">Sources of one kind only.</param>
    /// <param name="paths">Only these paths.</param>
    /// <param name="orPartial">Take a partial one where none is complete.</param>
    /// <param name="from">The second place whose headers were fetched; the damaged ones were named then.</param>
    /// <exception cref="UserError">There is none, and which is the nearest.</exception>
    public static Snapshot Find(
        Surroundings around, SnapshotStore store, string id, SnapshotType? type = null, SourceKind? only = null, IReadOnlyList<string>? paths = null, bool orPartial = false, OffsitePlace? from = null)
    {
        var now = around.Clock.GetUtcNow();
        if (id != SnapshotStore.Latest)
        {
            return store.Find(id, now, type);
        }

        var (all, damaged) = store.ReadAll();
        var (dated, ahead) = FutureId.Split(all, now);
        if (ahead is [.., var last])
        {
            around.Screen.Log.Say(
                Severity.Warning,
                $"{FutureId.Named(last.Id, now)}, and is passed over{(ahead.Count > 1 ? $", as are {ahead.Count - 1} more" : "")}: if the clock is wrong, set it; "
                    + $"otherwise the snapshot was made by a wrong one or put there by somebody, and only its ID chooses it: '{CommandTable.Program} show {last.Id}'");
        }

        var site = around.SettingsIfGood(quiet: true) is { } settings ? ThisSite.Of(settings) : null;
        var near = site?.Nearest(dated) ?? dated;
        var choice = LatestSnapshot.Choose(near, new LatestWish(Wanted(around, paths ?? []), type, only)
        {
            Place = from?.Options ?? "",
            Paths = string.Concat((paths ?? []).Select(path => $" --path {ShellWord.Of(path)}")),
        });
        if (choice.Chosen is null && !orPartial && choice.Notices.Count > 0)
        {
            throw UserError.Failed("no snapshot is complete", string.Join("; ", choice.Notices));
        }

        var chosen = choice.Chosen ?? store.Find(id, now, type);
        foreach (var notice in choice.Notices)
        {
            around.Screen.Log.Say(Severity.Warning, notice);
        }

        SayOthers(around, dated, near, chosen);
        foreach (var bad in damaged.Where(bad => from is null && bad.Id > chosen.Id && !FutureId.Is(bad.Id, now)))
        {
            around.Screen.Log.Say(Severity.Warning, $"snapshot {bad.Id} is newer, but {bad.Word}: its header {bad.Reason}");
        }

        return chosen;
    }

    /// <summary>Says of which host a snapshot is that is not of this one: before anything is put in place.</summary>
    public static void SayHost(Surroundings around, Snapshot snapshot)
    {
        if (snapshot.Header.Host != System.Environment.MachineName)
        {
            around.Screen.Log.Say(Severity.Warning, $"snapshot {snapshot.Id} is of host {snapshot.Header.Host}; this machine is {System.Environment.MachineName}");
        }
    }

    /// <summary>Names the newest snapshot of another site that was passed over, or that may be meant where nothing says which site this is.</summary>
    private static void SayOthers(Surroundings around, List<Snapshot> all, List<Snapshot> near, Snapshot chosen)
    {
        var other = near.Count < all.Count
            ? all.Skip(all.IndexOf(chosen) + 1).Except(near).LastOrDefault()
            : all.FindLast(snapshot => snapshot.Header.IsOfOtherMachine(chosen.Header));
        if (other is not null)
        {
            around.Screen.Log.Say(
                Severity.Warning,
                $"{other.Id} is {(near.Count < all.Count ? "newer, but " : "")}of another site, {string.Join(" and ", other.Header.Sources.Select(source => $"'{source.Name}'"))} on {other.Header.Host}: "
                    + $"only its ID chooses it: '{CommandTable.Program} show {other.Id}'");
        }
    }

    /// <summary>What the configuration names; of that, where every path says of which sources it is, only these.</summary>
    private static List<SourceName> Wanted(Surroundings around, IReadOnlyList<string> paths)
    {
        var settings = around.SettingsIfGood(quiet: true);
        List<(SourceName Source, string Path)> all =
        [
            .. settings?.Databases.Select(database => (new SourceName(database.Name, SourceKind.Database), database.Path)) ?? [],
            .. settings?.Storage.Select(tree => (new SourceName(tree.Name, SourceKind.Storage), tree.Path)) ?? [],
        ];
        var named = paths.Select(path => all.FindAll(one =>
            PathPrefix.Holds(one.Source.Name, path) || PathPrefix.Holds(one.Path, path) || (path.StartsWith('/') && PathPrefix.Holds(path.TrimEnd('/'), one.Path)))).ToList();
        return [.. (named.Count > 0 && named.TrueForAll(sources => sources.Count > 0) ? named.SelectMany(sources => sources) : all).Select(one => one.Source).Distinct()];
    }
}
