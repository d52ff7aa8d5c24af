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

    /// <summary>On so many of our days it must have been silent for that long: one night by a clock that is ahead proves nothing.</summary>
    private const int DaysOfProof = 3;

    /// <summary>Whether something lies at a path now. What is there, and is no source of ours, may be another site's.</summary>
    public Func<string, bool> IsThere { get; init; } = static _ => false;

    /// <summary>Where the sources lie that a snapshot of ours of a type does not hold.</summary>
    public IReadOnlyList<string> PlacesBeside(SnapshotType type) => [.. Sources.Where(source => !type.Covers(source.Kind)).Select(source => source.Path)];

    /// <summary>Of this machine, and with a source that lies where one of ours does. What was imported lay where the other system had it, and is of the site for which it was.</summary>
    public bool IsOwn(SnapshotHeader header) =>
        Sources.Count == 0 || (IsHere(header) && (SharesPath(header) || (header.Origin is { } origin && (origin.For is { } places ? places.Any(IsOurs) : SharesName(header)))));

    /// <summary>
    /// Our own, and with nothing that is there and not configured: of two sites that share a tree each has more than the other. Where it was not
    /// recorded for whom something was imported, that its former places are there says nothing.
    /// </summary>
    public bool IsOnlyOwn(SnapshotHeader header) => Sources.Count == 0 || (IsOwn(header) && (header.Origin is { For: null } || !HasElsewhere(header)));

    /// <summary>Our own, and with each of our sources that its type covers, whatever else it has: so are those from before a source was taken out of the configuration.</summary>
    public bool HoldsOurs(SnapshotHeader header) => IsOwn(header) && Sources.All(here => !header.Type.Covers(here.Kind) || Holds(header, here));

    /// <summary>
    /// Whether a source is another site's as far as can be told, though it may be called as ours: beside it is a place that we share, and its own is there and not
    /// configured here.
    /// </summary>
    public bool IsOthers(SnapshotHeader header, SourceSummary source) => SharesPath(header) && IsElsewhere(source) && IsThere(source.Path);

    /// <summary>Those of our sources that none of these snapshots has: neither what lies there nor, under its name, what may have been moved.</summary>
    public IEnumerable<SiteSource> Unsaved(IReadOnlyCollection<SnapshotHeader> headers) => Sources.Where(here => !headers.Any(header => Array.Exists(
        header.Sources, there => there.Kind == here.Kind && (IsSamePlace(there, here) || (there.Name == here.Name && !IsOthers(header, there))))));

    /// <summary>Whether an imported snapshot may have been made for this site, so that the same need not be imported again. In doubt of two sites it was not.</summary>
    public bool MayBeImportedForUs(SnapshotHeader header) =>
        Sources.Count == 0 || header.Origin is not { For: not null } || (MayBeHere(header) && !HasElsewhere(header));

    /// <summary>
    /// The snapshots that rotation may judge: our own, and those of the same sources under a former host name or path of ours, once nothing
    /// was added to them for 90 days while we went on. So it is with those that have a source beside ours which is there and not configured.
    /// Whatever else there is belongs to others.
    /// </summary>
    public HashSet<SnapshotId> Rotated(IReadOnlyCollection<SnapshotHeader> headers, DateTimeOffset now)
    {
        var own = headers.Where(IsOnlyOwn).ToList();
        var wentOn = WentOn(own, now);
        var former = headers.Except(own).Where(MayBeFormer)
            .GroupBy(header => (header.Host, header.Machine, string.Join('\0', header.Sources.Select(source => source.Path).Order(StringComparer.Ordinal))))
            .Where(group => wentOn - group.Max(header => header.StartedAt) > Silence);
        return [.. own.Concat(former.SelectMany(group => group)).Select(header => SnapshotId.Parse(header.Id)!.Value)];
    }

    /// <summary>
    /// Those that are nearest to this site, in their order: our own if there are any; else those that share a place with us; else those of this machine
    /// under another host name; else those of this machine whose sources are called as ours; else those of other machines; else all.
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
        return Own(snapshots)
            ?? steps.Select(isNear => snapshots.Where(snapshot => isNear(snapshot.Header)).ToList()).FirstOrDefault(near => near.Count > 0) ?? [.. snapshots];
    }

    /// <summary>
    /// Those that are only ours; and where none of these has saved a source, as when it was moved and its former place is still there, our own that have it
    /// at its place or by its name. Null if there are none.
    /// </summary>
    private List<Snapshot>? Own(IReadOnlyList<Snapshot> snapshots)
    {
        var own = snapshots.Where(snapshot => IsOnlyOwn(snapshot.Header)).ToHashSet();
        var lacking = Sources.Where(here => !own.Any(snapshot => HasSaved(snapshot.Header, here, IsSamePlace))).ToList();
        return own.Count == 0 ? null
            : [.. snapshots.Where(snapshot => own.Contains(snapshot) || (IsOwn(snapshot.Header) && lacking.Exists(here => HasSaved(snapshot.Header, here, IsSamePlaceOrName))))];
    }

    /// <summary>Until when we went on, as far as more than one of our runs proves it.</summary>
    private static DateTimeOffset WentOn(IEnumerable<SnapshotHeader> own, DateTimeOffset now)
    {
        var days = own.Where(header => header.Origin is null && !FutureId.Is(SnapshotId.Parse(header.Id)!.Value, now))
            .GroupBy(header => header.StartedAt.UtcDateTime.Date).Select(day => day.Max(header => header.StartedAt)).OrderDescending().Take(DaysOfProof).ToList();
        return days.Count < 2 ? DateTimeOffset.MinValue : days[^1];
    }

    /// <summary>Of the age of what was imported nothing follows: it was old from the beginning.</summary>
    private bool MayBeFormer(SnapshotHeader header) => MayBeHere(header)
        && (SharesPath(header) || SharesName(header)) && (!HasElsewhere(header) || (SharesPath(header) && header.Origin?.For is null));

    private bool IsHere(SnapshotHeader header) => header.Host == Host && !IsOtherMachine(header);

    /// <summary>A machine that was installed again keeps its name, one that was renamed its identity; of old snapshots the latter is not known.</summary>
    private bool MayBeHere(SnapshotHeader header) => header.Host == Host || !IsOtherMachine(header);

    private bool IsOtherMachine(SnapshotHeader header) => header.Machine is not null && Machine is not null && header.Machine != Machine;

    /// <summary>Something of it, or of the site that made it, lies where we have nothing.</summary>
    private bool HasElsewhere(SnapshotHeader header) =>
        (header.Origin?.For ?? header.Sources.Where(IsElsewhere).Select(there => there.Path).Concat(header.Beside)).Any(path => !IsOurs(path) && IsThere(path));

    private bool IsElsewhere(SourceSummary there) => !Sources.Any(here => IsSamePlace(there, here));

    private static bool Holds(SnapshotHeader header, SiteSource here) => Array.Exists(header.Sources, there => there.Kind == here.Kind && IsSamePlace(there, here));

    private bool IsOurs(string path) => Sources.Any(here => here.Path == path);

    private static bool HasSaved(SnapshotHeader header, SiteSource here, Func<SourceSummary, SiteSource, bool> isSame) =>
        Array.Exists(header.Sources, there => there.Kind == here.Kind && there is { IsLacking: false, IsMarked: false } && isSame(there, here));

    private static bool IsSamePlaceOrName(SourceSummary there, SiteSource here) => IsSamePlace(there, here) || there.Name == here.Name;

    private static bool IsSamePlace(SourceSummary there, SiteSource here) => there.Path == here.Path || there.Target == here.Path;

    private bool SharesPath(SnapshotHeader header) => Shares(header, IsSamePlace);

    private bool SharesName(SnapshotHeader header) => Shares(header, static (there, here) => there.Name == here.Name);

    private bool Shares(SnapshotHeader header, Func<SourceSummary, SiteSource, bool> isSame) =>
        Array.Exists(header.Sources, there => Sources.Any(here => here.Kind == there.Kind && isSame(there, here)));
}
