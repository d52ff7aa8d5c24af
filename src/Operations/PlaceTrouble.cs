using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>Why a place cannot be entered, where that is due to how it is mounted.</summary>
/// <param name="Text">The sentence.</param>
/// <param name="Mend">The command, or the advice, that mends it.</param>
internal sealed record PlaceTrouble(string Text, string Mend)
{
    /// <summary>Null if it is not due to that.</summary>
    /// <param name="path">Absolute and without links, as far as that can be known.</param>
    /// <param name="number">The error that entering it ended with.</param>
    /// <param name="mounts">What is mounted where.</param>
    /// <param name="user">Who entered it.</param>
    public static PlaceTrouble? Of(string path, int number, MountTable mounts, uint user)
    {
        if (mounts.Over(path) is not { Point: not "/" } mount)
        {
            return null;
        }

        var kind = mount.Source.Length > 0 ? $"{mount.Type}, {mount.Source}" : mount.Type;
        return number switch
        {
            PosixError.NotConnected => new($"the program that serves {mount.Point} ({kind}) has ended: nothing there can be reached", Again(mount)),
            PosixError.Stale => new($"the server of {mount.Point} ({kind}) no longer knows what is mounted here", Again(mount)),
            PosixError.AccessDenied when !mount.IsForAll && mount.ServedBy != user => new(
                $"{mount.Point} ({kind}) was mounted by {Accounts.UserText(mount.ServedBy ?? 0, "user ")} without allow_other: nobody else may enter it{(mount.IsServedByRoot ? "" : ", not even root")}",
                "mount it with -o allow_other, which other users than root may do if user_allow_other is in /etc/fuse.conf"),
            _ => null,
        };
    }

    /// <summary>
    /// Looks at a directory, or at a file; null if that is possible, or fails for a reason that has nothing to do with how it is
    /// mounted. The kernel remembers for seconds what a server said that has ended since.
    /// </summary>
    /// <param name="path">Absolute.</param>
    public static PlaceTrouble? Find(string path)
    {
        var real = RealPath.Of(path);
        try
        {
            _ = Posix.StatusAsked(Posix.Here, Posix.Bytes(real));
            return null;
        }
        catch (PosixError e)
        {
            return Of(real, e.Number, MountTable.Read(), Posix.EffectiveUser);
        }
    }

    /// <summary>An error said as what it is due to; null if it is not due to how the place is mounted.</summary>
    /// <param name="error">What using the place ended with.</param>
    /// <param name="path">The place, absolute.</param>
    public static UserError? Explain(UserError error, string path) =>
        Find(path) is { } trouble ? new UserError(error.Code, trouble.Text, trouble.Mend, error) : null;

    private static string Again(MountedPlace mount) =>
        $"sudo umount -l {ShellWord.Of(mount.Point)}{(MountTable.PointInFstab(mount.Point) == mount.Point ? $" && sudo mount {ShellWord.Of(mount.Point)}" : ", and mount it again")}";
}
