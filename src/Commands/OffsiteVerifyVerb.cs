using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary><c>offsite verify</c>: says whether the snapshots in the second place can be restored, and if not, what is hit and what to do.</summary>
internal static class OffsiteVerifyVerb
{
    public static ExitCode Run(Surroundings around, OffsiteVerifyCommand command)
    {
        var (offsite, backupDirectory) = (around.FindOffsite(command.Place), around.FindBackupDirectory());
        // Before becoming another, who may not read it.
        var settings = around.SettingsIfGood();
        around.BecomeOwner(backupDirectory);
        return Attendance.Run(around, RunJob.OffsiteVerify, backupDirectory, progress => Look(around, command, offsite, backupDirectory, progress), settings);
    }

    private static RunEnd Look(Surroundings around, OffsiteVerifyCommand command, OffsiteSetting setting, string backupDirectory, RunProgress progress)
    {
        var here = new Layout(backupDirectory);
        OffsiteReport report;
        using (around.Screen.Progress(progress))
        {
            var parent = File.Exists(here.Mark) ? OffsiteSession.LargeScratch(backupDirectory) : OffsiteSession.SmallScratch(backupDirectory);
            using var session = OffsiteSession.Open(around, setting, parent, progress, backupDirectory);
            report = OffsiteVerify.Run(session.Snapshots, here, command.Id, command.Percent, around.Clock, progress, around.Stop);
        }

        if (around.Output.Json)
        {
            ReportJson(around.Output, report);
        }
        else
        {
            Report(around, setting, report);
        }

        return new RunEnd(report.Damages.Count > 0 ? ExitCode.Failed : ExitCode.Done, run => run with
        {
            Bytes = report.Bytes,
            Error = report.Damages.Count > 0 ? $"{Units.Count(report.Damages.Count, "damage")} found in {setting.Remote}: {report.Damages[0].Thing} {report.Damages[0].Reason}" : null,
            Hint = report.Damages.Count > 0 ? $"'{CommandTable.Program} offsite push' replaces what is still whole here; see what is hit: {CommandTable.Program} offsite verify" : null,
        });
    }

    private static void Report(Surroundings around, OffsiteSetting setting, OffsiteReport report)
    {
        var output = around.Output;
        var looked = $"{Units.Count(report.Snapshots, "snapshot")}, {Units.Count(report.Packs, "pack")}, {Units.Size(report.Bytes)} in '{setting.Remote}'";
        if (report.Damages.Count == 0)
        {
            if (!around.Options.Quiet)
            {
                output.Line($"{looked}: {Proven(report)}");
            }

            return;
        }

        foreach (var damage in report.Damages)
        {
            output.Line($"damaged: {damage.Thing} {damage.Reason}");
            if (damage.Snapshots.Count > 0)
            {
                output.Line($"  snapshots: {string.Join(", ", damage.Snapshots)}");
            }
        }

        output.Line();
        output.Line("what to do:");
        output.Line(output.Offered.Complete($"  {CommandTable.Program} offsite push   replaces what is still whole here"));
        output.Line(output.Offered.Complete($"  {CommandTable.Program} restore ID --from-offsite --keep-going   brings back everything else of a snapshot that is not here any more"));
        around.Screen.Log.Say(Severity.Error, $"{Units.Count(report.Damages.Count, "damage")} found in {looked}");
    }

    private static string Proven(OffsiteReport report)
    {
        const string lists = "everything is there and of the right size, and the lists are as they were written";
        return report.Packs > 0 && report.ReadPacks == report.Packs
            ? "every byte is as it was written"
            : lists
                + (report.ComparedPacks > 0 ? $"; {Units.Count(report.ComparedPacks, "pack")} compared by the server's checksums" : "; the server tells no checksums that help")
                + (report.ReadPacks > 0 ? $"; {Units.Count(report.ReadPacks, "pack")} read" : "; --sample and --deep read packs, too");
    }

    private static void ReportJson(Output output, OffsiteReport report)
    {
        foreach (var damage in report.Damages)
        {
            output.Record("damage", json =>
            {
                json.WriteString("thing", damage.Thing);
                json.WriteString("reason", damage.Reason);
                json.WriteStartArray("snapshots");
                foreach (var id in damage.Snapshots)
                {
                    json.WriteStringValue(id);
                }

                json.WriteEndArray();
            });
        }

        output.Record("summary", json =>
        {
            json.WriteNumber("snapshots", report.Snapshots);
            json.WriteNumber("packs", report.Packs);
            json.WriteNumber("bytes", report.Bytes);
            json.WriteNumber("packs_compared", report.ComparedPacks);
            json.WriteNumber("packs_read", report.ReadPacks);
            json.WriteNumber("damages", report.Damages.Count);
        });
    }
}
