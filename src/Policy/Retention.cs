using VertexAr.Backup.Model;

namespace VertexAr.Backup.Policy;

/// <summary>What to keep: the newest <paramref name="Newest"/> of each type, and beside them the last whole one of so many days, weeks, months and years.</summary>
internal sealed record RetentionRules(int Newest, int Daily = 0, int Weekly = 0, int Monthly = 0, int Yearly = 0);

/// <summary>A source of a snapshot; marked if it had lost its content there.</summary>
internal sealed record RetentionSource(string Name, SourceKind Kind, bool IsMarked);

/// <summary>A snapshot as retention sees it.</summary>
internal sealed record RetentionItem(SnapshotId Id, SnapshotType Type, SnapshotState State, DateTimeOffset StartedAt)
{
    /// <summary>A source of it is damaged or missing.</summary>
    public bool LacksSource { get; init; }

    public IReadOnlyList<RetentionSource> Sources { get; init; } = [];

    /// <summary>Those that are older and have a later ID.</summary>
    public IReadOnlyList<SnapshotId> Older { get; init; } = [];

    /// <summary>The host of another site that it belongs to, which keeps and removes it by rules of its own; null if it is ours.</summary>
    public string? OtherHost { get; init; }

    /// <summary>Its ID is dated in the future.</summary>
    public bool IsAhead { get; init; }

    /// <summary>A source had lost its content.</summary>
    public bool IsMarked => Sources.Any(source => source.IsMarked);

    public static RetentionItem Of(Snapshot snapshot) => Of(snapshot.Id, snapshot.Header);

    /// <param name="snapshots">All that there are.</param>
    /// <param name="site">Whose snapshots are rotated; null for all.</param>
    /// <param name="now">What is dated later counts for nothing.</param>
    public static List<RetentionItem> Of(IReadOnlyCollection<Snapshot> snapshots, SiteIdentity? site, DateTimeOffset now)
    {
        var ours = site?.Rotated([.. snapshots.Select(snapshot => snapshot.Header)], now);
        return
        [
            .. snapshots.Select(snapshot => Of(snapshot) with
            {
                IsAhead = FutureId.Is(snapshot.Id, now),
                OtherHost = ours?.Contains(snapshot.Id) ?? true ? null : snapshot.Header.Host,
            }),
        ];
    }

    public static RetentionItem Of(SnapshotId id, SnapshotHeader header) => new(id, header.Type, header.State, header.StartedAt)
    {
        // A source that could not be had says nothing of its content: what held rotation before still does.
        Sources = [.. header.Sources.Where(source => source.State is SourceState.Complete or SourceState.Partial)
            .Select(source => new RetentionSource(source.Name, source.Kind, source.IsMarked))],
        LacksSource = header.LacksSource,
        Older = header.Older,
    };

    /// <param name="items">In any order.</param>
    public static List<RetentionItem> NewestFirst(IEnumerable<RetentionItem> items)
    {
        var sorted = SnapshotOrder.Sort(items, static item => item.Id, static item => item.Older);
        sorted.Reverse();
        return sorted;
    }
}

/// <summary>Whether a snapshot stays, and why.</summary>
internal sealed record RetentionDecision(RetentionItem Item, IReadOnlyList<string> Reasons)
{
    /// <summary>Why one stays of which it is not known what it is older than.</summary>
    public const string InFuture = "dated in the future";

    public bool Keep => Reasons.Count > 0;

    /// <summary>Why one stays that is not ours.</summary>
    public static string OfOther(string host) => $"of another site, on {host}";

    /// <summary>It stays, whatever the rules are, until a newer one lists it as older.</summary>
    public bool IsPassedOver => Reasons is [InFuture];
}

/// <summary>Decides what stays. A pure function: no disk, no clock.</summary>
internal static class Retention
{
    /// <param name="items">All snapshots, in any order.</param>
    /// <param name="rules">What to keep.</param>
    /// <param name="zone">Where a day begins and ends.</param>
    /// <returns>One decision for each snapshot, newest first within each type. While a source holds rotation, all stay.</returns>
    public static IReadOnlyList<RetentionDecision> Decide(IReadOnlyCollection<RetentionItem> items, RetentionRules rules, TimeZoneInfo zone)
    {
        var held = ShrinkHold.Of(items);
        var decisions = DecideByRules(items, rules, zone);
        return held.Count == 0 ? decisions
            : [.. decisions.Select(decision => decision.Keep ? decision : decision with { Reasons = [$"held: '{held[0].Name}' lost its content"] })];
    }

    /// <summary>The same without regard to what is held: what would stay if nothing were.</summary>
    public static IReadOnlyList<RetentionDecision> DecideByRules(IReadOnlyCollection<RetentionItem> items, RetentionRules rules, TimeZoneInfo zone)
    {
        var placed = items.SelectMany(item => item.Older).ToHashSet();
        var ordered = RetentionItem.NewestFirst(items);
        return
        [
            .. ordered.Where(IsPassedOver).Select(item => new RetentionDecision(item, [RetentionDecision.InFuture])),
            .. ordered.Where(IsOther).Select(item => new RetentionDecision(item, [RetentionDecision.OfOther(item.OtherHost!)])),
            .. ordered.Where(item => !IsPassedOver(item) && !IsOther(item)).GroupBy(i => i.Type).OrderBy(g => g.Key).SelectMany(g => DecideType([.. g], rules, zone)),
        ];

        bool IsPassedOver(RetentionItem item) => item.IsAhead && !placed.Contains(item.Id);

        bool IsOther(RetentionItem item) => item.OtherHost is not null && !IsPassedOver(item);
    }

    private static IEnumerable<RetentionDecision> DecideType(List<RetentionItem> newestFirst, RetentionRules rules, TimeZoneInfo zone)
    {
        var reasons = newestFirst.ConvertAll(_ => new List<string>());
        KeepNewest(newestFirst, reasons, rules.Newest);

        // A partial snapshot never pushes the last whole one out.
        var complete = newestFirst.FindIndex(i => i.State == SnapshotState.Complete && i is { IsMarked: false, IsAhead: false });
        if (complete >= 0 || (complete = newestFirst.FindIndex(i => i.State == SnapshotState.Complete && !i.IsMarked)) >= 0)
        {
            reasons[complete].Add("newest complete");
        }

        KeepLastOfEach(newestFirst, reasons, rules.Daily, "daily", t => Day(t).DayNumber);
        KeepLastOfEach(newestFirst, reasons, rules.Weekly, "weekly", t => Day(t).DayNumber / 7);
        KeepLastOfEach(newestFirst, reasons, rules.Monthly, "monthly", t => (Day(t).Year * 12) + Day(t).Month);
        KeepLastOfEach(newestFirst, reasons, rules.Yearly, "yearly", t => Day(t).Year);
        return newestFirst.Zip(reasons, (item, why) => new RetentionDecision(item, why));

        // Day 0 of the calendar (0001-01-01) was a Monday, so sevenths of day numbers are ISO weeks.
        DateOnly Day(DateTimeOffset time) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time, zone).DateTime);
    }

    /// <summary>One that lost its content, lacks a source or is dated in the future stays while it is among the newest, but takes nobody's place.</summary>
    private static void KeepNewest(List<RetentionItem> newestFirst, List<List<string>> reasons, int count)
    {
        var counted = 0;
        for (var i = 0; i < newestFirst.Count && counted < count; i++)
        {
            if (newestFirst[i].IsMarked || newestFirst[i].LacksSource || newestFirst[i].IsAhead ? i < count : counted++ < count)
            {
                reasons[i].Add($"newest {count}");
            }
        }
    }

    /// <summary>
    /// Of each period the last whole one, or the last partial one where none is whole; one that lost its content counts for no
    /// period. A clock that was set back makes a period come up again further down; it counts once. A period in which all is dated in the
    /// future takes the place of none: which clock was wrong, that one or today's, is not known.
    /// </summary>
    private static void KeepLastOfEach(
        List<RetentionItem> newestFirst, List<List<string>> reasons, int count, string name, Func<DateTimeOffset, int> period)
    {
        var newest = Enumerable.Range(0, newestFirst.Count).Where(i => !newestFirst[i].IsMarked).GroupBy(i => period(newestFirst[i].StartedAt));
        var left = count;
        foreach (var places in newest)
        {
            if (left <= 0)
            {
                break;
            }

            left -= places.All(i => newestFirst[i].IsAhead) ? 0 : 1;
            var whole = places.Where(i => newestFirst[i].State == SnapshotState.Complete);
            reasons[whole.Concat(places.Where(i => !newestFirst[i].LacksSource)).Concat(places).First()].Add(name);
        }
    }
}
