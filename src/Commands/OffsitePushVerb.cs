using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary><c>offsite push</c>: copies what is new to the second place; also what follows a run of <c>create</c>.</summary>
internal static class OffsitePushVerb
{
    private const string Command = $"{CommandTable.Program} offsite push";

    public const string Accept = "offsite push --moved";

    public static ExitCode Run(Surroundings around, OffsitePushCommand command)
    {
        var backupDirectory = around.FindBackupDirectory();
        var offsite = around.FindOffsite(command.Place);
        if (command.DryRun)
        {
            var known = around.SettingsIfGood(quiet: true);
            around.BecomeOwner(backupDirectory);
            return Push(around, offsite, known, backupDirectory, dryRun: true, command.Moved, around.NewProgress()).Code;
        }

        // Before becoming another, who may not read it.
        var settings = around.SettingsIfGood();
        StateDirectory.Make(around, backupDirectory);
        around.BecomeOwner(backupDirectory);
        return Attendance.Run(around, RunJob.OffsitePush, backupDirectory, progress => Push(around, offsite, settings, backupDirectory, dryRun: false, command.Moved, progress), settings);
    }

    /// <summary>Whatever becomes of it: the snapshot is saved, and that is the result of the run.</summary>
    /// <param name="around">What the run has around it.</param>
    /// <param name="settings">With a second place.</param>
    /// <param name="acceptMoved">The user said that all places are right where they are now.</param>
    public static void AfterCreate(Surroundings around, Settings settings, bool acceptMoved)
    {
        try
        {
            _ = Attendance.Run(
                around, RunJob.OffsitePush, settings.BackupDir, progress => Push(around, settings.Offsite!, settings, settings.BackupDir, dryRun: false, acceptMoved, progress), settings);
        }
        catch (UserError e)
        {
            around.Screen.Log.Say(Severity.Warning, $"the snapshot is saved here, but not in the second place: {e.Message}{(e.Hint is null ? "" : $"; {e.Hint}")}");
        }
        catch (OperationCanceledException) when (around.Stop.IsCancellationRequested)
        {
            around.Screen.Log.Say(Severity.Warning, $"the snapshot is saved here; copying it to the second place was stopped, and goes on with the next run or with '{Command}'");
        }
#pragma warning disable CA1031 // Whatever it is, the snapshot is saved.
        catch (Exception e)
#pragma warning restore CA1031
        {
            around.Screen.Log.Say(
                Severity.Warning, $"the snapshot is saved here, but not in the second place: {UserError.FromSystem(e)?.Message ?? $"internal error, please report it: {e}"}");
        }
    }

    private static RunEnd Push(Surroundings around, OffsiteSetting setting, Settings? settings, string backupDirectory, bool dryRun, bool acceptMoved, RunProgress progress)
    {
        var store = new SnapshotStore(around.OpenRepository(backupDirectory));
        var watch = StateDirectory.Watch(around, backupDirectory, acceptMoved, Accept);
        var directories = setting.FindDirectories();
        watch.RequireCopies(directories);
        OffsiteSession.RefuseBackups(backupDirectory, directories);
        directories.ToList().ForEach(RepositoryExposure.RefuseSecondPlace);
        using var held = CopyLock.Acquire(store.Layout, around.Clock.GetUtcNow());
        using var guard = ReaderGuard.ForReading(store.Layout, around.Clock, "offsite push");
        var plan = new OffsitePlan(OffsiteSession.Rules(setting), settings is null ? null : ThisSite.Of(settings), dryRun)
        {
            Host = System.Environment.MachineName,
            Machine = MachineIdentity.Read(),
            Signer = settings is null ? null : Signing.Signer(settings),
        };
        OffsitePushResult result;
        using (around.Screen.Progress(progress))
        {
            using var session = OffsiteSession.Open(around, setting, OffsiteSession.LargeScratch(backupDirectory), progress, backupDirectory: null);
            result = OffsitePush.Run(held, store, session.Snapshots, plan, around.Clock, progress, around.Stop);
        }

        if (!dryRun && watch.Remember() is { } unremembered)
        {
            progress.Say(Severity.Detail, unremembered);
        }

        Report(around, setting, result, dryRun);
        foreach (var bad in result.Bad)
        {
            progress.Say(Severity.Error, $"snapshot {bad.Id} was not copied: {bad.Reason}");
        }

        foreach (var one in result.Tampering)
        {
            progress.Say(Severity.Error, $"{one.Thing} {one.Reason}");
        }

        return new RunEnd(result.Bad.Count + result.Tampering.Count > 0 ? ExitCode.Failed : ExitCode.Done, run => run with
        {
            Snapshot = result.Newest?.Id.ToString(),
            Files = result.Files,
            StoredBytes = result.Bytes,
            Error = result.Bad.Count > 0 ? $"{Units.Count(result.Bad.Count, "snapshot")} could not be copied: {result.Bad[0].Id}: {result.Bad[0].Reason}"
                : result.Tampering.Count > 0 ? $"somebody else changed {setting.Remote}: {result.Tampering[0].Thing} {result.Tampering[0].Reason}"
                : null,
            Hint = result.Bad.Count > 0 ? $"see what is damaged here: {CommandTable.Program} verify"
                : result.Tampering.Count > 0 ? "find out who can delete there; the list of what is there was signed again, so the next copy does not repeat this"
                : null,
        });
    }

    private static void Report(Surroundings around, OffsiteSetting setting, OffsitePushResult result, bool dryRun)
    {
        var output = around.Output;
        if (output.Json)
        {
            output.Record("offsite_push", json =>
            {
                json.WriteString("remote", setting.Remote);
                json.WriteBoolean("dry_run", dryRun);
                json.WriteNumber("snapshots", result.Snapshots);
                json.WriteNumber("files", result.Files);
                json.WriteNumber("bytes", result.Bytes);
                json.WriteString("newest", result.Newest?.Id.ToString());
                json.WriteNumber("not_copied", result.Bad.Count);
                json.WriteStartArray("removed");
                foreach (var gone in result.Removed)
                {
                    json.WriteStringValue(gone.Item.Id.ToString());
                }

                json.WriteEndArray();
                json.WriteNumber("freed_bytes", result.FreedBytes);
            });
            return;
        }

        if (around.Options.Quiet && !dryRun)
        {
            return;
        }

        var what = $"{Units.Count(result.Snapshots, "new snapshot")}, {Units.Count(result.Files, "file")}, {Units.Size(result.Bytes)}";
        output.Line(dryRun ? $"would copy {what} to {setting.Remote}"
            : result.Files == 0 ? $"{setting.Remote} has everything already"
            : $"copied {what} to {setting.Remote}");
        foreach (var gone in result.Removed)
        {
            output.Line($"{gone.Item.Id}  {gone.Item.Type.Word(),-8}  {(dryRun ? "would be removed there" : "removed there")}");
        }

        if (result.FreedBytes > 0)
        {
            output.Line($"freed {Units.Size(result.FreedBytes)} there");
        }
    }
}
