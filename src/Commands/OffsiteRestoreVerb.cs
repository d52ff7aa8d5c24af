using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>
/// <c>restore --from-offsite</c>: fetches what the restore needs, and restores from that as from any repository. Root fetches with the
/// rights of the backup directory's owner, as the other verbs do that use rclone: what that user's rclone.conf has rclone do is not done by root.
/// </summary>
internal static class OffsiteRestoreVerb
{
    public static ExitCode Run(Surroundings around, RestoreCommand command)
    {
        var (setting, backupDirectory) = (around.FindOffsite(command.From!), around.FindBackupDirectory());
        var owner = Surroundings.OwnerOf(backupDirectory);
        if (owner is null)
        {
            RepositoryExposure.Refuse(backupDirectory);
        }

        _ = around.Trust; // While root may read it.
        var progress = around.NewProgress();
        var session = As(owner, () => OffsiteSession.Open(around, setting, OffsiteSession.LargeScratch(backupDirectory), progress, backupDirectory));
        try
        {
            var offsite = session.Snapshots;
            var snapshot = Find(around, command, setting, offsite, owner, progress);
            LatestLookup.SayHost(around, snapshot);
            if (offsite.Manifest is { } manifest)
            {
                SigningWarnings.BeforeRestore(around, setting.Remote, As(owner, offsite.LookForTampering), manifest.Remembered is null, manifest.There, snapshot);
            }

            return RestoreVerb.Run(
                around,
                command,
                RestoreDistrust.FromOffsite,
                (plan, running) => new RestoreBackup(offsite.Store, snapshot, plan, around.Clock, running, around.Stop),
                restore => Fetch(around, command, offsite, new Layout(backupDirectory), restore, owner));
        }
        finally
        {
            using (Accounts.ActAs(owner))
            {
                session.Dispose();
            }
        }
    }

    private static Snapshot Find(
        Surroundings around, RestoreCommand command, OffsiteSetting setting, OffsiteSnapshots offsite, (uint Uid, uint Gid)? owner, RunProgress progress)
    {
        using var line = around.Screen.Progress(progress);

        // Fetches the headers that it takes, all of them for the newest.
        _ = As(owner, () => offsite.Find(command.Id, command.Type));
        var snapshot = LatestLookup.Find(around, offsite.Store, command.Id, command.Type, command.Only, command.Paths, from: command.From);
        if (offsite.Refusal(snapshot.Id) is { } refusal)
        {
            throw UserError.Failed($"snapshot {snapshot.Id} in {setting.Remote} is not restored: {refusal}");
        }

        return As(owner, () => offsite.FetchParts(snapshot)) is { } trouble
            ? throw UserError.Failed(
                $"snapshot {snapshot.Id} in {setting.Remote} is damaged: it {trouble}", "use another snapshot: 'vertex-ar-backup offsite verify' tells which are whole")
            : snapshot;
    }

    private static T As<T>((uint Uid, uint Gid)? owner, Func<T> work)
    {
        using (Accounts.ActAs(owner))
        {
            return work();
        }
    }

    private static void Fetch(
        Surroundings around, RestoreCommand command, OffsiteSnapshots offsite, Layout here, RestoreBackup restore, (uint Uid, uint Gid)? owner)
    {
        var progress = around.NewProgress();
        using var line = around.Screen.Progress(progress);

        // Root can look there; the owner may not.
        var devices = restore.Directories.Select(directory => Posix.StatusOrNull(directory)?.Device).OfType<ulong>().ToHashSet();
        var bad = As(owner, () => OffsiteRestore.Fetch(offsite, here, restore, devices, progress, around.Stop));
        if (bad.Count > 0 && !command.KeepGoing)
        {
            throw UserError.Failed(
                $"{Units.Count(bad.Count, "pack")} cannot be had from {offsite.Rclone.Place.Remote}: {bad[0].Pack} {bad[0].Reason}",
                "nothing was changed; use another snapshot, or --keep-going, which restores the rest");
        }
    }
}
