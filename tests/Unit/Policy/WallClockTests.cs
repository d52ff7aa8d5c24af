using System.Globalization;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class WallClockTests
{
    [Theory]
    [InlineData("Europe/Berlin", "2024-01-07 03:00:00", "2024-01-07 02:00:00")]
    [InlineData("Europe/Berlin", "2024-07-07 03:00:00", "2024-07-07 01:00:00")]
    // Skipped on 31 March, 02:00 to 03:00: as far past the change as it would have been without it.
    [InlineData("Europe/Berlin", "2024-03-31 01:59:59", "2024-03-31 00:59:59")]
    [InlineData("Europe/Berlin", "2024-03-31 02:30:00", "2024-03-31 01:30:00")]
    [InlineData("Europe/Berlin", "2024-03-31 03:00:00", "2024-03-31 01:00:00")]
    // Twice on 27 October, 02:00 to 03:00: the first is meant.
    [InlineData("Europe/Berlin", "2024-10-27 02:30:00", "2024-10-27 00:30:00")]
    [InlineData("Europe/Berlin", "2024-10-27 03:00:00", "2024-10-27 02:00:00")]
    // Half an hour, in the other half of the world.
    [InlineData("Australia/Lord_Howe", "2024-04-07 01:45:00", "2024-04-06 14:45:00")]
    [InlineData("Australia/Lord_Howe", "2024-10-06 02:15:00", "2024-10-05 15:45:00")]
    [InlineData("Europe/Moscow", "2014-10-26 01:30:00", "2014-10-25 21:30:00")]
    [InlineData("UTC", "2024-03-31 02:30:00", "2024-03-31 02:30:00")]
    public void A_time_on_the_wall_is_one_instant(string zone, string local, string utc)
    {
        var instant = WallClock.ToInstant(DateTime.Parse(local, CultureInfo.InvariantCulture), TimeZoneInfo.FindSystemTimeZoneById(zone));

        Assert.Equal(utc, instant.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));
        Assert.Equal(TimeSpan.Zero, instant.Offset);
    }
}
