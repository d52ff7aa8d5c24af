using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>
/// A night is a type (d, s, f), a state (+ complete, ~ partial) and the sources in the snapshot: databases a and b, trees x and y,
/// with a ! if they are marked.
/// </summary>
public sealed class ShrinkHoldTests
{
    private static readonly TimeZoneInfo Utc = TimeZoneInfo.Utc;

    [Theory]
    [InlineData("", "")]
    [InlineData("f+ax f+ax", "")]
    [InlineData("f+ax f+ax!", "x")]
    [InlineData("f+ax f+ax! f+ax!", "x")]
    [InlineData("f+ax f+ax! f+ax", "")] // the content came back, or its loss was accepted
    [InlineData("f+ax f+a!x!", "a x")]
    [InlineData("f+ax f+ax! d+a d+a", "x")] // databases say nothing of the tree
    [InlineData("f+ax f+ax! d+a s+x", "")] // found again by a snapshot of another type
    [InlineData("f+ax d+a! f+ax", "")]
    [InlineData("f+ax d+a d+a! s+x", "a")]
    [InlineData("f+axy f+axy! f+ax", "")] // not configured any more
    [InlineData("f+axy f+axy! f~ax", "y")] // but one that could not be read is not gone
    [InlineData("f+axy f+axy! f~ax s+x", "")]
    [InlineData("f+ax f~ax!", "x")]
    [InlineData("f+ax f+ax! f~ax", "")]
    public void The_newest_snapshot_of_a_source_says_whether_it_holds_rotation(string nights, string held) =>
        Assert.Equal(held.Split(' ', StringSplitOptions.RemoveEmptyEntries), ShrinkHold.Of(Nights(nights)).Select(one => one.Name));

    [Fact]
    public void What_holds_is_named_with_its_newest_snapshot()
    {
        var nights = Nights("f+ax f+ax! d+a f+ax!");
        Assert.Equal(nights[3].Id, Assert.Single(ShrinkHold.Of(nights)).Snapshot);
    }

    [Theory]
    [InlineData("f+ax f+ax f+ax f+ax!", "0 1 2 3")] // held
    [InlineData("f+ax f+ax f+ax f+ax! f+ax! f+ax! f+ax!", "0 1 2 3 4 5 6")]
    [InlineData("f+ax f+ax d+a d+a d+a f+ax!", "0 1 2 3 4 5")] // of every type
    [InlineData("f+ax f+ax f+ax f+ax! f+ax", "2 3 4")] // the marked one among the newest two took nobody's place
    [InlineData("f+ax f+ax f+ax f+ax! f+ax! f+ax", "2 4 5")]
    [InlineData("f+ax f+ax f+ax f+ax! f+ax! f+ax f+ax", "5 6")]
    [InlineData("f+ax f~ax! f+ax! f~ax", "0 2 3")] // not the newest complete one that must stay
    public void Of_the_newest_two_those_that_have_their_content_count(string nights, string kept) =>
        Assert.Equal(kept, Kept(Nights(nights), new RetentionRules(2)));

    [Theory]
    [InlineData("f+ax f+ax f+ax! f+ax! f+ax! f+ax", 3, "0 1 5")] // days of which nothing is left are no days
    [InlineData("f+ax f+ax f+ax f+ax! f+ax", 3, "1 2 4")]
    public void A_day_without_content_counts_for_no_day(string nights, int days, string kept) =>
        Assert.Equal(kept, Kept(Nights(nights), new RetentionRules(1, Daily: days)));

    [Fact]
    public void Why_all_stay_is_said_of_those_that_would_go()
    {
        var decisions = Retention.Decide(Nights("f+ax f+ax f+ax!"), new RetentionRules(1), Utc);
        Assert.Equal(["newest 1"], decisions[0].Reasons);
        Assert.Equal(["newest 1", "newest complete"], decisions[1].Reasons);
        Assert.Equal(["held: 'x' lost its content"], decisions[2].Reasons);
    }

    [Fact]
    public void What_would_stay_if_nothing_were_held_can_be_asked() => Assert.Equal(
        "1 2", Kept(Retention.DecideByRules(Nights("f+ax f+ax f+ax!"), new RetentionRules(1), Utc)));

    private static string Kept(List<RetentionItem> items, RetentionRules rules) => Kept(Retention.Decide(items, rules, Utc));

    private static string Kept(IEnumerable<RetentionDecision> decisions) =>
        string.Join(' ', decisions.Where(decision => decision.Keep).Select(decision => decision.Item.StartedAt.Day - 1).Order());

    private static List<RetentionItem> Nights(string nights) =>
        [.. nights.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Night)];

    private static RetentionItem Night(string night, int number)
    {
        var time = new DateTimeOffset(2026, 11, 1, 2, 0, 0, TimeSpan.Zero).AddDays(number);
        var type = night[0] switch { 'd' => SnapshotType.Database, 's' => SnapshotType.Storage, _ => SnapshotType.Full };
        var sources = new List<RetentionSource>();
        foreach (var letter in night.Skip(2))
        {
            if (letter == '!')
            {
                sources[^1] = sources[^1] with { IsMarked = true };
            }
            else
            {
                sources.Add(new RetentionSource(letter.ToString(), letter < 'm' ? SourceKind.Database : SourceKind.Storage, IsMarked: false));
            }
        }

        return new RetentionItem(SnapshotId.At(time), type, night[1] == '+' ? SnapshotState.Complete : SnapshotState.Partial, time) { Sources = sources };
    }
}
