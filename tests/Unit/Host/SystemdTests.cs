using VertexAr.Backup.Host;

namespace VertexAr.Backup.Tests.Host;

/// <summary>What systemctl says of units.</summary>
public sealed class SystemdTests
{
    [Fact]
    public void Units_are_told_apart_by_empty_lines()
    {
        var states = Systemd.Parse(
        [
            "LoadState=loaded", "ActiveState=active", "UnitFileState=enabled", "NextElapseUSecRealtime=Tue 2026-11-24 02:00:00 UTC", "",
            "LoadState=not-found", "ActiveState=inactive", "UnitFileState=",
        ]);

        Assert.Equal(
            [new UnitState(true, true, true, new DateTimeOffset(2026, 11, 24, 2, 0, 0, TimeSpan.Zero)), new UnitState(false, false, false, null)], states);
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("n/a")]
    [InlineData("Tue 2026-11-24 03:00:00 CET")]
    public void A_time_that_is_none_is_not_known(string time)
    {
        Assert.Null(Assert.Single(Systemd.Parse(["LoadState=loaded", $"NextElapseUSecRealtime={time}"])).Next);
    }

    [Fact]
    public void A_masked_timer_is_not_enabled()
    {
        Assert.Equal(new UnitState(false, false, false, null), Assert.Single(Systemd.Parse(["LoadState=masked", "ActiveState=inactive", "UnitFileState=masked"])));
    }
}
