using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>The part of <c>doctor</c> that tries what a place can do, instead of asking what it is. Where all of it works, nothing is said.</summary>
internal sealed class DoctorTrials(Surroundings around, DoctorReport report)
{
    private const string Restores = "restore";

    /// <summary>These can do all of it, and in the directories of sources an application may watch what is made.</summary>
    private static readonly string[] Ordinary = ["ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay"];

    /// <summary>Tries where root would restore in place, while root is root; whoever else runs this may only read there.</summary>
    public void TryTargets(Settings settings)
    {
        if (!Posix.IsRoot)
        {
            return;
        }

        foreach (var target in Targets(settings).GroupBy(target => target.Directory, target => target.Role))
        {
            if (target.Key is { } directory && !IsOrdinary(directory) && IsOpenToRoot(directory))
            {
                _ = Try(Restores, directory, [.. target.Distinct()]);
            }
        }
    }

    /// <summary>Tries a directory that may be written to.</summary>
    /// <param name="name">Of the check.</param>
    /// <param name="directory">Absolute.</param>
    /// <param name="roles">What it is.</param>
    /// <returns>Whether what it is for can be done there; if not, that was reported.</returns>
    public bool Try(string name, string directory, params ReadOnlySpan<PlaceRole> roles)
    {
        var trial = PlaceTrial.Run(directory, around.Clock.GetUtcNow());
        var works = true;
        foreach (var verdict in trial.IsFull ? [] : PlaceJudgement.Judge(roles, directory, trial.Lacking))
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

    private static IEnumerable<(PlaceRole Role, string? Directory)> Targets(Settings settings) =>
    [
        .. settings.Databases.Select(database => (PlaceRole.Databases, Path.GetDirectoryName(RealPath.Of(database.Path)))),
        .. settings.Storage.Select(tree => (PlaceRole.Trees, Above(RealPath.Of(tree.Path)))),
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
    private bool IsOpenToRoot(string directory)
    {
        try
        {
            return Posix.StatusOrNull(directory) is { IsDirectory: true } && !Posix.Space(directory).IsReadOnly;
        }
        catch (PosixError e)
        {
            if (e.Number == PosixError.AccessDenied && PlaceTrouble.Of(directory, e.Number, MountTable.Read(), Posix.EffectiveUser) is { } trouble)
            {
                report.Warn(Restores, $"root can restore nothing to {directory}: {trouble.Text}", trouble.Mend);
            }

            return false;
        }
    }
}
