using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>From the schedule as it is configured to one that can be followed.</summary>
internal static class ScheduleReading
{
    /// <summary>The enabled jobs.</summary>
    /// <exception cref="UserError">Exit code 2: what is wrong with which expression, one line each; or nothing is enabled.</exception>
    public static IReadOnlyList<PlannedJob> Read(Settings settings, TimeProvider clock)
    {
        var jobs = Check(settings, clock);
        return jobs.Count > 0
            ? jobs
            : throw UserError.Usage(
                "the schedule is empty: every job is switched off",
                $"give one a time, as \"schedule\": {{ \"{ScheduledJob.Full.Word()}\": \"0 3 * * *\" }} in the configuration, or BACKUP_FULL_ENABLED=true in the environment");
    }

    /// <summary>The same, where it may well be that nothing is enabled.</summary>
    public static IReadOnlyList<PlannedJob> Check(Settings settings, TimeProvider clock)
    {
        var (jobs, mistakes) = (new List<PlannedJob>(), new List<string>());
        foreach (var setting in settings.Schedule.Where(setting => setting.Enabled))
        {
            var what = $"{setting.Origin}: 'schedule.{setting.Job.Word()}' is {SettingsErrors.Quote(setting.Expression)}, ";
            if (!CronTimes.TryRead(setting.Expression, out var times, out var problem))
            {
                mistakes.Add($"{what}which is no cron expression: {problem}");
            }
            else if (times.After(clock.GetUtcNow(), clock.LocalTimeZone) is null)
            {
                mistakes.Add($"{what}which never comes");
            }
            else
            {
                jobs.Add(new PlannedJob(setting.Job, times));
            }
        }

        return mistakes.Count == 0 ? jobs : throw UserError.Usage(string.Join('\n', mistakes));
    }

    /// <summary>Where a zone is named that the machine does not know, times are silently those of UTC: that is said.</summary>
    public static void CheckZone(Surroundings around)
    {
        const string mend = "times are those of UTC; install the package tzdata, or name another zone";
        if (around.Environment("TZ") is { } named)
        {
            var id = named.TrimStart(':');
            if (id.Length > 0 && !id.StartsWith('/') && !TimeZoneInfo.TryFindSystemTimeZoneById(id, out _))
            {
                around.Screen.Log.Say(Severity.Warning, $"environment TZ is {SettingsErrors.Quote(named)}, a time zone that this machine does not know: {mend}");
            }
        }
        else if (new FileInfo("/etc/localtime").LinkTarget is { } target && !File.Exists(Path.Combine("/etc", target)))
        {
            around.Screen.Log.Say(Severity.Warning, $"/etc/localtime names {SettingsErrors.Quote(target)}, a time zone that this machine does not know: {mend}");
        }
    }
}
