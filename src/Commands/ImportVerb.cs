using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Commands;

/// <summary>
/// <c>import</c>: makes snapshots of what the Python system left, oldest first. Each is an undertaking of its own: one that is
/// damaged is named and the others go on, and whoever repeats an import continues it.
/// </summary>
internal sealed class ImportVerb : IDisposable
{
    private const string Accept = "import --moved";

    private readonly Surroundings around;
    private readonly Settings settings;
    private readonly CreatePlan template;
    private readonly PythonNames names;
    private readonly bool dryRun;
    private readonly Dictionary<(string Name, long Bytes), string> imported;
    private ImportLock? held;
    private readonly HashSet<string> made = [];
    private int before;
    private int damaged;
    private int leftOut;
    private int ready;
    private long bytes;

    private ImportVerb(Surroundings around, Settings settings, bool dryRun)
    {
        (this.around, this.settings, this.dryRun) = (around, settings, dryRun);
        template = CreateVerb.Plan(settings, new CreateCommand(SnapshotType.Full, MaxBackups: null, NoRotate: true, Rescan: true, DryRun: false)) with { Signer = dryRun ? null : Signing.Signer(settings) };
        names = PythonLookup.SourceNames(settings);

        // Before looking at what is there already: of two who import at once, the other's would be imported twice.
        held = !dryRun && CreateImport.IsRepository(settings.BackupDir) ? ImportLock.Acquire(settings.BackupDir, around.Clock) : null;
        imported = CreateImport.Imported(settings.BackupDir, ThisSite.Of(settings));
    }

    public static ExitCode Run(Surroundings around, ImportCommand command)
    {
        var settings = around.LoadSettings();
        if (!command.DryRun)
        {
            StateDirectory.Make(around, settings.BackupDir);
        }

        around.BecomeOwner(settings.BackupDir);
        if (!Directory.Exists(settings.BackupDir))
        {
            throw new UserError(
                ExitCode.NoRepository, $"the backup directory {settings.BackupDir} does not exist", "is its disk mounted? Or name another place for the snapshots with --backup-dir");
        }

        var directory = command.Directory is { } given ? Path.GetFullPath(given) : settings.BackupDir;
        RequireDirectory(directory);
        var backups = PythonLookup.All(directory);
        if (backups.Count == 0)
        {
            throw new UserError(
                ExitCode.NoRepository, $"{directory} holds no backups of the Python system", "name the directory in which its database/, storage/ and full/ lie");
        }

        var watch = StateDirectory.Watch(around, settings.BackupDir, command.Moved, Accept);
        watch.RequireBackups(settings.BackupDir);
        RunLog.Begin(around, settings, "import");
        using var import = new ImportVerb(around, settings, command.DryRun);
        foreach (var backup in backups)
        {
            around.Stop.ThrowIfCancellationRequested();
            import.Take(backup);
        }

        var code = import.Conclude();
        if (import.made.Count + import.before > 0 && watch.Remember() is { } unremembered)
        {
            around.Screen.Log.Say(Severity.Detail, unremembered);
        }

        return code;
    }

    public void Dispose() => held?.Dispose();

    private static void RequireDirectory(string directory)
    {
        try
        {
            if (Posix.StatusOrNull(directory) is not { IsDirectory: true })
            {
                throw new UserError(
                    ExitCode.NoRepository, $"the directory {directory} does not exist", "name the one in which database/, storage/ and full/ of the Python system lie");
            }
        }
        catch (PosixError e)
        {
            throw UserError.Failed($"cannot look into {directory}: {e.Message}", "the owner of the backup directory, as whom root imports, must be able to read it", e);
        }
    }

    private void Take(PythonBackup backup)
    {
        if (imported.TryGetValue((backup.Name, backup.Bytes), out var id))
        {
            before++;
            around.Screen.Log.Say(Severity.Detail, $"{backup.Name} is snapshot {id} already");
            return;
        }

        if (backup.Problem is { } problem)
        {
            Refuse(backup, problem, isDamage: backup.Type != SnapshotType.Full);
            return;
        }

        foreach (var archive in backup.Archives)
        {
            foreach (var remark in archive.Remarks)
            {
                around.Screen.Log.Say(Severity.Warning, remark, archive.Name);
            }
        }

        var progress = around.NewProgress();
        var import = new CreateImport(template, names, around.Clock, progress, around.Stop);
        try
        {
            Import(backup, import, progress);
        }
        catch (DamageError e)
        {
            Refuse(backup, e.Message, isDamage: true);
            foreach (var half in backup.Archives.Where(archive => import.DamagedHalf is { } bad && archive != bad))
            {
                // What is left of a full backup.
                Take(PythonBackup.Of(half));
            }
        }
    }

    private void Import(PythonBackup backup, CreateImport import, RunProgress progress)
    {
        SnapshotHeader header;
        using (around.Screen.Progress(progress))
        {
            if (Check(import, backup) is not { } found)
            {
                return;
            }

            if (dryRun)
            {
                Foretell(import, backup, found);
                return;
            }

            held ??= ImportLock.Acquire(settings.BackupDir, around.Clock);
            if (import.FindMade(backup) is { } id)
            {
                before++;
                around.Screen.Log.Say(Severity.Detail, $"{backup.Name} is snapshot {id} already");
                return;
            }

            header = import.Run(held, backup, found);
        }

        made.Add(header.Id);
        bytes = Units.Add(bytes, header.StoredBytes);
        Report(backup, header);
    }

    /// <summary>Null if it cannot be read here without being converted, of which is told.</summary>
    private IReadOnlyList<PythonFindings>? Check(CreateImport import, PythonBackup backup)
    {
        try
        {
            return import.Check(backup);
        }
        catch (UserError e)
        {
            leftOut++;
            around.Screen.Log.Say(Severity.Error, $"left out: {e.Message}; {e.Hint}");
            return null;
        }
    }

    private void Refuse(PythonBackup backup, string reason, bool isDamage)
    {
        _ = isDamage ? damaged++ : leftOut++;
        around.Screen.Log.Say(Severity.Error, $"{backup.Name} is not imported: it {reason}");
    }

    private void Foretell(CreateImport import, PythonBackup backup, IReadOnlyList<PythonFindings> found)
    {
        ready++;
        var (files, content) = (Units.Sum(found.Select(one => one.Files)), Units.Sum(found.Select(one => one.Bytes)));
        bytes = Units.Add(bytes, content);
        var (missing, sentence) = import.Space(backup, found);
        if (around.Output.Json)
        {
            around.Output.Record("preview", json =>
            {
                json.WriteString("name", backup.Name);
                json.WriteString("type", backup.Type.Word());
                json.WriteString("made_at", PythonReports.MadeAt(around, backup));
                json.WriteNumber("files", files);
                json.WriteNumber("bytes", content);
                json.WriteNumber("missing_bytes", missing);
            });
        }
        else
        {
            around.Output.Line($"would import {backup.Name} as a {backup.Type.Word()} snapshot: {Units.Count(files, "file")}, {Units.Size(content)}");
        }

        if (missing > 0)
        {
            around.Screen.Log.Say(Severity.Warning, $"{Units.Size(missing)} are lacking: {sentence}");
        }
    }

    private void Report(PythonBackup backup, SnapshotHeader header)
    {
        if (around.Output.Json)
        {
            around.Output.Record("imported", json =>
            {
                json.WriteString("name", backup.Name);
                SnapshotJson.Write(json, header);
            });
        }
        else if (!around.Options.Quiet)
        {
            around.Output.Line($"{backup.Name} is now snapshot {header.Id}: {Units.Count(header.FileCount, "file")}, {Units.Size(header.Bytes)}; "
                + $"new {Units.Size(header.NewBytes)}, stored as {Units.Size(header.StoredBytes)}");
        }

        around.Output.Flush();
    }

    private ExitCode Conclude()
    {
        var code = damaged > 0 ? ExitCode.Failed : leftOut > 0 ? ExitCode.Partial : ExitCode.Done;
        RunLog.End(around, "import", $"{Units.Count(made.Count, "backup")} imported, {damaged} damaged, {leftOut} left out");
        if (around.Output.Json)
        {
            around.Output.Record("summary", json =>
            {
                json.WriteBoolean("dry_run", dryRun);
                json.WriteNumber("imported", made.Count);
                json.WriteNumber("to_import", ready);
                json.WriteNumber("imported_before", before);
                json.WriteNumber("damaged", damaged);
                json.WriteNumber("left_out", leftOut);
                json.WriteNumber(dryRun ? "bytes" : "stored_bytes", bytes);
            });
            return code;
        }

        if (!around.Options.Quiet || dryRun)
        {
            around.Output.Line((dryRun
                    ? $"would import {Units.Count(ready, "backup")}, {Units.Size(bytes)} of content, of which only what is new is stored"
                    : $"imported {Units.Count(made.Count, "backup")}, stored as {Units.Size(bytes)}")
                + $"; {before} imported before, {damaged} damaged, {leftOut} left out; the old files stay as they are");
        }

        WarnOfRotation();
        return code;
    }

    /// <summary>Nothing is rotated here; but the next backup will count these among the others.</summary>
    private void WarnOfRotation()
    {
        if (made.Count > 0 && CreateImport.DoomedBy(CreateVerb.Rules(settings), settings.BackupDir, made, ThisSite.Of(settings), around.Clock) is > 0 and var doomed)
        {
            around.Screen.Log.Say(
                Severity.Warning,
                $"nothing was rotated, but the next rotation removes {doomed} of these {made.Count}, which max_backups and keep do not cover; raise them first to keep more ('{CommandTable.Program} rotate --dry-run' shows which go)");
        }
    }
}
