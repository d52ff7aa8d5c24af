using System.Text.Json;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary><c>restore</c>: asks, brings a snapshot back, and says where what was there before is now.</summary>
internal static class RestoreVerb
{
    /// <summary>Says that the places are right on the disks where they are now.</summary>
    public const string Accept = "restore … --moved";

    private const int LeftAloneAsked = 5;
    private const int RefusalsNamed = 20;

    public static ExitCode Run(Surroundings around, RestoreCommand command)
    {
        if (command.From is not null)
        {
            return OffsiteRestoreVerb.Run(around, command);
        }

        if (PythonLookup.Find(around, command.Id, command.Type) is { } old)
        {
            return Run(around, command, RestoreDistrust.OfFiles(old.Archives.SelectMany(archive => archive.Files)), (plan, progress) => PythonLookup.Prepare(around, old, plan, progress));
        }

        var store = around.OpenSnapshots();
        // Where others can exchange a directory for a link, root leaves no lease.
        using var guard = ReaderGuard.ForReading(store.Layout, around.Clock, RepositoryExposure.Find(store.Layout.Root) is null ? "restore" : null);
        var snapshot = LatestLookup.Find(around, store, command.Id, command.Type, command.Only, command.Paths);
        LatestLookup.SayHost(around, snapshot);
        SigningWarnings.BeforeRestore(around, store, snapshot);
        try
        {
            var code = Run(around, command, RestoreDistrust.OfRepository(store.Layout.Root), (plan, progress) => new RestoreBackup(store, snapshot, plan, around.Clock, progress, around.Stop));
            return code == ExitCode.Failed && VanishedSnapshot.Find(store.Layout, [snapshot.Id]) is { } gone ? throw gone : code;
        }
        catch (UserError) when (VanishedSnapshot.Find(store.Layout, [snapshot.Id]) is { } gone)
        {
            // What the restore left, and how to end it, matters more.
            around.Screen.Log.Say(Severity.Warning, $"{gone.Message}; {gone.Hint}");
            throw;
        }
    }

    /// <param name="around">The outside world.</param>
    /// <param name="command">What was asked for.</param>
    /// <param name="distrust">Who could have put what gives rights into the backup; see <see cref="RestorePlan.Distrust"/>.</param>
    /// <param name="prepare">Says what to restore, as planned.</param>
    /// <param name="fetch">Brings what it needs, once all is settled; null if that is here.</param>
    public static ExitCode Run(
        Surroundings around, RestoreCommand command, Lazy<string?> distrust, Func<RestorePlan, RunProgress, RestoreBackup> prepare, Action<RestoreBackup>? fetch = null)
    {
        var plan = new RestorePlan
        {
            Only = command.Only,
            Paths = command.Paths,
            To = command.To is { } to ? Path.TrimEndingDirectorySeparator(Path.GetFullPath(to)) : null,
            Verify = !command.NoVerify,
            OnlyLook = command.DryRun,
            KeepGoing = command.KeepGoing,
            RenameUnfit = command.RenameUnfit,
            Damaged = command.Damaged,
            Distrust = command.KeepSpecial ? new((string?)null) : distrust,
            Places = ConfiguredNeighbours.Places(around, command),
            Neighbours = command.To is null ? ConfiguredNeighbours.Of(around) : RestoreNeighbours.None,
            Workers = Math.Clamp(System.Environment.ProcessorCount, 1, 4),
        };
        var progress = around.NewProgress();
        var restore = prepare(plan, progress);
        var what = restore.What;
        var strangers = restore.Strangers();
        foreach (var stranger in strangers)
        {
            around.Screen.Log.Say(Severity.Warning, stranger);
        }

        if (command.DryRun)
        {
            return Preview(around, restore, plan);
        }

        Ask(around, command, restore, strangers.Count > 0);

        RunLog.Begin(around, around.SettingsIfGood(quiet: true), $"restore {command.Id}");
        fetch?.Invoke(restore);
        var started = around.Clock.GetTimestamp();
        var result = Restore(around, restore, plan, progress);
        if (command is { Moved: true, AsInSnapshot: false } && Remember(around, plan) is { } unremembered)
        {
            around.Screen.Log.Say(Severity.Warning, unremembered);
        }

        Report(around, what, result, plan, around.Clock.GetElapsedTime(started));
        RunLog.End(around, $"restore {command.Id}", $"{Units.Count(result.Files, "file")} of {what.Title}, {Units.Count(result.Damaged.Count, "damaged file")}");
        return result.Outcome.Code();
    }

    private static RestoreResult Restore(Surroundings around, RestoreBackup restore, RestorePlan plan, RunProgress progress)
    {
        using var line = around.Screen.Progress(progress);
        using var alone = plan.To is null ? KeepRunsOut(around) : null;
        return restore.Run();
    }

    /// <summary>While a restore puts things in place, nothing is saved: it would be half of one and half of the other. Null where there is no repository here.</summary>
    public static RepositoryLock? KeepRunsOut(Surroundings around) => around.SettingsIfGood(quiet: true) is { } settings
        ? RepositoryLock.AcquireIfThere(new Layout(settings.BackupDir), "restore", around.Clock.GetUtcNow(), isExposed: !RepositoryExposure.TryHold(settings.BackupDir))
        : null;

    /// <summary>In place by the configuration, unless --yes is given; by the snapshot, for each place in any case; elsewhere, only who is to have the files.</summary>
    private static void Ask(Surroundings around, RestoreCommand command, RestoreBackup restore, bool hasStrangers)
    {
        if (command.AsInSnapshot)
        {
            SayWhatChanges(around, restore, command.Paths.Count > 0);
            foreach (var target in restore.Targets)
            {
                Confirm(around, $"Restore '{target.Source.Name}' to {target.Place}?", "--as-in-snapshot asks for each place, also with --yes; restore elsewhere with --to DIR, or name the places in a configuration");
            }
        }
        else if (command.To is null && !command.Yes)
        {
            SayWhatChanges(around, restore, command.Paths.Count > 0);
            Confirm(around, "Go on?", "add --yes to restore in place without asking, or --to DIR to restore elsewhere");
        }
        else if (hasStrangers && !command.Yes)
        {
            Confirm(around, "Go on?", "add --yes to let them have these files, or make the accounts first");
        }
    }

    private static void SayWhatChanges(Surroundings around, RestoreBackup restore, bool someFiles)
    {
        var age = Units.Age(around.Clock.GetUtcNow() - restore.What.MadeAt);
        var log = around.Screen.Log;
        log.Say(Severity.Warning, $"this puts {(someFiles ? "the chosen files of " : "")}{restore.What.Title} ({restore.What.Type.Word()}, {age}) in place:");
        foreach (var one in restore.Outlook(withSteps: false))
        {
            log.Say(Severity.Warning, one.How);
            foreach (var (path, reason) in one.LeftAlone.Take(LeftAloneAsked))
            {
                log.Say(Severity.Warning, $"  left alone: {path} ({reason})");
            }

            if (one.LeftAlone.Count > LeftAloneAsked)
            {
                log.Say(Severity.Warning, $"  and {one.LeftAlone.Count - LeftAloneAsked} more, which --dry-run names");
            }
        }
    }

    private static void Confirm(Surroundings around, string question, string otherwise)
    {
        switch (around.Screen.Question.Ask(question))
        {
            case Answer.CannotAsk:
                throw UserError.Usage("there is no terminal to ask for confirmation", otherwise);
            case Answer.No:
                throw UserError.Failed("not confirmed; nothing was changed");
        }
    }

    /// <summary>As the owner of the backups, who must be able to read it in the next run.</summary>
    private static string? Remember(Surroundings around, RestorePlan plan)
    {
        var backupDirectory = around.FindBackupDirectory();
        StateDirectory.Make(around, backupDirectory);
        using var acting = Accounts.ActAs(Surroundings.OwnerOf(backupDirectory));
        return plan.Places.Watch.Remember();
    }

    private static ExitCode Preview(Surroundings around, RestoreBackup restore, RestorePlan plan)
    {
        var output = around.Output;
        var (files, bytes) = restore.Count();
        var outlook = plan.To is null ? restore.Outlook(withSteps: true) : [];
        var refused = outlook.SelectMany(one => one.Refused).ToList();
        foreach (var refusal in refused.Take(RefusalsNamed))
        {
            around.Screen.Log.Say(Severity.Warning, $"{refusal.Message} ({refusal.Hint}): the restore is refused");
        }

        if (refused.Count > RefusalsNamed)
        {
            around.Screen.Log.Say(Severity.Warning, $"and for {Units.Count(refused.Count - RefusalsNamed, "more place")} as well");
        }

        if (output.Json)
        {
            output.Record("preview", json =>
            {
                json.WriteString("id", restore.What.Id);
                json.WriteNumber("files", files);
                json.WriteNumber("bytes", bytes);
                json.WriteItems("targets", outlook, WriteOutlook);
            });
            return ExitCode.Done;
        }

        output.Line($"would restore {Units.Count(files, "file")}, {Units.Size(bytes)}, of {restore.What.Title}:");
        output.Lines(plan.To is not null
            ? restore.Targets.Select(target => $"  {target.Source.Name} to {target.Target}")
            : outlook.SelectMany(one => Lines(one, plan.Paths.Count > 0)));
        return ExitCode.Done;
    }

    /// <summary>What changes places as a whole is one step, which the first line names.</summary>
    private static IEnumerable<string> Lines(RestoreOutlook outlook, bool someFiles)
    {
        var source = outlook.Target.Source;
        var by = someFiles || source.IsOneFile ? "" : $" ({Units.Count(source.Files, "file")}, {Units.Size(source.Bytes)})";
        return outlook.LeftAlone.Select(left => $"    left alone: {left.Path} ({left.Reason})")
            .Concat(outlook.Steps.Where(step => step.Path != outlook.Target.Place).Select(Line))
            .Prepend($"  {source.Name}{by}: {outlook.How}");
    }

    private static string Line(ForecastStep step) => step.Change switch
    {
        ForecastChange.Replaced => $"    replaced: {step.Path}, kept as {step.Other}",
        ForecastChange.TakenAway => $"    taken away: {step.Path}, kept as {step.Other}",
        ForecastChange.Added => $"    new: {step.Path}",
        ForecastChange.PutNextTo => $"    put next to {step.Path}: what the snapshot has there, as {step.Other}",
        _ => throw new NotSupportedException(step.Change.ToString()),
    };

    private static string Word(ForecastChange change) => change switch
    {
        ForecastChange.Replaced => "replaced",
        ForecastChange.TakenAway => "taken_away",
        ForecastChange.Added => "new",
        ForecastChange.PutNextTo => "put_next_to",
        _ => throw new NotSupportedException(change.ToString()),
    };

    private static void WriteOutlook(Utf8JsonWriter json, RestoreOutlook outlook)
    {
        json.WriteStartObject();
        json.WriteString("source", outlook.Target.Source.Name);
        json.WriteString("path", outlook.Target.Target);
        json.WriteString("place", outlook.Target.Place);
        json.WriteString("how", outlook.How);
        json.WriteItems("left_alone", outlook.LeftAlone, (writer, left) =>
        {
            writer.WriteStartObject();
            writer.WriteString("path", left.Path);
            writer.WriteString("reason", left.Reason);
            writer.WriteEndObject();
        });
        json.WriteItems("steps", outlook.Steps, (writer, step) =>
        {
            writer.WriteStartObject();
            writer.WriteString("change", Word(step.Change));
            writer.WriteString("path", step.Path);
            writer.WriteString("other", step.Other);
            writer.WriteEndObject();
        });
        json.WriteEndObject();
    }

    private static void Report(Surroundings around, IRestorable what, RestoreResult result, RestorePlan plan, TimeSpan took)
    {
        var output = around.Output;
        SayNotSaved(around.Screen.Log, result, isInPlace: plan.To is null);
        SayNotInPlace(around.Screen.Log, result);
        if (output.Json)
        {
            ReportJson(output, what, result);
            return;
        }

        if (!around.Options.Quiet)
        {
            output.Line($"restored {Units.Count(result.Files, "file")}{(result.Symlinks > 0 ? $" and {Units.Count(result.Symlinks, "symlink")}" : "")}, {Units.Size(result.Bytes)}, of {what.Title} in {Units.Duration(took)}"
                + (plan.To is { } to ? $" into {to}" : "") + (plan.Verify ? "" : ", unchecked"));
            output.Lines(result.KeptAside.Select(path => $"what was there before is kept as {path}"));
            if (result.KeptAside.Count > 0)
            {
                output.Line("delete it when all is well");
            }
        }

        if (result.Damaged.Count > 0)
        {
            around.Screen.Log.Say(Severity.Error, $"{Units.Count(result.Damaged.Count, "file")} could not be restored; another snapshot may have them whole");
        }
    }

    private static void SayNotSaved(Log log, RestoreResult result, bool isInPlace)
    {
        foreach (var one in result.NotSaved.Take(WarningSummary.Kept))
        {
            log.Say(Severity.Warning, one.Reason, one.Path);
        }

        if (result.NotSaved.Count > 0)
        {
            log.Say(
                Severity.Warning,
                $"{Units.Count(result.NotSaved.Count, "path")} could not be restored: the snapshot does not hold {(result.NotSaved.Count == 1 ? "it" : "them")}; "
                    + (isInPlace ? "what is there now was left as it is; " : "") + "an older snapshot may have more");
        }
    }

    private static void SayNotInPlace(Log log, RestoreResult result)
    {
        foreach (var one in result.NotInPlace.Take(WarningSummary.Kept))
        {
            log.Say(Severity.Warning, one.Reason, one.Path);
        }

        if (result.NotInPlace.Count > WarningSummary.Kept)
        {
            log.Say(Severity.Warning, $"so it is with {result.NotInPlace.Count - WarningSummary.Kept} more; --json names all");
        }
    }

    private static void ReportJson(Output output, IRestorable what, RestoreResult result) => output.Record("restored", json =>
    {
        json.WriteString("id", what.Id);
        json.WriteNumber("files", result.Files);
        json.WriteNumber("symlinks", result.Symlinks);
        json.WriteNumber("bytes", result.Bytes);
        json.WriteStartArray("kept_aside");
        foreach (var path in result.KeptAside)
        {
            json.WriteStringValue(path);
        }

        json.WriteEndArray();
        json.WriteNumber("files_without_attributes", result.Losses.Count(RestoreLoss.Attributes));
        json.WriteNumber("files_without_owner", result.Losses.Count(RestoreLoss.Owner));
        json.WriteNumber("files_without_mode", result.Losses.Count(RestoreLoss.Mode));
        json.WriteNumber("files_without_time", result.Losses.Count(RestoreLoss.Time));
        json.WriteNumber("hard_links_copied", result.Losses.Count(RestoreLoss.HardLink));
        json.WriteNumber("files_without_set_id", result.Losses.SetIds);
        json.WriteNumber("files_without_capabilities", result.Losses.Capabilities);
        json.WriteNumber("symlinks_not_made", result.Losses.Symlinks);
        json.WriteNumber("special_files_not_made", result.Losses.SpecialFiles);
        json.WriteItems("damaged", result.Damaged, WriteWarning);
        json.WriteItems("not_written", result.Losses.NotWritten, WriteWarning);
        json.WriteItems("renamed", [.. result.Losses.Renamed.All], (writer, one) =>
        {
            writer.WriteStartObject();
            writer.WriteString("path", one.Path);
            writer.WriteString("now", one.Now);
            writer.WriteEndObject();
        });
        json.WriteItems("not_saved", [.. result.SourcesNotRestored, .. result.NotSaved], WriteWarning);
        json.WriteItems("not_in_place", result.NotInPlace, WriteWarning);
    });

    private static void WriteWarning(Utf8JsonWriter json, PathWarning warning)
    {
        json.WriteStartObject();
        json.WriteString("path", warning.Path);
        json.WriteString("reason", warning.Reason);
        json.WriteEndObject();
    }
}
