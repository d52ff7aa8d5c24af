using VertexAr.Backup.Model;

namespace VertexAr.Backup.Policy;

/// <summary>A source of the configuration, by its name and its absolute path.</summary>
internal sealed record SiteSource(string Name, SourceKind Kind, string Path);

/// <summary>
/// What the snapshots of a site are known by, where several machines or configurations share a repository: the host, the machine and
/// where the sources lie. Pure: compares, and returns what belongs together.
/// </summary>
/// <param name="Host">The name of this machine.</param>
/// <param name="Machine">What it is beside its name, as in a header; null if that is not known.</param>
/// <param name="Sources">All that are configured; with none, every snapshot is of this site.</param>
internal sealed record SiteIdentity(string Host, string? Machine, IReadOnlyCollection<SiteSource> Sources)
{
    /// <summary>After that long without a snapshot, what has our sources and may be of this machine under a former name is taken for ours.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromDays(90);

    /// <summary>Whether something lies at a path now. What is there, and is no source of ours, may be another site's.</summary>
    public Func<string, bool> IsThere { get; init; } = static _ => false;

    /// <summary>Of this machine, and with a source that lies where one of ours does. What was imported lay where the other system had it, and is of the site for which it was.</summary>
    public bool IsOwn(SnapshotHeader header) =>
        Sources.Count == 0 || (IsHere(header) && (SharesPath(header) || (header.Origin is { } origin && (origin.For is { } places ? places.Any(IsOurs) : SharesName(header)))));

    /// <summary>
    /// The snapshots that rotation may judge: our own, and those of the same sources under a former host name or path of ours, once nothing
    /// was added to them for 90 days while we went on. So it is with those that have a source beside ours which is there and not configured: of
    /// two sites that share a tree each has more than the other. Whatever else there is belongs to others.
    /// </summary>
    public HashSet<SnapshotId> Rotated(IReadOnlyCollection<SnapshotHeader> headers)
    {
        var own = headers.Where(header => IsOwn(header) && (Sources.Count == 0 || header.Origin is not null || !HasElsewhere(header))).ToList();
        var newest = own.Count == 0 ? DateTimeOffset.MinValue : own.Max(header => header.StartedAt);
        var former = headers.Except(own).Where(header => MayBeHere(header) && (SharesPath(header) || (SharesName(header) && !HasElsewhere(header))))
            .GroupBy(header => (header.Host, header.Machine, string.Join('\0', header.Sources.Select(source => source.Path).Order(StringComparer.Ordinal))))
            .Where(group => newest - group.Max(header => header.StartedAt) > Silence);
        return [.. own.Concat(former.SelectMany(group => group)).Select(header => SnapshotId.Parse(header.Id)!.Value)];
    }

    /// <summary>
    /// Those that are nearest to this site, in their order: our own if there are any; else those of this machine under another host
    /// name; else those of this machine whose sources are called as ours; else those of other machines; else all.
    /// </summary>
    public List<Snapshot> Nearest(IReadOnlyList<Snapshot> snapshots)
    {
        Func<SnapshotHeader, bool>[] steps =
        [
            IsOwn,
            header => header.Machine is not null && header.Machine == Machine && SharesPath(header),
            header => IsHere(header) && SharesName(header),
            header => SharesPath(header) || SharesName(header),
        ];
        return steps.Select(isNear => snapshots.Where(snapshot => isNear(snapshot.Header)).ToList()).FirstOrDefault(near => near.Count > 0) ?? [.. snapshots];
    }

    private bool IsHere(SnapshotHeader header) => header.Host == Host && !IsOtherMachine(header);

    /// <summary>A machine that was installed again keeps its name, one that was renamed its identity; of old snapshots the latter is not known.</summary>
    private bool MayBeHere(SnapshotHeader header) => header.Host == Host || !IsOtherMachine(header);

    private bool IsOtherMachine(SnapshotHeader header) => header.Machine is not null && Machine is not null && header.Machine != Machine;

    /// <summary>Something of it lies where we have nothing.</summary>
    private bool HasElsewhere(SnapshotHeader header) =>
        (header.Origin?.For ?? header.Sources.Where(there => !Sources.Any(here => IsSamePlace(there, here))).Select(there => there.Path)).Any(path => !IsOurs(path) && IsThere(path));

    private bool IsOurs(string path) => Sources.Any(here => here.Path == path);

    private static bool IsSamePlace(SourceSummary there, SiteSource here) => there.Path == here.Path || there.Target == here.Path;

    private bool SharesPath(SnapshotHeader header) => Shares(header, IsSamePlace);

    private bool SharesName(SnapshotHeader header) => Shares(header, static (there, here) => there.Name == here.Name);

    private bool Shares(SnapshotHeader header, Func<SourceSummary, SiteSource, bool> isSame) =>
        Array.Exists(header.Sources, there => Sources.Any(here => here.Kind == there.Kind && isSame(there, here)));
}
