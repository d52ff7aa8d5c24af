using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary><c>verify</c>: says whether snapshots can be restored, and if not, what is hit and what to do.</summary>
internal static class VerifyVerb
{
    public static ExitCode Run(Surroundings around, VerifyCommand command)
    {
        if (command.Id is { } id && PythonLookup.Find(around, id) is { } old)
        {
            return PythonReports.Verify(around, [old]);
        }

        var backupDirectory = around.FindBackupDirectory();
        if (command.Id is null && !CreateImport.IsRepository(backupDirectory) && PythonLookup.All(backupDirectory) is { Count: > 0 } left)
        {
            return PythonReports.Verify(around, left);
        }

        // Before becoming another, who may not read it.
        var settings = around.SettingsIfGood();
        around.BecomeOwner(backupDirectory);
        Surroundings.RequireSnapshot(backupDirectory, command.Id);
        if (command.Id is null && HasNothing(new Layout(backupDirectory)))
        {
            // Nothing was verified, and nothing is noted.
            around.Screen.Log.Say(Severity.Information, $"{backupDirectory} holds no snapshots: there is nothing to verify");
            if (around.Output.Json)
            {
                ReportJson(around.Output, new VerifyReport(0, 0, 0, command.Deep, []));
            }

            return ExitCode.Done;
        }

        return Attendance.Run(
            around, command.Deep ? RunJob.VerifyDeep : RunJob.Verify, backupDirectory, progress => Look(around, command, backupDirectory, progress), settings);
    }

    /// <summary>A repository in which no snapshot was made yet, or none is left; what is no repository is a run that fails.</summary>
    private static bool HasNothing(Layout layout)
    {
        try
        {
            return File.Exists(layout.Mark) && !File.Exists(layout.Manifest) && Directory.Exists(layout.Snapshots) && new SnapshotStore(layout).Ids().Count == 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static RunEnd Look(Surroundings around, VerifyCommand command, string backupDirectory, RunProgress progress)
    {
        var store = around.OpenSnapshots(backupDirectory);
        using var guard = ReaderGuard.ForReading(store.Layout, around.Clock, "verify");
        var tampering = Signing.Look(around, store.Layout);
        var (whole, damaged) = command.Id is { } id ? ([store.Find(id, around.Clock.GetUtcNow())], []) : store.ReadAll();
        VerifyReport report;
        using (around.Screen.Progress(progress))
        {
            report = VerifyBackups.Run(
                store, whole, damaged, command.Deep, Math.Clamp(System.Environment.ProcessorCount, 1, 4), progress, around.Stop);
        }

        if (report.Damages.Count > 0 && VanishedSnapshot.Find(store.Layout, whole.Select(snapshot => snapshot.Id)) is { } gone)
        {
            throw gone;
        }

        report = report with { Damages = [.. tampering, .. around.Trust is null ? [] : ManifestCheck.Replaced(store, whole), .. report.Damages] };
        if (around.Output.Json)
        {
            ReportJson(around.Output, report);
        }
        else
        {
            Report(around, report, damaged.Find(bad => !bad.IsUntrusted) is { } bad ? Path.Combine(ShellWord.Of(store.Layout.Snapshots), $"{bad.Id}.*") : null, tampering.Count > 0 || damaged.Exists(bad => bad.IsUntrusted));
        }

        return new RunEnd(report.Damages.Count > 0 ? ExitCode.Failed : ExitCode.Done, run => run with
        {
            Snapshot = command.Id is null ? null : whole[0].Header.Id,
            Bytes = report.Bytes,
            DamagedPacks = [.. report.Damages.Select(damage => damage.Pack).OfType<Digest>().Take(RunReport.MostDamagedPacks).Select(pack => pack.ToString())],
            IntactPacks = report.IntactPacks.Select(pack => pack.ToString()).ToHashSet(),
            Error = report.Damages.Count > 0 ? $"{Units.Count(report.Damages.Count, "damage")} found: {report.Damages[0].Thing} {report.Damages[0].Reason}" : null,
            Hint = report.Damages.Count > 0 ? $"see what is hit, and what to do: {CommandTable.Program} verify{(report.Deep ? " --deep" : "")}" : null,
        });
    }

    private static void Report(Surroundings around, VerifyReport report, string? headless, bool isTampered)
    {
        var output = around.Output;
        var looked = $"{Units.Count(report.Snapshots, "snapshot")}, {Units.Count(report.Packs, "pack")}, {Units.Size(report.Bytes)}";
        if (report.Damages.Count == 0)
        {
            if (!around.Options.Quiet)
            {
                output.Line($"{looked}: {(report.Deep ? "every byte is as it was written" : "everything is there and of the right size")}"
                    + (around.Trust is null ? "" : "; each snapshot is signed by a trusted key, or listed by one")
                    + (report.Deep ? "" : "; --deep reads it too"));
            }

            return;
        }

        foreach (var damage in report.Damages)
        {
            Describe(output, damage);
        }

        output.Line();
        Advise(output, report, headless, isTampered);
        around.Screen.Log.Say(Severity.Error, $"{Units.Count(report.Damages.Count, "damage")} found in {looked}");
    }

    private static void Describe(Output output, Damage damage)
    {
        output.Line($"damaged: {damage.Thing} {damage.Reason}");
        if (damage.Snapshots.Count > 0)
        {
            output.Line($"  snapshots: {string.Join(", ", damage.Snapshots)}");
        }

        foreach (var file in damage.Files)
        {
            output.Line($"  file: {file}");
        }

        if (damage.FileCount > damage.Files.Count && damage.Files.Count == Damage.Named)
        {
            output.Line($"  … and more: {Units.Count(damage.FileCount, "file")} in all, counted in each snapshot");
        }

        if (damage.PackPath is not null && damage.FileCount == 0)
        {
            output.Line("  no file of these snapshots is hit");
        }
    }

    /// <param name="output">Where to.</param>
    /// <param name="report">What was found.</param>
    /// <param name="headless">The files of a snapshot that cannot be read without its header, if there is one.</param>
    /// <param name="isTampered">Somebody without a key wrote or removed something.</param>
    private static void Advise(Output output, VerifyReport report, string? headless, bool isTampered)
    {
        var packs = report.Damages.Where(d => d.PackPath is not null).ToList();
        output.Line("what to do:");
        if (packs.Count > 0)
        {
            output.Line(output.Offered.Complete("  vertex-ar-backup restore ID --keep-going   brings back everything else of a snapshot"));
            if (packs.Find(pack => File.Exists(pack.PackPath)) is { } there)
            {
                output.Line($"  mv {there.PackPath} /somewhere/else");
            }

            output.Line(output.Offered.Complete("  vertex-ar-backup create                    then stores anew what the site still has"));
        }

        if (packs.Count < report.Damages.Count)
        {
            output.Line("  restore from another snapshot; copy the damaged file back from another copy of the repository if there is one");
        }

        if (headless is not null)
        {
            output.Line("  if there is none, give that snapshot up; until then no pack is deleted, since it might be one of its own:");
            output.Line($"  mv {headless} /somewhere/else");
        }

        if (isTampered)
        {
            output.Line("  find out who else can write to the backup directory, and look at what is here: list --trust none");
            output.Line(output.Offered.Complete("  vertex-ar-backup key sign                  vouches for what is here, once you know that it is right"));
        }

        output.Line("  look at the disk: smartctl -a, dmesg; what rots once rots again");
    }

    private static void ReportJson(Output output, VerifyReport report)
    {
        foreach (var damage in report.Damages)
        {
            output.Record("damage", json =>
            {
                json.WriteString("thing", damage.Thing);
                json.WriteString("reason", damage.Reason);
                WriteList(json, "snapshots", damage.Snapshots);
                WriteList(json, "files", damage.Files);
                json.WriteNumber("file_count", damage.FileCount);
            });
        }

        output.Record("summary", json =>
        {
            json.WriteNumber("snapshots", report.Snapshots);
            json.WriteNumber("packs", report.Packs);
            json.WriteNumber("bytes", report.Bytes);
            json.WriteBoolean("deep", report.Deep);
            json.WriteNumber("damages", report.Damages.Count);
        });
    }

    private static void WriteList(System.Text.Json.Utf8JsonWriter json, string key, IEnumerable<string> texts)
    {
        json.WriteStartArray(key);
        foreach (var text in texts)
        {
            json.WriteStringValue(text);
        }

        json.WriteEndArray();
    }
}
