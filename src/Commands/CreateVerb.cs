using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Commands;

/// <summary><c>create</c>: takes a snapshot, then rotates.</summary>
internal static class CreateVerb
{
    public static ExitCode Run(Surroundings around, CreateCommand command)
    {
        var settings = around.LoadSettings(command.MaxBackups);
        StateDirectory.Make(around, settings.BackupDir);
        around.BecomeOwner(settings.BackupDir);
        ExcludeReach.Check(settings);
        var plan = Plan(settings, command);
        if (command.DryRun)
        {
            return Preview(around, plan with { Watch = Watch(), HalfRestored = HalfRestored });
        }

        var isSaved = false;
        var code = Attendance.Run(
            around,
            RunJob.Create(command.Type),
            settings.BackupDir,
            progress =>
            {
                var end = Take(around, plan with { HalfRestored = HalfRestored, Signer = Signing.Signer(settings), Watch = Watch() }, progress);
                isSaved = true;
                return end;
            },
            settings);
        if (settings.Offsite is { PushAfterCreate: true } && !command.NoOffsite && isSaved)
        {
            OffsitePushVerb.AfterCreate(around, settings, command.Moved);
        }

        return code;

        IReadOnlyList<PathWarning> HalfRestored() => RestoreRestVerb.HalfRestored(settings);

        PlaceWatch Watch() => StateDirectory.Watch(around, settings.BackupDir, command.Moved);
    }

    internal static RetentionRules Rules(Settings settings) =>
        new(settings.MaxBackups, settings.Keep.Daily, settings.Keep.Weekly, settings.Keep.Monthly, settings.Keep.Yearly);

    private static ExitCode Preview(Surroundings around, CreatePlan plan)
    {
        var progress = around.NewProgress();
        Preview preview;
        using (around.Screen.Progress(progress))
        {
            preview = CreatePreview.Run(plan, around.Clock, progress, around.Stop);
        }

        Report(around.Output, preview);
        return preview.Code;
    }

    private static RunEnd Take(Surroundings around, CreatePlan plan, RunProgress progress)
    {
        CreateResult result;
        using (around.Screen.Progress(progress))
        {
            result = CreateBackup.Run(plan, around.Clock, progress, around.Stop);
        }

        Report(around, result.Header);
        if (result.Rotation is { } rotation)
        {
            RotateVerb.Report(around, rotation, dryRun: false, evenIfNothing: false);
        }

        return new RunEnd(
            Code(result),
            report => Explained(report, result) with
            {
                Error = Array.Find(result.Header.Sources, source => source.State == SourceState.Damaged)?.Reason ?? (result.Damages.Count > 0 ? result.Damages[0] : null),
                Snapshot = result.Header.Id,
                Files = result.Header.FileCount,
                Bytes = result.Header.Bytes,
                NewBytes = result.Header.NewBytes,
                StoredBytes = result.Header.StoredBytes,
                Warnings = Math.Max(report.Warnings, result.Header.Warnings.Count),
            });
    }

    /// <summary>What is wrong besides what could not be read.</summary>
    private static RunReport Explained(RunReport report, CreateResult result) => result.Damages.Count > 0
        ? report with { Hint = $"see which snapshots are hit: {CommandTable.Program} verify" }
        : LostContent.Report(report, result.Header.State == SnapshotState.Complete ? LostContent.Of(result.Header) : []);

    /// <summary>A damaged database is a failure, whatever else was saved. Damage in earlier snapshots is no fault of this one, but is not passed over either.</summary>
    private static ExitCode Code(CreateResult result) =>
        result.Header.IsDamaged ? ExitCode.Failed
        : result.Header.State == SnapshotState.Partial || result.Header.IsMarked || result.Damages.Count > 0 ? ExitCode.Partial
        : ExitCode.Done;

    internal static CreatePlan Plan(Settings settings, CreateCommand command) => new()
    {
        BackupDirectory = settings.BackupDir,
        SecondPlaces = settings.SecondPlaces,
        Type = command.Type,
        Databases = [.. settings.Databases.Select(d => new DatabaseOptions(d.Name, d.Path, TimeSpan.FromSeconds(settings.LockTimeoutSeconds)))],
        Trees = [.. settings.Storage.Select(s => new TreeOptions(s.Name, s.Path, s.Exclude, s.OneFileSystem))],
        PackBytes = (long)settings.PackSizeMb << 20,
        CompressionLevel = Level(settings.Compression),
        MinFreeBytes = (long)settings.MinFreeMb << 20,
        Workers = settings.Workers,
        Rescans = new RescanShare(settings.RescanDays),
        ReadBytesPerSecond = (long?)settings.LimitMbPerS << 20,
        Rescan = command.Rescan,
        References =
        [
            .. settings.References.Select(r => new ReferenceQuery(r.Database, r.Sql, r.Storage, r.StripPrefix, r.AddPrefix)),
        ],
        QueryLimits = new SqliteQueryLimits(TimeSpan.FromSeconds(settings.QueryTimeoutSeconds)),
        Retention = command.NoRotate ? null : Rules(settings),
        AcceptShrink = command.AcceptShrink,
        ShrinkLimits = settings.ShrinkLimits,
        Site = ThisSite.Of(settings),
        Tool = $"{CommandTable.Program} {VersionVerb.Version}",
    };

    private static int Level(Compression compression) => compression switch
    {
        Compression.None => 0,
        Compression.Fast => 1,
        Compression.Best => 9,
        // Level 4 takes a sixth more time, and saves nothing of a database and a hundredth of text.
        _ => 3,
    };

    private static void Report(Surroundings around, SnapshotHeader header)
    {
        var output = around.Output;
        if (output.Json)
        {
            output.Record("summary", json => SnapshotJson.Write(json, header));
            return;
        }

        if (!around.Options.Quiet)
        {
            output.Line($"snapshot {header.Id} saved{(header.State == SnapshotState.Partial ? " as partial" : "")}{(header.IsMarked ? ", marked," : "")} in {Units.Duration(header.FinishedAt - header.StartedAt)}: "
                + $"{Units.Count(header.FileCount, "file")}, {Units.Size(header.Bytes)}; new {Units.Size(header.NewBytes)}, stored as {Units.Size(header.StoredBytes)}");
        }

        if (header.Warnings.Count > 0)
        {
            around.Screen.Log.Say(
                Severity.Warning,
                $"{Units.Count(header.Warnings.Count, "warning")}; '{CommandTable.Program} show {header.Id}' repeats them");
        }
    }

    private static void Report(Output output, Preview preview)
    {
        if (output.Json)
        {
            output.Record("preview", json =>
            {
                json.WriteNumber("files", preview.Files);
                json.WriteNumber("bytes", preview.Bytes);
                json.WriteNumber("files_to_read", preview.FilesToRead);
                json.WriteNumber("bytes_to_read", preview.BytesToRead);
            });
            return;
        }

        output.Line($"would save {Units.Count(preview.Files, "file")}, {Units.Size(preview.Bytes)}; "
            + $"to read {Units.Count(preview.FilesToRead, "file")}, {Units.Size(preview.BytesToRead)}; nothing was stored");
    }
}
