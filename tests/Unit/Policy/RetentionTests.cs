using System.Globalization;
using CsCheck;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class RetentionTests
{
    private static readonly TimeZoneInfo Utc = TimeZoneInfo.Utc;

    [Fact]
    public void The_newest_of_each_type_stay()
    {
        var items = new[]
        {
            Item("20261101T020000Z"), Item("20261102T020000Z"), Item("20261103T020000Z"),
            Item("20261025T030000Z", SnapshotType.Full), Item("20261018T030000Z", SnapshotType.Full), Item("20261011T030000Z", SnapshotType.Full),
        };
        Assert.Equal(
            ["20261025T030000Z", "20261018T030000Z", "20261103T020000Z", "20261102T020000Z"],
            Kept(items, new RetentionRules(2)).OrderByDescending(id => items.First(i => i.Id.ToString() == id).Type).ThenByDescending(id => id));
    }

    [Fact]
    public void The_newest_complete_one_stays_behind_any_number_of_partial_ones()
    {
        var items = new[]
        {
            Item("20261101T020000Z"), Item("20261102T020000Z"),
            Item("20261103T020000Z", state: SnapshotState.Partial), Item("20261104T020000Z", state: SnapshotState.Partial),
        };
        Assert.Equal(["20261104T020000Z", "20261102T020000Z"], Kept(items, new RetentionRules(1)));
        Assert.Equal(["20261102T020000Z"], Kept(items, new RetentionRules(0)));
    }

    [Fact]
    public void Reasons_are_given()
    {
        var decisions = Retention.Decide([Item("20261101T020000Z"), Item("20261102T020000Z")], new RetentionRules(1, Daily: 1, Weekly: 2), Utc);
        Assert.Equal(["newest 1", "newest complete", "daily", "weekly"], decisions[0].Reasons);
        Assert.Equal(["weekly"], decisions[1].Reasons);
    }

    [Fact]
    public void Nothing_is_kept_without_a_reason()
    {
        var decision = Retention.Decide([Item("20261101T020000Z"), Item("20261102T020000Z")], new RetentionRules(1), Utc)[1];
        Assert.False(decision.Keep);
        Assert.Empty(decision.Reasons);
    }

    [Fact]
    public void Of_each_day_the_last_one_stays() => Assert.Equal(
        ["20261103T230000Z", "20261102T140000Z", "20261101T140000Z"],
        Kept([Item("20261031T020000Z"), Item("20261101T020000Z"), Item("20261101T140000Z"), Item("20261102T140000Z"), Item("20261103T010000Z"), Item("20261103T230000Z")],
            new RetentionRules(1, Daily: 3)));

    [Fact]
    public void Days_without_a_snapshot_are_not_counted() => Assert.Equal(
        ["20261101T020000Z", "20260901T020000Z", "20250101T020000Z"],
        Kept([Item("20240101T020000Z"), Item("20250101T020000Z"), Item("20260901T020000Z"), Item("20261101T020000Z")], new RetentionRules(0, Daily: 3)));

    /// <summary>2026-11-01 is a Sunday: it ends a week that began in October.</summary>
    [Fact]
    public void A_week_begins_on_monday() => Assert.Equal(
        ["20261102T000000Z", "20261101T235959Z", "20261025T235959Z"],
        Kept([Item("20261025T235959Z"), Item("20261026T000000Z"), Item("20261101T235959Z"), Item("20261102T000000Z")], new RetentionRules(0, Weekly: 3)));

    [Fact]
    public void Months_and_years_end_where_the_calendar_says() => Assert.Equal(
        ["20270101T000000Z", "20261231T235959Z", "20261130T000000Z", "20251231T000000Z"],
        Kept([Item("20241231T000000Z"), Item("20251130T000000Z"), Item("20251231T000000Z"), Item("20261130T000000Z"), Item("20261231T235959Z"), Item("20270101T000000Z")],
            new RetentionRules(0, Monthly: 3, Yearly: 3)));

    [Fact]
    public void A_day_ends_at_midnight_of_the_zone()
    {
        var items = new[] { Item("20261101T213000Z"), Item("20261101T223000Z"), Item("20261102T013000Z") };
        var east = TimeZoneInfo.CreateCustomTimeZone("east", TimeSpan.FromHours(2), "east", "east");
        Assert.Equal(["20261102T013000Z", "20261101T223000Z"], Kept(items, new RetentionRules(0, Daily: 2)));
        Assert.Equal(["20261102T013000Z", "20261101T213000Z"], Kept(items, new RetentionRules(0, Daily: 2), east));
    }

    [Fact]
    public void The_hour_that_comes_twice_is_one_day()
    {
        // In Berlin the clock goes from 03:00 back to 02:00 on 2026-10-25, at 01:00 UTC.
        var berlin = TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin");
        var items = new[] { Item("20261024T220000Z"), Item("20261025T003000Z"), Item("20261025T013000Z"), Item("20261025T225959Z") };
        Assert.Equal(["20261025T225959Z"], Kept(items, new RetentionRules(0, Daily: 3), berlin));
    }

    /// <summary>A day in Moscow ends at 21:00 UTC; the night when Berlin's clock goes forward has 23 hours; Apia skipped 2011-12-30.</summary>
    [Theory]
    [InlineData("UTC", "20260329T223000Z", "20260330T213000Z", false)]
    [InlineData("Europe/Moscow", "20260329T223000Z", "20260330T203000Z", true)]
    [InlineData("Europe/Moscow", "20260329T223000Z", "20260330T213000Z", false)]
    [InlineData("Europe/Berlin", "20260328T230000Z", "20260329T215959Z", true)]
    [InlineData("Europe/Berlin", "20260328T230000Z", "20260329T220000Z", false)]
    [InlineData("America/New_York", "20261101T040000Z", "20261102T045959Z", true)]
    [InlineData("Asia/Kathmandu", "20261101T181500Z", "20261102T181459Z", true)]
    [InlineData("Pacific/Apia", "20111230T095959Z", "20111230T100000Z", false)]
    public void A_day_is_the_zones_own(string zone, string earlier, string later, bool isOneDay) => Assert.Equal(
        isOneDay ? [later] : [later, earlier],
        Kept([Item(earlier), Item(later)], new RetentionRules(0, Daily: 5), TimeZoneInfo.FindSystemTimeZoneById(zone)));

    [Fact]
    public void A_leap_day_is_in_february() => Assert.Equal(
        ["20280301T000000Z", "20280229T120000Z", "20261231T120000Z"],
        Kept([Item("20261228T120000Z"), Item("20261231T120000Z"), Item("20280229T120000Z"), Item("20280301T000000Z")], new RetentionRules(0, Monthly: 3)));

    /// <summary>Identifiers go on from the newest, whatever the clock says; when a snapshot was taken is what the clock said.</summary>
    [Fact]
    public void A_clock_that_was_set_back_costs_no_days()
    {
        RetentionItem[] items =
        [
            Item("20261101T020000Z"), Item("20261102T020000Z"),
            Item("20991231T020000Z"),
            Item("20991231T020001Z") with { StartedAt = At("20261102T140000Z") },
            Item("20991231T020002Z") with { StartedAt = At("20261103T020000Z") },
        ];
        Assert.Equal(
            ["20991231T020002Z", "20991231T020001Z", "20991231T020000Z", "20261101T020000Z"],
            Kept(items, new RetentionRules(1, Daily: 4)));
        Assert.Equal(["20991231T020002Z", "20991231T020000Z"], Kept(items, new RetentionRules(1, Yearly: 2)));
    }

    [Fact]
    public void One_that_is_dated_in_the_future_stays_and_counts_for_nothing_until_a_newer_one_lists_it()
    {
        RetentionItem[] items = [Item("20261101T020000Z"), Item("20261102T020000Z"), Item("20991231T020000Z") with { IsAhead = true }];
        var decisions = Retention.Decide(items, new RetentionRules(1, Daily: 1), Utc);
        Assert.Equal(["20991231T020000Z", "20261102T020000Z"], decisions.Where(d => d.Keep).Select(d => d.Item.Id.ToString()));
        Assert.True(decisions.Single(d => d.Item.IsAhead).IsPassedOver);

        var newer = Item("20261103T020000Z") with { Older = [items[2].Id] };
        Assert.Equal(["20261103T020000Z"], Kept([.. items, newer], new RetentionRules(1)));
        Assert.Equal(["20261103T020000Z", "20991231T020000Z", "20261102T020000Z"], Kept([.. items, newer], new RetentionRules(2)));
    }

    /// <summary>It may be the clock of today that is wrong, and not that of the snapshots.</summary>
    [Fact]
    public void Where_the_clock_is_behind_no_period_loses_its_snapshot()
    {
        RetentionItem[] items =
        [
            .. Enumerable.Range(1, 3).Select(day => Item($"2026110{day}T020000Z") with { IsAhead = true }),
            Item("19700101T020000Z") with { Older = [Id("20261101T020000Z"), Id("20261102T020000Z"), Id("20261103T020000Z")] },
        ];
        Assert.Equal(["19700101T020000Z", "20261103T020000Z", "20261102T020000Z", "20261101T020000Z"], Kept(items, new RetentionRules(1, Daily: 4)));
    }

    [Fact]
    public void Of_a_day_the_last_whole_one_stays_and_a_partial_one_only_where_none_is_whole()
    {
        RetentionItem[] items =
        [
            Item("20261101T020000Z", state: SnapshotState.Partial), Item("20261101T140000Z", state: SnapshotState.Partial),
            Item("20261102T020000Z"), Item("20261102T140000Z", state: SnapshotState.Partial),
            Item("20261103T020000Z"),
        ];
        Assert.Equal(["20261103T020000Z", "20261102T020000Z", "20261101T140000Z"], Kept(items, new RetentionRules(1, Daily: 3)));
    }

    [Fact]
    public void No_rule_removes_the_newest_complete_one_of_a_type()
    {
        var item = Gen.Select(Gen.Int[0, 4000], Gen.Enum<SnapshotType>(), Gen.Enum<SnapshotState>(), (hours, type, state) =>
        {
            var time = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddHours(hours);
            return new RetentionItem(SnapshotId.At(time), type, state, time);
        });
        var rules = Gen.Select(Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3], Gen.Int[0, 3], (n, d, w, m) => new RetentionRules(n, d, w, m));
        Gen.Select(item.Array[0, 20], rules).Sample((any, rule) =>
        {
            var items = any.DistinctBy(i => i.Id).ToArray();
            var decisions = Retention.Decide(items, rule, Utc);
            Assert.Equal(items.ToHashSet(), decisions.Select(d => d.Item).ToHashSet());
            Assert.Equal(items.Length, decisions.Count);
            foreach (var newestFirst in items.GroupBy(i => i.Type).Select(g => g.OrderByDescending(i => i.Id).ToList()))
            {
                Assert.All(newestFirst.Take(rule.Newest), i => Assert.True(Decision(i).Keep));
                Assert.All(newestFirst.Where(i => i.State == SnapshotState.Complete).Take(1), i => Assert.True(Decision(i).Keep));
            }

            RetentionDecision Decision(RetentionItem wanted) => decisions.Single(d => d.Item == wanted);
        });
    }

    private static RetentionItem Item(string id, SnapshotType type = SnapshotType.Database, SnapshotState state = SnapshotState.Complete) =>
        new(Id(id), type, state, At(id));

    private static SnapshotId Id(string text) => SnapshotId.Parse(text)!.Value;

    private static DateTimeOffset At(string time) =>
        DateTimeOffset.ParseExact(time, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static IEnumerable<string> Kept(RetentionItem[] items, RetentionRules rules, TimeZoneInfo? zone = null) =>
        Retention.Decide(items, rules, zone ?? Utc).Where(d => d.Keep).Select(d => d.Item.Id.ToString());
}
