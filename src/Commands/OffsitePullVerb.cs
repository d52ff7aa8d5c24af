using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Commands;

/// <summary><c>offsite pull</c>: brings snapshots of the second place into the backup directory.</summary>
internal static class OffsitePullVerb
{
    public static ExitCode Run(Surroundings around, OffsitePullCommand command)
    {
        var (setting, backupDirectory) = (around.FindOffsite(command.Place), around.FindBackupDirectory());
        around.BecomeOwner(backupDirectory);
        var progress = around.NewProgress();
        OffsitePullResult result;
        using (around.Screen.Progress(progress))
        {
            using var session = OffsiteSession.Open(around, setting, OffsiteSession.LargeScratch(backupDirectory), progress);
            result = OffsitePull.Run(backupDirectory, session.Snapshots, command.Id, around.Clock, progress, around.Stop);
        }

        Report(around, backupDirectory, result);
        foreach (var bad in result.Bad)
        {
            around.Screen.Log.Say(Severity.Error, $"snapshot {bad.Id} could not be brought here: {bad.Reason}");
        }

        return result.Bad.Count > 0 ? ExitCode.Failed : ExitCode.Done;
    }

    private static void Report(Surroundings around, string backupDirectory, OffsitePullResult result)
    {
        if (around.Output.Json)
        {
            around.Output.Record("offsite_pull", json =>
            {
                json.WriteStartArray("snapshots");
                foreach (var id in result.Snapshots)
                {
                    json.WriteStringValue(id.ToString());
                }

                json.WriteEndArray();
                json.WriteNumber("packs", result.Packs);
                json.WriteNumber("bytes", result.Bytes);
                json.WriteNumber("failed", result.Bad.Count);
            });
        }
        else if (!around.Options.Quiet)
        {
            around.Output.Line(result.Snapshots.Count == 0 && result.Bad.Count == 0
                ? $"{backupDirectory} has everything already"
                : $"brought to {backupDirectory}: {Units.Count(result.Snapshots.Count, "snapshot")}, {Units.Count(result.Packs, "pack")}, {Units.Size(result.Bytes)}");
        }
    }
}
