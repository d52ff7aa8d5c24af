using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// The directory of a restore to elsewhere. Root holds it open, and reaches what is in it by that: the owner of a directory above it may
/// rename it and put a link in its place at any moment, but not lead root to another one. Ordinary users have only their own rights.
/// </summary>
internal sealed class RestoreInto : IDisposable
{
    private const int OwnersAll = 0x1C0;

    private readonly string directory;
    private readonly SafeFileHandle above;
    private readonly byte[] name;
    private readonly SafeFileHandle? held;
    private readonly bool isNew;

    private RestoreInto(string directory, bool byDescriptor)
    {
        this.directory = directory;
        (above, name) = byDescriptor ? NamedPlaces.OpenAbove(RestoreLinks.FollowTrusted(directory)) : (Posix.NewHere(), Posix.Bytes(directory));
        try
        {
            (held, isNew) = Open(follow: !byDescriptor);
            Reach = byDescriptor ? Descend() : directory;
        }
        catch
        {
            TakeBack();
            Dispose();
            throw;
        }
    }

    /// <summary>A path to put names after: what these lead to stays the same.</summary>
    public string Reach { get; }

    /// <summary>Makes the directory, or takes it as it is.</summary>
    /// <param name="directory">Absolute.</param>
    /// <param name="isOurs">It is in a directory of this program's own, which nobody else can reach.</param>
    /// <exception cref="UserError">Others could change what root puts into it.</exception>
    /// <exception cref="PosixError">It cannot be made or opened.</exception>
    public static RestoreInto Open(string directory, bool isOurs) => new(directory, byDescriptor: Posix.IsRoot && !isOurs);

    /// <summary>Looks at a directory to restore into, which need not be there yet; it is looked at again when it is opened.</summary>
    /// <param name="directory">Absolute.</param>
    /// <exception cref="UserError">Root was asked, and somebody else could have it write elsewhere, or change what is in it.</exception>
    /// <exception cref="PosixError">It cannot be looked at.</exception>
    public static void Require(string directory)
    {
        if (Posix.IsRoot && Posix.StatusOrNull(RestoreLinks.FollowTrusted(directory)) is { IsDirectory: true })
        {
            using var there = Posix.OpenDirectory(Posix.Here, Posix.Bytes(directory), follow: true);
            if (Strangers(directory, there) is { } found)
            {
                throw Theirs(found, there, isNew: false);
            }
        }
    }

    /// <summary>After the last file.</summary>
    /// <exception cref="UserError">The directory is not where it was asked for.</exception>
    public void RequireThere()
    {
        if (!IsThere())
        {
            throw UserError.Failed(
                $"the directory {directory} was moved away while root restored into it, and what was restored was removed",
                "find out who did that (whoever can write to the directories above it can), and restore to a directory in which only root can write");
        }
    }

    /// <summary>Takes back the directory itself, if it was made here. It is empty.</summary>
    public void Undo()
    {
        if (isNew && IsThere())
        {
            Posix.Remove(above, name, directory: true);
        }
    }

    /// <summary>Leaves nothing of what ends before it began.</summary>
    private void TakeBack()
    {
        try
        {
            Undo();
        }
        catch (PosixError)
        {
            // What is in it by now is somebody else's.
        }
    }

    public void Dispose()
    {
        held?.Dispose();
        above.Dispose();
    }

    private (SafeFileHandle Held, bool IsNew) Open(bool follow)
    {
        var made = false;
        try
        {
            Posix.MakeDirectory(above, name, OwnersAll);
            made = true;
        }
        catch (PosixError e) when (e.Number == PosixError.Exists)
        {
            // It may be there, if it is empty.
        }

        return (Posix.OpenDirectory(above, name, follow), made);
    }

    private string Descend()
    {
        if (Strangers(directory, held!) is { } found && !(isNew && IsAsMade()))
        {
            throw Theirs(found, held!, isNew);
        }

        if (DirectoryNames.Read(held!).Count > 0)
        {
            throw RestoreLinks.NotEmpty(directory);
        }

        // Where there is no /proc, nobody else is there either: a rescue shell.
        var reach = $"/proc/self/fd/{Posix.Descriptor(held!)}";
        return Posix.StatusOrNull(reach) is { } there && IsHeld(there) ? reach : directory;
    }

    private static Exposure? Strangers(string directory, SafeFileHandle open) => Exposure.OfOpen(open, directory, 0) is { } found && !found.IsOfMount() ? found : null;

    private static UserError Theirs(Exposure found, SafeFileHandle open, bool isNew)
    {
        var user = Posix.Status(open).Uid is not 0 and var uid ? Accounts.UserText(uid, "#") : null;
        return UserError.Failed(
            $"the directory {found.Sentence}, and others could change what is in it while root restores",
            isNew
                ? "everything that root makes there becomes that of another user: restore to a directory on a disk of this machine, and copy it from there"
                : "name a new one, which root makes" + (user is null ? "" : $", or run the command as that user: sudo -u '{user}' vertex-ar-backup restore ..."));
    }

    /// <summary>
    /// What was just made is not root's, or open to others: so it is on a server that gives root no rights, and on file systems that keep
    /// neither owners nor modes. Or else somebody put it there.
    /// </summary>
    private bool IsAsMade() => Exposure.FindAround(Path.GetDirectoryName(RealPath.Of(directory))!, 0) is null
        || (!KeepsModes() && MountTable.Read().Over(RealPath.Of(directory)) is { } mount && !mount.Type.StartsWith("fuse", StringComparison.Ordinal));

    private bool KeepsModes()
    {
        var before = Posix.Status(held!).Permissions;
        Posix.SetModeIfPlaceCan(held!, before == OwnersAll ? AtomicFile.DirectoryMode : OwnersAll);
        var isKept = Posix.Status(held!).Permissions != before;
        Posix.SetModeIfPlaceCan(held!, before);
        return isKept;
    }

    private bool IsThere()
    {
        try
        {
            return IsHeld(Posix.StatusAt(above, name)) || Reach == directory;
        }
        catch (PosixError)
        {
            return false;
        }
    }

    private bool IsHeld(in FileStatus there) => Posix.Status(held!) is var here && (there.Device, there.Inode) == (here.Device, here.Inode);
}
