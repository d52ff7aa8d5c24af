using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class RescanShareTests
{
    private const long Day = 86_400;
    private static readonly RescanShare Share = new(7);

    [Fact]
    public void Each_file_has_one_day_in_seven()
    {
        for (uint file = 0; file < 50; file++)
        {
            Assert.Single(Enumerable.Range(20_000, 7), day => Share.IsDue(file, (day - 1) * Day, day * Day));
        }
    }

    [Fact]
    public void Nothing_is_due_twice_on_a_day()
    {
        var night = (20_000 * Day) + 7200;
        Assert.DoesNotContain(Enumerable.Range(0, 7), file => Share.IsDue((uint)file, night, night + 3600));
    }

    /// <summary>Three nights were missed: those files come with tonight's.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 4)]
    [InlineData(7, 7)]
    [InlineData(400, 7)]
    public void What_was_missed_is_made_up_for(int days, int due) =>
        Assert.Equal(due, Enumerable.Range(0, 7).Count(file => Share.IsDue((uint)file, 20_000 * Day, (20_000 + days) * Day)));

    /// <summary>The first minutes of a day belong to it, before 1970, too.</summary>
    [Theory]
    [InlineData(Day - 1, Day)]
    [InlineData(-Day - 1, -Day)]
    public void A_day_begins_at_midnight(long then, long now) =>
        Assert.Equal(1, Enumerable.Range(0, 7).Count(file => Share.IsDue((uint)file, then, now)));

    /// <summary>A clock that was set back reads nothing more than the days in between.</summary>
    [Fact]
    public void Nothing_is_due_before_the_run_that_it_is_compared_with() =>
        Assert.DoesNotContain(Enumerable.Range(0, 7), file => Share.IsDue((uint)file, 20_005 * Day, 20_000 * Day));
}
