using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary><c>rotate</c>: removes what retention does not keep, and says what that freed.</summary>
internal static class RotateVerb
{
    public static ExitCode Run(Surroundings around, RotateCommand command)
    {
        var settings = around.LoadSettings(command.MaxBackups);
        around.BecomeOwner(settings.BackupDir);
        var configured = CreateVerb.Rules(settings);
        var rules = configured with
        {
            Daily = command.KeepDaily ?? configured.Daily,
            Weekly = command.KeepWeekly ?? configured.Weekly,
            Monthly = command.KeepMonthly ?? configured.Monthly,
            Yearly = command.KeepYearly ?? configured.Yearly,
        };
        return command.DryRun
            ? Rotate(around, rules, settings, dryRun: true, around.NewProgress()).Code
            : Attendance.Run(around, RunJob.Rotate, settings.BackupDir, progress => Rotate(around, rules, settings, dryRun: false, progress), settings);
    }

    private static void RequireRestored(Settings settings)
    {
        if (RestoreRestVerb.HalfRestored(settings) is [var half, ..])
        {
            throw UserError.Failed($"nothing was rotated, since {half.Path} is half restored and an older snapshot may be all that is intact: {half.Reason}");
        }
    }

    private static RunEnd Rotate(Surroundings around, RetentionRules rules, Settings settings, bool dryRun, RunProgress progress)
    {
        var layout = around.OpenRepository(settings.BackupDir);
        try
        {
            // A restore that is at work holds this as well.
            using var held = RepositoryLock.Acquire(layout, "rotate", around.Clock.GetUtcNow());
            RequireRestored(settings);
            var result = RotateBackups.Run(held, rules, ThisSite.Of(settings), dryRun, around.Clock, progress, dryRun ? null : Signing.Signer(settings));
            foreach (var damaged in result.Damaged)
            {
                progress.Say(Severity.Warning, $"snapshot {damaged.Id} is damaged: its header {damaged.Reason}; it counts for nothing and stays");
            }

            SayOthers(result, progress);
            Report(around, result, dryRun, evenIfNothing: result.Held.Count == 0);
            if (result.Held.Count > 0)
            {
                return Hold(layout, result.Held, progress);
            }

            return result.Postponed
                ? new RunEnd(ExitCode.Locked, report => report with { Error = "a restore or verify is reading the snapshots", Hint = "it is done by the next run" })
                : new RunEnd(ExitCode.Done);
        }
        catch (PosixError e)
        {
            throw Repository.NotWritable(layout.Root, e);
        }
    }

    private static void SayOthers(RotateResult result, RunProgress progress)
    {
        var others = result.Decisions.Select(decision => decision.Item.OtherHost).OfType<string>().ToList();
        if (others.Count > 0)
        {
            progress.Say(
                Severity.Information,
                $"{Units.Count(others.Count, "snapshot")} of another site ({string.Join(", ", others.Distinct())}) {(others.Count == 1 ? "stays" : "stay")}: only the runs of that site remove them");
        }
    }

    /// <summary>A step that was left out shows in the exit code.</summary>
    private static RunEnd Hold(Layout layout, IReadOnlyList<HeldSource> held, RunProgress progress)
    {
        var store = new SnapshotStore(layout);
        var lost = LostContent.Of(held, held.Select(one => store.Read(one.Snapshot).Header).DistinctBy(header => header.Id));
        foreach (var sentence in lost)
        {
            progress.Say(Severity.Warning, $"rotation is held, and nothing was removed: {sentence}; {LostContent.Advice}");
        }

        return new RunEnd(ExitCode.Partial, report => LostContent.Report(report, lost));
    }

    public static void Report(Surroundings around, RotateResult result, bool dryRun, bool evenIfNothing)
    {
        var output = around.Output;
        if (output.Json)
        {
            ReportJson(output, result, dryRun);
            return;
        }

        if (around.Options.Quiet && !dryRun)
        {
            return;
        }

        foreach (var decision in result.Decisions.Where(d => dryRun || (!d.Keep && !result.Postponed)))
        {
            var why = decision.Keep ? $"keep    {string.Join(", ", decision.Reasons)}" : "remove  no rule keeps it";
            output.Line($"{decision.Item.Id}  {decision.Item.Type.Word(),-8}  {(dryRun ? why : "removed")}");
        }

        var removed = result.Decisions.Count(d => !d.Keep);
        if (!dryRun && !result.Postponed && (removed > 0 || result.FreedBytes > 0 || evenIfNothing))
        {
            output.Line($"removed {Units.Count(removed, "snapshot")}, freed {Units.Size(result.FreedBytes)}");
        }
    }

    private static void ReportJson(Output output, RotateResult result, bool dryRun) => output.Record("rotation", json =>
    {
        json.WriteBoolean("dry_run", dryRun);
        json.WriteBoolean("postponed", result.Postponed);
        json.WriteNumber("freed_bytes", result.FreedBytes);
        json.WriteStartArray("snapshots");
        foreach (var decision in result.Decisions)
        {
            json.WriteStartObject();
            json.WriteString("id", decision.Item.Id.ToString());
            json.WriteString("type", decision.Item.Type.Word());
            json.WriteBoolean("keep", decision.Keep);
            json.WriteStartArray("reasons");
            foreach (var reason in decision.Reasons)
            {
                json.WriteStringValue(reason);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    });
}
