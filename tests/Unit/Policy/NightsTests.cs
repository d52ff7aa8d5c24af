using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>Ten years of local days in every zone of this machine's tzdata: none of them goes without a backup.</summary>
public sealed class NightsTests
{
    private const int Days = 3653;

    private static readonly DateTime First = new(2026, 12, 1);

    /// <summary>The nightly timer's own time is skipped in spring; then its stand-in starts the backup, at one of these times.</summary>
    [Fact]
    public void The_installed_timers_other_than_the_nightly_one_elapse_at_times_that_no_zone_skips()
    {
        var timers = Directory.GetFiles(Units(), "*.timer").Where(file => Path.GetFileName(file) != "vertex-ar-backup.timer").ToList();
        var times = timers.Select(file => TimeSpan.Parse(Regex.Match(File.ReadAllText(file), @"^OnCalendar=.* (\d\d:\d\d:\d\d)$", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture));

        Assert.Equal(4, timers.Count);
        foreach (var time in times.Distinct())
        {
            Assert.Empty(Zones().Where(zone => LocalDays().Any(day => zone.IsInvalidTime(day + time))).Select(zone => $"{zone.Id} at {time}"));
        }
    }

    /// <summary>That the test above can fail: the nightly time itself is skipped where most people live.</summary>
    [Theory]
    [InlineData("Europe/Berlin", "2027-03-28")]
    [InlineData("America/New_York", "2027-03-14")]
    public void Two_o_clock_does_not_exist_each_day(string zone, string day) =>
        Assert.True(TimeZoneInfo.FindSystemTimeZoneById(zone).IsInvalidTime(DateTime.Parse(day, CultureInfo.InvariantCulture).AddHours(2)));

    [Theory]
    [InlineData("0 4 * * *")]
    public void The_scheduler_s_daily_times_come_in_each_local_day_of_each_zone(string expression)
    {
        Assert.True(CronTimes.TryRead(expression, out var times, out _));
        foreach (var zone in Zones())
        {
            var (time, day) = (new DateTimeOffset(First, zone.GetUtcOffset(First)), First.AddDays(-1));
            while (day < First.AddDays(Days))
            {
                var before = time;
                time = times.After(time, zone)!.Value;
                Assert.True(time > before, $"{zone.Id}: after {before} comes {time}");
                var next = TimeZoneInfo.ConvertTime(time, zone).Date;
                Assert.True(next <= day.AddDays(1), $"{zone.Id}: {time} is the next after {day:d}");
                day = next;
            }
        }
    }

    private static IEnumerable<DateTime> LocalDays() => Enumerable.Range(0, Days).Select(day => First.AddDays(day));

    /// <summary>One of each group of zones that have the same rules.</summary>
    private static List<TimeZoneInfo> Zones()
    {
        var zones = new List<TimeZoneInfo>();
        foreach (var zone in TimeZoneInfo.GetSystemTimeZones().Where(zone => !zones.Exists(zone.HasSameRules)))
        {
            zones.Add(zone);
        }

        Assert.True(zones.Count > 100, "this machine has no tzdata");
        return zones;
    }

    private static string Units([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../systemd"));
}
