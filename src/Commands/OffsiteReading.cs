using VertexAr.Backup.Cli;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Commands;

/// <summary>For commands that only look at what is in the second place: they need no backup directory.</summary>
internal static class OffsiteReading
{
    /// <summary>Root becomes the owner of the backup directory, who may read rclone's configuration too, and who writes it where a token is renewed.</summary>
    public static OffsiteSession Open(Surroundings around, OffsitePlace place, RunProgress progress)
    {
        var (setting, backupDirectory) = (around.FindOffsite(place), around.FindBackupDirectory());
        around.BecomeOwner(backupDirectory);
        return OffsiteSession.Open(around, setting, OffsiteSession.SmallScratch(backupDirectory), progress, backupDirectory);
    }

    /// <summary>All snapshots there, oldest first, and what somebody changed there that has no key.</summary>
    public static ((List<Snapshot> Whole, List<DamagedSnapshot> Damaged) All, List<Damage> Tampering) Headers(Surroundings around, OffsitePlace place)
    {
        var progress = around.NewProgress();
        using var line = around.Screen.Progress(progress);
        using var session = Open(around, place, progress);
        _ = session.Snapshots.RequireMark();
        return (session.Snapshots.FetchHeaders(session.Snapshots.Ids()), session.Snapshots.LookForTampering());
    }
}
