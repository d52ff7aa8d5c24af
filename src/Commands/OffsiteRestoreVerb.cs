using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary><c>restore --from-offsite</c>: fetches what the restore needs, and restores from that as from any repository.</summary>
internal static class OffsiteRestoreVerb
{
    public static ExitCode Run(Surroundings around, RestoreCommand command)
    {
        var (setting, backupDirectory) = (around.FindOffsite(command.From!), around.FindBackupDirectory());
        var progress = around.NewProgress();
        using var session = OffsiteSession.Open(around, setting, OffsiteSession.LargeScratch(backupDirectory), progress);
        var offsite = session.Snapshots;
        Snapshot snapshot;
        using (around.Screen.Progress(progress))
        {
            // Fetches the headers that it takes, all of them for the newest.
            _ = offsite.Find(command.Id, command.Type);
            snapshot = LatestLookup.Find(around, offsite.Store, command.Id, command.Type, command.Only, command.Paths, isCopy: true);
            if (offsite.Refusal(snapshot.Id) is { } refusal)
            {
                throw UserError.Failed($"snapshot {snapshot.Id} in {setting.Remote} is not restored: {refusal}");
            }

            if (offsite.FetchParts(snapshot) is { } trouble)
            {
                throw UserError.Failed(
                    $"snapshot {snapshot.Id} in {setting.Remote} is damaged: it {trouble}", "use another snapshot: 'vertex-ar-backup offsite verify' tells which are whole");
            }
        }

        LatestLookup.SayHost(around, snapshot);
        return RestoreVerb.Run(
            around,
            command,
            RestoreDistrust.FromOffsite,
            (plan, running) => new RestoreBackup(offsite.Store, snapshot, plan, around.Clock, running, around.Stop),
            restore => Fetch(around, command, offsite, new Layout(backupDirectory), restore));
    }

    private static void Fetch(Surroundings around, RestoreCommand command, OffsiteSnapshots offsite, Layout here, RestoreBackup restore)
    {
        var progress = around.NewProgress();
        using var line = around.Screen.Progress(progress);
        var bad = OffsiteRestore.Fetch(offsite, here, restore, progress, around.Stop);
        if (bad.Count > 0 && !command.KeepGoing)
        {
            throw UserError.Failed(
                $"{Units.Count(bad.Count, "pack")} cannot be had from {offsite.Rclone.Place.Remote}: {bad[0].Pack} {bad[0].Reason}",
                "nothing was changed; use another snapshot, or --keep-going, which restores the rest");
        }
    }
}
