using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

/// <summary>
/// Snapshots are written as the day of November 2026 or, after an 'f', of the future, or 'e' for the last second that has a name; then '>' and the later IDs that they list as
/// older, and '@' with the day on which they began where that is another than the ID's.
/// </summary>
public sealed class SnapshotOrderTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("3 1 2", "1 2 3")]
    [InlineData("1 f1 f2@2", "1 f1 f2")]
    [InlineData("1 3>f2 f2@2", "1 f2 3")]
    [InlineData("3>f2 4>f2 f2@2", "f2 3 4")]
    [InlineData("4>f2 f2@2", "f2 4")]
    [InlineData("3>f2 4>f3 f2@2 f3@3", "f2 3 f3 4")]
    [InlineData("3>f2,f9 f2@2 f5@5", "f2 3 f5")]
    public void Those_that_are_listed_as_older_come_first(string any, string ordered)
    {
        var sorted = SnapshotOrder.Sort(any.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Read));
        Assert.Equal(ordered, string.Join(' ', sorted.Select(snapshot => Name(snapshot.Id))));
        Assert.Equal(sorted.Select(s => s.Header.Id), SnapshotOrder.Sort(sorted.AsEnumerable().Reverse().Select(s => s.Header)).Select(h => h.Id));
    }

    [Fact]
    public void What_those_list_that_are_listed_comes_before_them()
    {
        // The clock was ahead on the first, right on the third and fourth, and behind on the second.
        Assert.Equal("f1 3 4 2 5", string.Join(' ', SnapshotOrder.Sort("2>3,4,f1 3>f1 4>f1 5>f1 f1".Split(' ').Select(Read)).Select(s => Name(s.Id))));
    }

    [Theory]
    [InlineData("5", "", "5")]
    [InlineData("5", "1 4", "5")]
    [InlineData("5", "1 5", "5+1")]
    [InlineData("5", "1 6", "6+1")]
    [InlineData("5", "1 7", "5")]
    [InlineData("5", "5 7", "5+1")]
    [InlineData("5", "1 f1", "5")]
    [InlineData("5", "e", "5")]
    [InlineData("5", "5 e", "5+1")]
    public void A_name_follows_the_time_whatever_is_further_ahead_than_a_day(string now, string taken, string next)
    {
        var ids = taken.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Id).ToList();
        var id = SnapshotOrder.Next(Id(now).Time, ids);
        Assert.Equal(next.EndsWith("+1", StringComparison.Ordinal) ? Id(next[..^2]).Next() : Id(next), id);
    }

    [Fact]
    public void A_name_is_never_one_that_is_taken()
    {
        // A snapshot of the last second that counts, and one after it.
        var last = SnapshotId.At(Id("5").Time.AddDays(1));
        Assert.Equal(last.Next().Next(), SnapshotOrder.Next(Id("5").Time, [last, last.Next()]));
    }

    private static SnapshotId Id(string day) => day == "e"
        ? SnapshotId.Parse("99991231T235959Z")!.Value
        : SnapshotId.At(day[0] == 'f' ? new DateTimeOffset(2099, 1, day[1] - '0', 2, 0, 0, TimeSpan.Zero) : new DateTimeOffset(2026, 11, day[0] - '0', 2, 0, 0, TimeSpan.Zero));

    private static string Name(SnapshotId id) => (id.Time.Year == 2099 ? "f" : "") + id.Time.Day;

    private static Snapshot Read(string text)
    {
        var isImported = text.EndsWith('i');
        var (rest, began) = text.TrimEnd('i').Split('@') is [var first, var second] ? (first, second) : (text, null);
        var (own, older) = rest.Split('>') is [var id, var list] ? (id, list.Split(',')) : (rest, []);
        return new Snapshot(Id(own), new SnapshotHeader
        {
            FormatVersion = 1,
            Requires = [],
            Id = Id(own).ToString(),
            Type = SnapshotType.Full,
            State = SnapshotState.Complete,
            Host = "host",
            Tool = "tool",
            StartedAt = Id(began ?? own).Time,
            FinishedAt = Id(began ?? own).Time,
            Sources = [],
            Older = Array.ConvertAll(older, Id),
            Origin = isImported ? new SnapshotOrigin(SnapshotOrigin.Python, "b", 1, default) : null,
            StoredBytes = 0,
            Warnings = WarningSummary.None,
            Files = new PartFile(0, default, 0),
            Packs = new PartFile(0, default, 0),
        });
    }
}
