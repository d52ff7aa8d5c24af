using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class FutureIdTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 2, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("20261123T020000Z", false)]
    [InlineData("20261124T020000Z", false)]
    [InlineData("20261124T020001Z", true)]
    [InlineData("99991231T235959Z", true)]
    public void Is_more_than_a_day_ahead(string id, bool isAhead) => Assert.Equal(isAhead, FutureId.Is(Id(id), Now));

    [Fact]
    public void At_the_end_of_time_nothing_is_ahead() => Assert.False(FutureId.Is(Id("99991231T235959Z"), DateTimeOffset.MaxValue));

    [Theory]
    [InlineData("", "", "")]
    [InlineData("20261122T020000Z 20991123T020000Z", "20261122T020000Z", "20991123T020000Z")]
    [InlineData("20991122T020000Z 20991123T020000Z", "20991122T020000Z 20991123T020000Z", "")]
    public void If_all_are_ahead_it_is_the_clock_that_is_wrong(string all, string dated, string ahead)
    {
        var split = FutureId.Split(Ids(all), id => id, Now);
        Assert.Equal(Ids(dated), split.Dated);
        Assert.Equal(Ids(ahead), split.Ahead);
    }

    private static SnapshotId Id(string text) => SnapshotId.Parse(text)!.Value;

    private static List<SnapshotId> Ids(string texts) => [.. texts.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Id)];
}
