using System.Globalization;
using CsCheck;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>The times of cron expressions, over two years of Europe and America, against two others who know them.</summary>
public sealed class CronTimesTests
{
    private static readonly DateTime Begin = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly DateTime End = new(2028, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly Dictionary<string, (DateTime Utc, TimeSpan Offset)[]> Years =
        new[] { "Europe/Berlin", "America/New_York" }.ToDictionary(id => id, id => BruteCron.Minutes(Zone(id), Begin, End));

    private static readonly string[] Expressions =
    [
        "0 2 * * *", "0 3 * * 0", "0 4 * * *", "30 2 * * *", "0 1 * * *", "30 1 * * *", "0,30 1,2,3 * * *", "59 1 * * *",
        "*/7 5 * * *", "30 * * * *", "*/15 2 * * *", "0 */2 * * *", "15 1-3 * * *", "20/20 * * * 7", "0 0 1 * *", "0 0 31 * *", "5 4 29 2 *",
        "0 0 13 * 5", "0 2 8-14 3 0", "0 1 1-7 11 0", "30 2 25-31 3,10 0", "10-50/20 0,2 * * 1-5",
    ];

    public static TheoryData<string, string> Cases()
    {
        var data = new TheoryData<string, string>();
        foreach (var zone in Years.Keys)
        {
            foreach (var expression in Expressions)
            {
                data.Add(expression, zone);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void They_are_those_of_every_minute_compared(string expression, string zone) =>
        Assert.Equal(new BruteCron(expression).Times(Years[zone]), Times(expression, zone));

    [Fact]
    public void So_are_those_of_any_expression()
    {
        Gen.Select(Field(0, 59), Field(0, 23), Field(1, 28), Field(1, 12), Field(0, 7), Gen.OneOfConst("Europe/Berlin", "America/New_York")).Sample(
            (minute, hour, day, month, weekday, zone) =>
            {
                var expression = $"{minute} {hour} {day} {month} {weekday}";
                return new BruteCron(expression).Times(Years[zone]).SequenceEqual(Times(expression, zone));
            },
            iter: 60,
            threads: 1);
    }

    /// <summary>croniter knows no changes of the clock; it says what the clock shows, and days with a change are left out.</summary>
    [Fact]
    public void On_days_of_24_hours_they_are_those_of_croniter()
    {
        const string script = """
            import sys, datetime, croniter
            for expression in sys.argv[1:]:
                times = croniter.croniter(expression, datetime.datetime(2026, 1, 1) - datetime.timedelta(minutes=1), day_or=False)
                print("=" + expression)
                try:
                    while (time := times.get_next(datetime.datetime)).year < 2028:
                        print(time.strftime("%Y-%m-%d %H:%M"))
                except croniter.CroniterBadDateError:
                    pass
            """;
        Assert.SkipWhen(Tools.Run("/usr/bin/python3", "-c", "import croniter").Exit != 0, "there is no python3-croniter");
        var (exit, output) = Tools.Run("/usr/bin/python3", ["-c", script, .. Expressions]);
        Assert.True(exit == 0, output);

        var theirs = output.Split('=', StringSplitOptions.RemoveEmptyEntries).Select(block => block.TrimEnd('\n').Split('\n')).ToDictionary(lines => lines[0], lines => lines[1..]);
        Assert.True(theirs.Values.Sum(lines => lines.Length) > 30_000, "croniter said little");
        foreach (var (zone, minutes) in Years)
        {
            var changes = minutes.Zip(minutes.Skip(1)).Where(pair => pair.First.Offset != pair.Second.Offset).Select(pair => (pair.First.Utc + pair.First.Offset).Date).ToHashSet();
            Assert.Equal(4, changes.Count);

            // The year of a zone begins hours before or after ours.
            bool IsPlain(DateTime local) => !changes.Contains(local.Date) && local >= Begin.AddDays(1) && local < End.AddDays(-1);

            foreach (var expression in Expressions)
            {
                var ours = Times(expression, zone).Select(time => TimeZoneInfo.ConvertTime(time, Zone(zone)).DateTime);
                Assert.Equal(
                    theirs[expression].Where(line => IsPlain(Local(line))),
                    ours.Where(IsPlain).Select(time => time.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)));
            }
        }

        static DateTime Local(string line) => DateTime.ParseExact(line, "yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);
    }

    [Theory]
    [InlineData("0 2 * * *", "2026-03-28T12:00Z", "2026-03-29T01:00Z", "2026-03-30T00:00Z")] // 02:00 does not exist: at 03:00.
    [InlineData("30 2 * * *", "2026-10-24T12:00Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z")] // 02:30 comes twice: once.
    [InlineData("30 2-3 * * *", "2026-10-25T00:00Z", "2026-10-25T00:30Z", "2026-10-25T01:30Z")] // A range: twice.
    public void A_change_of_the_clock_loses_and_doubles_nothing(string expression, string from, string first, string second)
    {
        Assert.True(CronTimes.TryRead(expression, out var times, out _));
        var next = times.After(Instant(from), Zone("Europe/Berlin"));

        Assert.Equal(Instant(first), next);
        Assert.Equal(Instant(second), times.After(next!.Value, Zone("Europe/Berlin")));
    }

    [Theory]
    [InlineData("@daily", "0 0 * * *")]
    [InlineData("  0  2\t* * *", "0 2 * * *")]
    [InlineData("0 3 * * sun", "0 3 * * 0")]
    public void Other_ways_to_write_them_mean_the_same(string one, string other) => Assert.Equal(Times(other, "Europe/Berlin"), Times(one, "Europe/Berlin"));

    [Theory]
    [InlineData("", "it is empty; it must have five fields: minute, hour, day of month, month, day of week")]
    [InlineData("0 0 2 * * *", "it has six fields, and there are no seconds; it must have five: minute, hour, day of month, month, day of week")]
    [InlineData("0 2 * *", "it has 4 fields; it must have five: minute, hour, day of month, month, day of week")]
    [InlineData("daily", "it has one field; it must have five: minute, hour, day of month, month, day of week")]
    [InlineData("0 24 * * *", "Hours: Value must be a number between 0 and 23 (all inclusive)")]
    [InlineData("x 2 * * *", "Minutes: Value must be a number between 0 and 59 (all inclusive)")]
    [InlineData("0 2 * * fri-", "Days of week: Value must be a number between 0 and 7 (all inclusive)")]
    [InlineData("@dayly", "Macro: Unexpected character 'y' on position 3")]
    [InlineData("@every_second", "a minute is the shortest interval")]
    [InlineData("H 2 * * *", "'H' is not supported; name a time")]
    public void What_is_wrong_is_said(string expression, string words)
    {
        Assert.False(CronTimes.TryRead(expression, out _, out var problem));
        Assert.Equal(words, problem);
    }

    [Fact]
    public void A_day_that_never_comes_has_no_time()
    {
        Assert.True(CronTimes.TryRead("0 0 30 2 *", out var times, out _));

        Assert.Null(times.After(new DateTimeOffset(Begin), TimeZoneInfo.Utc));
    }

    private static List<DateTimeOffset> Times(string expression, string zone)
    {
        Assert.True(CronTimes.TryRead(expression, out var times, out var problem), problem);
        var all = new List<DateTimeOffset>();
        for (var time = times.After(new DateTimeOffset(Begin.AddTicks(-1)), Zone(zone)); time < End; time = times.After(time.Value, Zone(zone)))
        {
            all.Add(time.Value);
        }

        return all;
    }

    private static Gen<string> Field(int least, int most) => Gen.OneOf(
        Gen.Const("*"),
        Gen.Const("*"),
        Gen.Int[least, most].Select(n => $"{n}"),
        Gen.Int[least, most].Array[2, 3].Select(list => string.Join(',', list)),
        Gen.Select(Gen.Int[least, most], Gen.Int[least, most]).Select((a, b) => $"{Math.Min(a, b)}-{Math.Max(a, b)}"),
        Gen.Int[2, 6].Select(n => $"*/{n}"));

    private static DateTimeOffset Instant(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);

    private static TimeZoneInfo Zone(string id) => TimeZoneInfo.FindSystemTimeZoneById(id);
}
