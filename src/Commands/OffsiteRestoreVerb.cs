using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>
/// <c>restore --from-offsite</c>: fetches what the restore needs, and restores from that as from any repository. Root fetches with the
/// rights of the backup directory's owner, and restores with its own.
/// </summary>
internal static class OffsiteRestoreVerb
{
    public static ExitCode Run(Surroundings around, RestoreCommand command)
    {
        var (setting, backupDirectory) = (around.FindOffsite(command.From!), around.FindBackupDirectory());
        var progress = around.NewProgress();
        using var session = OffsiteSession.OpenAsOwner(around, setting, backupDirectory, progress);
        var offsite = session.Snapshots;
        var snapshot = Find(around, command, setting, session, progress);
        LatestLookup.SayHost(around, snapshot);
        if (offsite.Manifest is { } manifest)
        {
            SigningWarnings.BeforeRestore(around, setting.Remote, session.AsOwner(offsite.LookForTampering), manifest.Remembered is null, manifest.There, snapshot);
        }

        return RestoreVerb.Run(
            around,
            command,
            RestoreDistrust.FromOffsite,
            (plan, running) => new RestoreBackup(offsite.Store, snapshot, plan, around.Clock, running, around.Stop),
            restore => Fetch(around, command, session, new Layout(backupDirectory), restore));
    }

    private static Snapshot Find(Surroundings around, RestoreCommand command, OffsiteSetting setting, OffsiteSession session, RunProgress progress)
    {
        using var line = around.Screen.Progress(progress);
        var offsite = session.Snapshots;

        // Fetches the headers that it takes, all of them for the newest.
        _ = session.AsOwner(() => offsite.Find(command.Id, command.Type));
        var snapshot = LatestLookup.Find(around, offsite.Store, command.Id, command.Type, command.Only, command.Paths, from: command.From);
        if (offsite.Refusal(snapshot.Id) is { } refusal)
        {
            throw UserError.Failed($"snapshot {snapshot.Id} in {setting.Remote} is not restored: {refusal}");
        }

        return session.AsOwner(() => offsite.FetchParts(snapshot)) is { } trouble
            ? throw UserError.Failed(
                $"snapshot {snapshot.Id} in {setting.Remote} is damaged: it {trouble}", "use another snapshot: 'vertex-ar-backup offsite verify' tells which are whole")
            : snapshot;
    }

    private static void Fetch(Surroundings around, RestoreCommand command, OffsiteSession session, Layout here, RestoreBackup restore)
    {
        var progress = around.NewProgress();
        using var line = around.Screen.Progress(progress);

        // Root can look there; the owner may not.
        var devices = restore.Directories.Select(directory => Posix.StatusOrNull(directory)?.Device).OfType<ulong>().ToHashSet();
        var bad = session.AsOwner(() => OffsiteRestore.Fetch(session.Snapshots, here, restore, devices, progress, around.Stop));
        if (bad.Count > 0 && !command.KeepGoing)
        {
            throw UserError.Failed(
                $"{Units.Count(bad.Count, "pack")} cannot be had from {session.Snapshots.Rclone.Place.Remote}: {bad[0].Pack} {bad[0].Reason}",
                "nothing was changed; use another snapshot, or --keep-going, which restores the rest");
        }
    }
}
