using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>Every change of the clock in ten years, in every zone of this machine's tzdata: no local day goes without a backup.</summary>
public sealed class NightsTests
{
    private static readonly DateTime First = new(2026, 12, 1, 12, 0, 0, DateTimeKind.Utc);

    private static readonly List<(TimeZoneInfo Zone, List<DateTime> Days)> Changes =
        [.. TimeZoneInfo.GetSystemTimeZones().Select(zone => (zone, DaysOfChange(zone))).Where(change => change.Item2.Count > 0)];

    /// <summary>The nightly timer's own time is skipped in spring; then its stand-in starts the backup, at one of these times.</summary>
    [Fact]
    public void The_installed_timers_other_than_the_nightly_one_elapse_at_times_that_no_zone_skips()
    {
        var timers = Directory.GetFiles(Units(), "*.timer").Where(file => Path.GetFileName(file) != "vertex-ar-backup.timer").ToList();
        var times = timers.Select(file => TimeSpan.Parse(Regex.Match(File.ReadAllText(file), @"^OnCalendar=.* (\d\d:\d\d:\d\d)$", RegexOptions.Multiline).Groups[1].Value, CultureInfo.InvariantCulture));

        Assert.True(timers.Count >= 4, "timers are missing");
        Assert.Empty(times.Distinct().SelectMany(time => Changes.Where(change => change.Days.Exists(day => change.Zone.IsInvalidTime(day + time))).Select(change => $"{change.Zone.Id} at {time}")));
    }

    /// <summary>So that the test above can fail: this is how a time that is skipped is found.</summary>
    [Fact]
    public void Two_o_clock_is_skipped_where_most_people_live()
    {
        var skipped = Changes.Where(change => change.Days.Exists(day => change.Zone.IsInvalidTime(day.AddHours(2)))).Select(change => change.Zone.Id).ToList();
        Assert.Contains("Europe/Berlin", skipped);
        Assert.Contains("America/New_York", skipped);
    }

    [Theory]
    [InlineData("0 2 * * *")]
    [InlineData("0 4 * * *")]
    public void The_scheduler_s_daily_times_come_in_each_local_day(string expression)
    {
        Assert.True(CronTimes.TryRead(expression, out var times, out _));
        foreach (var (zone, days) in Changes)
        {
            foreach (var day in days)
            {
                var noon = day.AddHours(12);
                Assert.Equal((zone.Id, day.AddDays(1)), (zone.Id, Next(times, new DateTimeOffset(noon, zone.GetUtcOffset(noon)), zone).Date));
            }
        }
    }

    /// <summary>The scheduler asks for the time after the one that came last: it must be a later one.</summary>
    [Theory]
    [InlineData("0 2 * * *")]
    [InlineData("*/30 2 * * *")]
    public void After_a_time_comes_a_later_one(string expression)
    {
        Assert.True(CronTimes.TryRead(expression, out var times, out _));
        foreach (var (zone, days) in Changes)
        {
            var time = new DateTimeOffset(days[0], zone.GetUtcOffset(days[0])).AddDays(-2);
            for (var i = 0; i < 5; i++)
            {
                var next = Next(times, time, zone);
                Assert.True(next > time, $"{zone.Id}: {next} comes after {time}");
                time = next;
            }
        }
    }

    private static DateTimeOffset Next(CronTimes times, DateTimeOffset after, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(times.After(after, zone)!.Value, zone);

    /// <summary>The local days, at midnight, on which the clock changes, and those before and after.</summary>
    private static List<DateTime> DaysOfChange(TimeZoneInfo zone)
    {
        var days = new List<DateTime>();
        for (var week = First; week < First.AddYears(10); week = week.AddDays(7))
        {
            if (zone.GetUtcOffset(week) == zone.GetUtcOffset(week.AddDays(7)))
            {
                continue;
            }

            var day = Enumerable.Range(0, 7).Select(i => week.AddDays(i)).First(i => zone.GetUtcOffset(i) != zone.GetUtcOffset(i.AddDays(1)));
            days.AddRange(Enumerable.Range(-1, 4).Select(i => DateTime.SpecifyKind(day.Date, DateTimeKind.Unspecified).AddDays(i)));
        }

        return days;
    }

    private static string Units([CallerFilePath] string here = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "../../../systemd"));
}
