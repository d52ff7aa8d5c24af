using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Commands;

/// <summary><c>offsite pull</c>: brings snapshots of the second place into the backup directory.</summary>
internal static class OffsitePullVerb
{
    private const string Accept = "offsite pull --moved";

    public static ExitCode Run(Surroundings around, OffsitePullCommand command)
    {
        var (setting, backupDirectory) = (around.FindOffsite(command.Place), around.FindBackupDirectory());
        var settings = around.SettingsIfGood(quiet: true);
        StateDirectory.Make(around, backupDirectory);
        around.BecomeOwner(backupDirectory);

        // An emptied one is what a pull is for; one whose disk is not mounted is not.
        var watch = StateDirectory.Watch(around, backupDirectory, command.Moved, Accept);
        watch.Require(PlaceWatch.BackupDirectory, backupDirectory);
        var progress = around.NewProgress();
        OffsitePullResult result;
        List<Damage> tampering;
        using (around.Screen.Progress(progress))
        {
            using var session = OffsiteSession.Open(around, setting, OffsiteSession.LargeScratch(backupDirectory), progress, backupDirectory);
            result = OffsitePull.Run(backupDirectory, session.Snapshots, command.Id, around.Clock, progress, around.Stop, around.Options.Trust is null && settings is not null ? Signing.SignerIfThere(settings) : null);
            tampering = session.Snapshots.LookForTampering();
        }

        if (watch.Remember() is { } unremembered)
        {
            around.Screen.Log.Say(Severity.Detail, unremembered);
        }

        Report(around, backupDirectory, result);
        foreach (var bad in result.Bad)
        {
            around.Screen.Log.Say(Severity.Error, $"snapshot {bad.Id} could not be brought here: {bad.Reason}");
        }

        foreach (var one in tampering)
        {
            around.Screen.Log.Say(Severity.Error, $"{one.Thing} {one.Reason}");
        }

        return result.Bad.Count + tampering.Count > 0 ? ExitCode.Failed : ExitCode.Done;
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
            around.Output.Line(result.Snapshots.Count + result.Packs + result.Bad.Count == 0
                ? $"{backupDirectory} has everything already"
                : $"brought to {backupDirectory}: {Units.Count(result.Snapshots.Count, "snapshot")}, {Units.Count(result.Packs, "pack")}, {Units.Size(result.Bytes)}");
        }
    }
}
