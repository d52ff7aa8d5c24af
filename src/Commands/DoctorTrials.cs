using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>The part of <c>doctor</c> that tries what a place can do, instead of asking what it is. Where all of it works, nothing is said.</summary>
internal sealed class DoctorTrials(Surroundings around, DoctorReport report)
{
    /// <summary>These can do all of it, and in the directories of sources an application may watch what is made.</summary>
    private static readonly string[] Ordinary = ["ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay"];

    /// <summary>Tries where root would restore in place, while root is root; whoever else runs this may only read there.</summary>
    public void TryTargets(Settings settings)
    {
        if (!Posix.IsRoot)
        {
            return;
        }

        var tried = new HashSet<(PlaceRole, string)>();
        foreach (var (name, role, directory) in Targets(settings))
        {
            if (directory is not null && tried.Add((role, directory)) && !IsOrdinary(directory) && IsOpenToRoot(name, directory))
            {
                _ = Try(name, role, directory);
            }
        }
    }

    /// <summary>Tries a directory that may be written to.</summary>
    /// <returns>Whether what it is for can be done there; if not, that was reported.</returns>
    public bool Try(string name, PlaceRole role, string directory)
    {
        var trial = PlaceTrial.Run(directory, around.Clock.GetUtcNow());
        var works = true;
        foreach (var verdict in trial.IsFull ? [] : PlaceJudgement.Judge(role, directory, trial.Lacking))
        {
            works &= !verdict.IsFailure;
            if (verdict.IsFailure)
            {
                report.Fail(name, verdict.Text, verdict.Mend);
            }
            else
            {
                report.Warn(name, verdict.Text, verdict.Mend);
            }
        }

        return works;
    }

    /// <summary>Whether a place can be entered as far as that is due to how it is mounted; if not, that was reported.</summary>
    public static bool IsReached(DoctorReport report, string name, string path)
    {
        if (PlaceTrouble.Find(path) is not { } trouble)
        {
            return true;
        }

        report.Fail(name, trouble.Text, trouble.Mend);
        return false;
    }

    private static IEnumerable<(string Name, PlaceRole Role, string? Directory)> Targets(Settings settings) =>
    [
        .. settings.Databases.Select(database => ($"database '{database.Name}'", PlaceRole.Databases, Path.GetDirectoryName(RealPath.Of(database.Path)))),
        .. settings.Storage.Select(tree => ($"storage '{tree.Name}'", PlaceRole.Trees, Above(RealPath.Of(tree.Path)))),
    ];

    /// <summary>Where a restore works: next to the tree, or in it where that is a mount of its own. Null if that cannot be known.</summary>
    private static string? Above(string tree)
    {
        try
        {
            return RestoreSpot.IsMountPoint(tree) ? tree : Path.GetDirectoryName(tree);
        }
        catch (PosixError)
        {
            return Path.GetDirectoryName(tree);
        }
    }

    private static bool IsOrdinary(string directory) => MountTable.Read().Over(directory) is not { } mount || Array.IndexOf(Ordinary, mount.Type) >= 0;

    /// <summary>What is not there, or reached by nobody, is reported of the source.</summary>
    private bool IsOpenToRoot(string name, string directory)
    {
        try
        {
            return Posix.StatusOrNull(directory) is { IsDirectory: true } && !Posix.Space(directory).IsReadOnly;
        }
        catch (PosixError e)
        {
            if (e.Number == PosixError.AccessDenied && PlaceTrouble.Of(directory, e.Number, MountTable.Read(), Posix.EffectiveUser) is { } trouble)
            {
                report.Warn(name, $"nothing can be restored in place by root: {trouble.Text}", trouble.Mend);
            }

            return false;
        }
    }
}
