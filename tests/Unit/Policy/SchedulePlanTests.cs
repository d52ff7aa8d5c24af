using System.Globalization;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>Which jobs run, and in which order, by a clock that may do anything.</summary>
public sealed class SchedulePlanTests
{
    private static readonly DateTimeOffset Start = At("2026-11-23T00:00Z");

    /// <summary>Of expressions for any clock, all the times that it may come to.</summary>
    private static readonly Dictionary<string, List<DateTimeOffset>> TimesOf =
        new[] { "* * * * *", "*/2 * * * *", "*/7 * * * *", "0 * * * *", "30 */3 * * *", "0 0 * * *" }.ToDictionary(
            text => text,
            text => new BruteCron(text).Times(BruteCron.Minutes(TimeZoneInfo.Utc, Start.UtcDateTime.AddDays(-72), Start.UtcDateTime.AddDays(72))).ToList());

    /// <summary>A scheduler of two years: a look every few minutes and at each time, and every job taken at once.</summary>
    [Theory]
    [InlineData("Europe/Berlin")]
    [InlineData("America/New_York")]
    public void Over_two_years_each_job_runs_at_each_of_its_times_and_never_else(string id)
    {
        string[] expressions = ["0 2 * * *", "30 2 * * 0", "0 2 * * 0", "30 1 * * *"];
        var zone = TimeZoneInfo.FindSystemTimeZoneById(id);
        var (begin, end) = (new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc), new DateTime(2028, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var minutes = BruteCron.Minutes(zone, begin, end);
        var times = expressions.Select(expression => new BruteCron(expression).Times(minutes).Where(time => time > begin).ToHashSet()).ToList();
        var expected = times
            .SelectMany((own, i) => own.Select(time => new DueJob((ScheduledJob)i, time)))
            .Where(job => job.Job is ScheduledJob.Full or ScheduledJob.Rotation || !times[(int)ScheduledJob.Full].Contains(job.Due))
            .OrderBy(job => job.Due).ThenBy(job => job.Job).ToList();

        var clock = new FakeTimeProvider(new DateTimeOffset(begin));
        var plan = new SchedulePlan(Jobs(expressions), zone, clock.GetUtcNow());
        var ran = new List<DueJob>();
        while (clock.GetUtcNow() < end.AddMinutes(-4))
        {
            var next = plan.Upcoming(clock.GetUtcNow())[0].Due - clock.GetUtcNow();
            clock.Advance(next < TimeSpan.FromMinutes(4) ? next : TimeSpan.FromMinutes(4));
            var news = plan.Look(clock.GetUtcNow());
            Assert.Empty(news.Missed);
            Assert.Empty(news.Merged);
            while (plan.TakeNext() is { } job)
            {
                Assert.Equal(clock.GetUtcNow(), job.Due);
                ran.Add(job);
            }
        }

        // 731 nights of rotation and of database or full; storage except where full is moved to the same minute.
        Assert.True(ran.Count > 1500, $"{ran.Count} runs");
        Assert.Equal(expected, ran);
    }

    [Fact]
    public void Jobs_due_together_run_as_database_storage_full_rotation()
    {
        var plan = Plan(["0 1 * * *", "0 1 * * *", null, "0 1 * * *"]);

        Assert.Equal([ScheduledJob.Database, ScheduledJob.Storage, ScheduledJob.Rotation], plan.Look(At("2026-11-23T01:00Z")).Queued.Select(job => job.Job));
        Assert.Equal("database 01:00, storage 01:00, rotation 01:00", Taken(plan));
    }

    [Fact]
    public void A_full_backup_covers_database_and_storage_of_its_minute()
    {
        var plan = Plan(["0 1 * * *", "0 1 * * *", "0 1 * * *", "0 1 * * *"]);

        Assert.Equal([ScheduledJob.Database, ScheduledJob.Storage], plan.Look(At("2026-11-23T01:00Z")).Covered.Select(job => job.Job));
        Assert.Equal("full 01:00, rotation 01:00", Taken(plan));
    }

    [Fact]
    public void One_of_the_minute_before_is_not_covered()
    {
        var plan = Plan(["59 0 * * *", null, "0 1 * * *", null]);

        Assert.Empty(plan.Look(At("2026-11-23T01:00Z")).Covered);
        Assert.Equal("database 00:59, full 01:00", Taken(plan));
    }

    [Fact]
    public void Who_waits_while_another_job_runs_misses_nothing()
    {
        var plan = Plan(["*/30 * * * *", null, "0 0 1 1 *", "5 1 * * *"]);
        for (var minute = 0; minute <= 240; minute++)
        {
            Assert.Empty(plan.Look(Start.AddMinutes(minute)).Missed);
        }

        Assert.Equal("database 00:30, rotation 01:05", Taken(plan));
    }

    [Fact]
    public void A_time_is_missed_when_nobody_looked_for_more_than_300_seconds()
    {
        var plan = Plan(["0 1 * * *", null, null, null]);
        plan.Look(At("2026-11-23T00:59Z"));
        Assert.Empty(plan.Look(At("2026-11-23T01:04:59Z")).Missed);
        Assert.Equal("database 01:00", Taken(plan));

        plan.Look(At("2026-11-24T00:59Z"));
        Assert.Equal([new MissedJob(ScheduledJob.Database, At("2026-11-24T01:00Z"), 1)], plan.Look(At("2026-11-24T01:05Z")).Missed);
        Assert.Empty(plan.Waiting);
    }

    [Fact]
    public void Several_times_are_one_run_of_the_last()
    {
        var plan = Plan(["* * * * *", null, null, null]);

        var news = plan.Look(At("2026-11-23T01:00:30Z"));

        Assert.Equal([new MissedJob(ScheduledJob.Database, Start.AddMinutes(1), 55)], news.Missed);
        Assert.Equal(4, news.Merged.Count);
        Assert.Equal("database 01:00", Taken(plan));
    }

    [Fact]
    public void Years_that_the_clock_jumps_over_are_not_counted_to_the_end()
    {
        var plan = Plan(["* * * * *", null, null, null]);

        Assert.Equal(MissedJob.Counted, Assert.Single(plan.Look(At("2066-01-01T00:00Z")).Missed).Count);
    }

    [Fact]
    public void What_was_due_before_the_start_is_not_made_up_for() => Assert.Empty(Plan(["0 0 * * *", null, null, null]).Look(Start.AddSeconds(20)).Queued);

    [Fact]
    public void A_clock_that_is_set_back_runs_nothing_twice()
    {
        var plan = Plan(["*/10 * * * *", null, null, null]);
        Assert.Equal("database 00:10", RunUntil(plan, "00:00", "00:15"));

        Assert.Equal(TimeSpan.FromMinutes(10), plan.Look(At("2026-11-23T00:05Z")).SetBack);
        Assert.Equal("", RunUntil(plan, "00:05", "00:15"));
        Assert.Equal("database 00:20", RunUntil(plan, "00:15", "00:25"));
    }

    [Fact]
    public void What_a_clock_jumped_over_by_mistake_runs_when_it_is_set_right()
    {
        var plan = Plan(["0 1 * * *", null, null, null]);
        plan.Look(At("2026-11-23T00:50Z"));
        Assert.Single(plan.Look(At("2027-11-23T00:50Z")).Missed);

        Assert.Equal("database 01:00", RunUntil(plan, "00:51", "01:02"));
        Assert.Equal(At("2026-11-24T01:00Z"), Assert.Single(plan.Upcoming(At("2026-11-23T01:02Z"))).Due);
    }

    [Fact]
    public void What_ran_already_is_not_the_next_time()
    {
        var plan = Plan(["0 1 * * *", null, null, null]);
        plan.Look(At("2026-11-23T01:00Z"));

        Assert.Equal(At("2026-11-24T01:00Z"), Assert.Single(plan.Upcoming(At("2026-11-23T00:30Z"))).Due);
    }

    /// <summary>
    /// Any clock, any schedule, jobs that take any time: each time of a job is queued, covered, merged or missed, as the rules
    /// say, and of the first three, once.
    /// </summary>
    [Fact]
    public void Whatever_the_clock_does_each_time_has_one_fate()
    {
        var step = Gen.Frequency(
            (6, Gen.Int[1, 60]), (3, Gen.Int[60, 600]), (1, Gen.Int[600, 100_000]), (1, Gen.Int[-600, -1]), (1, Gen.Int[-100_000, -600]));
        Gen.Select(Gen.OneOfConst([.. TimesOf.Keys]).Array[4], Gen.Select(step, Gen.Int[0, 3]).Array[1, 60])
            .Sample((schedule, steps) => FollowTheRules(schedule, steps), iter: 300);
    }

    private static void FollowTheRules(string[] schedule, (int Seconds, int Takes)[] steps)
    {
        var plan = Plan(schedule);
        var (now, before, taken, dealt) = (Start, Start, new HashSet<DueJob>(), new HashSet<DueJob>());
        foreach (var job in ScheduledJobs.All)
        {
            dealt.UnionWith(Between(job, Start - SchedulePlan.Grace, Start));
        }

        foreach (var (seconds, takes) in steps)
        {
            now = now.AddSeconds(seconds);
            var waited = plan.Waiting.Select(job => job.Job).ToHashSet();
            var news = plan.Look(now);
            foreach (var job in ScheduledJobs.All)
            {
                var due = Between(job, now - SchedulePlan.Grace, now).Except(dealt).ToList();
                Assert.Equal(due, news.Queued.Concat(news.Covered).Concat(news.Merged).Where(time => time.Job == job).OrderBy(time => time.Due));
                Assert.Equal(due.Count > 0 && !waited.Contains(job) ? 1 : 0, news.Queued.Concat(news.Covered).Count(time => time.Job == job));
                var late = Between(job, before, now - SchedulePlan.Grace).Except(dealt).Count();
                Assert.Equal(Math.Min(late, MissedJob.Counted), news.Missed.FirstOrDefault(time => time.Job == job)?.Count ?? 0);
            }

            var full = news.Queued.Concat(news.Merged).Where(job => job.Job == ScheduledJob.Full).Select(job => job.Due).ToHashSet();
            Assert.All(news.Covered, job => Assert.True(job.Job < ScheduledJob.Full && full.Contains(job.Due), $"{job} has no full backup"));
            Assert.All(news.Queued, job => Assert.False(job.Job < ScheduledJob.Full && full.Contains(job.Due), $"{job} has one"));
            Assert.Equal(plan.Waiting.OrderBy(job => job.Due).ThenBy(job => job.Job), plan.Waiting);
            dealt.UnionWith(news.Queued.Concat(news.Covered).Concat(news.Merged));
            before = now;
            for (var i = 0; i < takes && plan.TakeNext() is { } job; i++)
            {
                Assert.True(taken.Add(job), $"{job} ran twice");
            }
        }

        IEnumerable<DueJob> Between(ScheduledJob job, DateTimeOffset from, DateTimeOffset to)
        {
            var times = TimesOf[schedule[(int)job]];
            var first = times.BinarySearch(from);
            return times.Skip(first < 0 ? ~first : first + 1).TakeWhile(time => time <= to).Select(time => new DueJob(job, time));
        }
    }

    private static string RunUntil(SchedulePlan plan, string from, string to)
    {
        for (var now = At($"2026-11-23T{from}Z"); now <= At($"2026-11-23T{to}Z"); now = now.AddSeconds(10))
        {
            plan.Look(now);
        }

        return Taken(plan);
    }

    private static string Taken(SchedulePlan plan)
    {
        var all = new List<string>();
        while (plan.TakeNext() is { } job)
        {
            all.Add(string.Create(CultureInfo.InvariantCulture, $"{job.Job.Word()} {job.Due:HH:mm}"));
        }

        return string.Join(", ", all);
    }

    private static SchedulePlan Plan(string?[] expressions) => new(Jobs(expressions), TimeZoneInfo.Utc, Start);

    private static List<PlannedJob> Jobs(string?[] expressions) =>
    [
        .. expressions.Select((expression, i) => (expression, job: (ScheduledJob)i)).Where(pair => pair.expression is not null)
            .Select(pair => new PlannedJob(pair.job, CronTimes.TryRead(pair.expression!, out var times, out var problem) ? times : throw new ArgumentException(problem))),
    ];

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
