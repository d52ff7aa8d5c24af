using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class SnapshotIdTests
{
    [Fact]
    public void Is_the_second_in_utc()
    {
        var id = SnapshotId.At(new DateTimeOffset(2026, 11, 23, 4, 0, 0, 999, TimeSpan.FromHours(2)));
        Assert.Equal("20261123T020000Z", id.ToString());
        Assert.Equal(id, SnapshotId.Parse("20261123T020000Z"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("20261123T020000")]
    [InlineData("20261123T020000z")]
    [InlineData("20261123T020000Z ")]
    [InlineData(" 20261123T020000Z")]
    [InlineData("20261123T020000Z.files")]
    [InlineData("20261323T020000Z")]
    [InlineData("20261123T250000Z")]
    [InlineData("20261123T020060Z")]
    [InlineData("2026１123T020000Z")]
    [InlineData("../../../etc/pass")]
    public void Anything_else_is_no_id(string text) => Assert.Null(SnapshotId.Parse(text));

    [Fact]
    public void The_next_is_a_second_later() => Assert.Equal("20270101T000000Z", SnapshotId.Parse("20261231T235959Z")!.Value.Next().ToString());

    [Fact]
    public void Sorts_by_time()
    {
        var (early, late) = (SnapshotId.Parse("20251231T235959Z")!.Value, SnapshotId.Parse("20260101T000000Z")!.Value);
        Assert.True(early < late && late > early && early <= late && late >= early && late.CompareTo(early) > 0);
    }
}
