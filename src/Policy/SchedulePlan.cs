using VertexAr.Backup.Model;

namespace VertexAr.Backup.Policy;

/// <summary>A job and its times.</summary>
internal sealed record PlannedJob(ScheduledJob Job, CronTimes Times);

/// <summary>A job at one of its times.</summary>
internal sealed record DueJob(ScheduledJob Job, DateTimeOffset Due);

/// <summary>Times of one job that nobody was there to see. <paramref name="Count"/> is never more than <see cref="Counted"/>.</summary>
internal sealed record MissedJob(ScheduledJob Job, DateTimeOffset First, int Count)
{
    public const int Counted = 1000;
}

/// <summary>What a look at the clock brought.</summary>
/// <param name="Queued">Jobs that now wait for their turn.</param>
/// <param name="Covered">Databases and storage that the full backup of the same minute saves.</param>
/// <param name="Merged">Times of jobs that one run serves, with that of another time.</param>
/// <param name="Missed">Times that passed too long ago.</param>
/// <param name="SetBack">By how much the clock was set back; zero if it was not.</param>
internal sealed record ScheduleNews(
    IReadOnlyList<DueJob> Queued,
    IReadOnlyList<DueJob> Covered,
    IReadOnlyList<DueJob> Merged,
    IReadOnlyList<MissedJob> Missed,
    TimeSpan SetBack);

/// <summary>
/// Which jobs are to run, and in which order. Whoever runs them looks here at short intervals, also while one of them runs: a
/// time is missed if no look came within <see cref="Grace"/> of it, as on a machine that was suspended. A job that waits while
/// another runs misses nothing.
/// <para>
/// The clock may jump. The stretches of time that were dealt with are known, so that no time comes twice for a clock that is set
/// back, while those that it jumped over come when it gets there again.
/// </para>
/// </summary>
internal sealed class SchedulePlan
{
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(300);

    private readonly IReadOnlyList<PlannedJob> jobs;
    private readonly TimeZoneInfo zone;
    private readonly TimeSpans dealtWith = new();
    private readonly List<DueJob> waiting = [];
    private DateTimeOffset seen;

    /// <summary>What was due before <paramref name="start"/> is not this plan's.</summary>
    public SchedulePlan(IReadOnlyList<PlannedJob> jobs, TimeZoneInfo zone, DateTimeOffset start)
    {
        (this.jobs, this.zone, seen) = (jobs, zone, start);
        dealtWith.Add(start - Grace, start);
    }

    /// <summary>In the order in which they will run.</summary>
    public IReadOnlyList<DueJob> Waiting => waiting;

    public ScheduleNews Look(DateTimeOffset now)
    {
        var setBack = now < seen ? seen - now : TimeSpan.Zero;
        var missed = jobs.Select(job => Missed(job, now)).OfType<MissedJob>().ToList();
        var due = jobs.SelectMany(job => Times(job, now - Grace, now)).ToList();
        dealtWith.Add(now - Grace, now);
        seen = now;

        var merged = new List<DueJob>();
        var latest = due.GroupBy(time => time.Job).Select(times => Latest(times, merged)).OfType<DueJob>().ToList();
        var covered = latest.Where(time => IsCovered(time, due)).ToList();
        var queued = latest.Except(covered).Order(Turn).ToList();
        waiting.AddRange(queued);
        waiting.Sort(Turn);
        return new ScheduleNews(queued, covered, merged, missed, setBack);
    }

    /// <summary>The job whose turn it is, which then waits no longer; null if none does.</summary>
    public DueJob? TakeNext()
    {
        if (waiting is not [var first, ..])
        {
            return null;
        }

        waiting.RemoveAt(0);
        return first;
    }

    /// <summary>The next time of each job that has one, in the order in which they will run. A time that is covered is in it too.</summary>
    public IReadOnlyList<DueJob> Upcoming(DateTimeOffset now) =>
        [.. jobs.Select(job => Times(job, now, DateTimeOffset.MaxValue).FirstOrDefault()).OfType<DueJob>().Order(Turn)];

    /// <summary>Whether a full backup of the same minute saves what this would.</summary>
    public static bool IsCovered(DueJob job, IEnumerable<DueJob> all) =>
        job.Job is ScheduledJob.Database or ScheduledJob.Storage && all.Contains(job with { Job = ScheduledJob.Full });

    private static readonly Comparer<DueJob> Turn = Comparer<DueJob>.Create((a, b) => (a.Due, a.Job).CompareTo((b.Due, b.Job)));

    /// <summary>Several times of a job are one run, of the last of them; if it waits already, none.</summary>
    private DueJob? Latest(IEnumerable<DueJob> times, List<DueJob> merged)
    {
        var all = times.ToList();
        var last = waiting.Exists(other => other.Job == all[0].Job) ? null : all[^1];
        merged.AddRange(last is null ? all : all[..^1]);
        return last;
    }

    private MissedJob? Missed(PlannedJob job, DateTimeOffset now)
    {
        var times = Times(job, seen, now - Grace).Take(MissedJob.Counted).ToList();
        return times.Count == 0 ? null : new MissedJob(job.Job, times[0].Due, times.Count);
    }

    /// <summary>The times after one instant and up to another, but for those that were dealt with.</summary>
    private IEnumerable<DueJob> Times(PlannedJob job, DateTimeOffset from, DateTimeOffset to)
    {
        while (from < to && job.Times.After(from, zone) is { } time && time <= to)
        {
            var end = dealtWith.EndOf(time);
            if (end is null)
            {
                yield return new DueJob(job.Job, time);
            }

            from = end ?? time;
        }
    }
}
