using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Databases that somebody has open. While an application has one open it must not be replaced, alone or with its tree: the application
/// would go on writing into the file that was moved away. Each is the refusal that names it and the processes.
/// </summary>
internal static class RestoreInUse
{
    /// <param name="databases">The paths of those that are to be replaced.</param>
    /// <param name="warn">Is given a sentence where that could not be found out.</param>
    public static IEnumerable<UserError> Of(IEnumerable<string> databases, Action<string> warn)
    {
        foreach (var path in databases)
        {
            var holders = OpenFiles.Look(SqliteCompanions.Ends.Select(end => path + end).Prepend(path));
            var isOpen = holders.Processes.Count > 0 ? true : IsOpenUnseen(path);
            if (isOpen == true)
            {
                yield return UserError.Failed(
                    $"the database {path} is in use by {(holders.Processes.Count > 0 ? string.Join(", ", holders.Processes) : "a process that cannot be seen from here, of another user or in another container")}",
                    "stop the application first (for Vertex AR: systemctl stop vertex-ar), or restore elsewhere with --to DIR");
            }

            if (isOpen is null && !holders.IsSure)
            {
                warn($"it could not be checked whether processes of other users have the database {path} open: make sure that the application is stopped{(Posix.IsRoot ? "" : "; root can check it")}");
            }
        }
    }

    /// <summary>The same for databases in trees, of which no configuration says that they are databases, and for disk images that are mounted.</summary>
    /// <param name="spots">Where trees are restored to.</param>
    /// <param name="isReplaced">Whether what is under a path below the top of one would be replaced.</param>
    public static IEnumerable<UserError> In(IEnumerable<RestoreSpot> spots, Func<RestoreSpot, byte[], bool> isReplaced) =>
        from spot in spots
        from file in spot.Survey.HeldOpen
        where isReplaced(spot, file.Below)
        let path = Path.Combine(spot.Path, Encoding.UTF8.GetString(file.Below))
        select file.Disk is { } disk
            ? UserError.Failed(
                $"the disk image {path} in '{spot.Name}' is in use as {disk}, which would go on with the old file",
                $"nothing was changed; unmount it first (see 'findmnt {disk}' and 'losetup -d {disk}'), or exclude it, or restore elsewhere with --to DIR")
            : UserError.Failed(
                $"the database {path} in '{spot.Name}' is in use by {string.Join(", ", file.Holders)}",
                "nothing was changed; stop the application first, or name the database under 'databases' in the configuration so that it is left alone, or restore elsewhere with --to DIR");

    /// <exception cref="UserError">The first of them.</exception>
    public static void Refuse(IEnumerable<UserError> found)
    {
        foreach (var error in found)
        {
            throw error;
        }
    }

    /// <summary>Also by processes that are not shown here; null if that cannot be known.</summary>
    private static bool? IsOpenUnseen(string path)
    {
        // Whatever reads files in passing, such as a virus scanner, soon lets go.
        for (var tries = 20; ; tries--)
        {
            var isOpen = FileLease.IsOpenElsewhere(path);
            if (isOpen != true || tries == 0)
            {
                return isOpen;
            }

            Thread.Sleep(100);
        }
    }
}
