using System.Globalization;

namespace VertexAr.Backup.Core;

/// <summary>Which file system a place is on, as far as that can be known again after a restart, when devices may have other numbers and names.</summary>
/// <param name="Type">As mount(8) calls it.</param>
/// <param name="Id">What is written on it and is its own; null if it has nothing of that kind that can be seen here.</param>
/// <param name="Source">Of one that is on no device, where it is from: "server:/export"; null otherwise.</param>
/// <param name="IsRoot">Whether it is the one that the root directory is on.</param>
/// <param name="Point">Where it is mounted; null if that was not remembered.</param>
internal sealed record FileSystemIdentity(string Type, string? Id, string? Source, bool IsRoot, string? Point = null)
{
    /// <summary>What systemd.automount(5) and automount(8) mount at a place until somebody looks there.</summary>
    private const string Automount = "autofs";

    private const string Btrfs = "btrfs";

    /// <summary>A half of what statfs(2) tells, in hexadecimal.</summary>
    private const int SharedDigits = 8;

    /// <summary>Their identifier for statfs(2) is made of the UUID, not of the device's number.</summary>
    private static readonly string[] LastingIds = ["ext2", "ext3", "ext4", Btrfs, "zfs"];

    /// <summary>Read-only images that programs and installers mount, and what desktops and containers mount by FUSE.</summary>
    private static readonly string[] PassingTypes = ["squashfs", "erofs", "iso9660", "udf", "fuse.snapfuse", "fuse.squashfuse", "fuse.portal", "fuse.gvfsd-fuse", "fuse.kio-fuse", "fuse.lxcfs", "fusectl", "fuse-overlayfs", "fuse.fuse-overlayfs"];

    /// <summary>What is on no device of this machine, or on several.</summary>
    private static readonly string[] SharedTypes = ["nfs", "nfs4", "cifs", "smb3", "9p", "virtiofs", "vboxsf", "prl_fs", "ceph", "lustre", "gfs2", "ocfs2", "afs", "zfs", "bcachefs", "ubifs"];

    /// <summary>Of a path, or of the directory that would hold it; null if it cannot be known.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="mounts">What is mounted where.</param>
    /// <param name="depth">How many pools the path was found in.</param>
    public static FileSystemIdentity? Of(string path, MountTable mounts, int depth = 0)
    {
        if (Nearest(path) is not { } there || mounts.Over(RealPath.Of(there)) is not { Type.Length: > 0 } mount)
        {
            return null;
        }

        if (mount.Type == Automount && Open(there))
        {
            mounts = MountTable.Read();
            mount = mounts.Over(RealPath.Of(there)) ?? mount;
        }

        return new FileSystemIdentity(
            mount.Type,
            IdOf(there, mount),
            mount.Source.StartsWith("/dev/", StringComparison.Ordinal) ? null : mount.Source,
            mounts.Over("/") is { } root && root.Device == mount.Device,
            mounts.PointOf(mount))
        {
            Branches = PoolBranch.Of(mount, mounts, depth),
        };
    }

    /// <summary>Of a pool, what it is made of; empty for anything else.</summary>
    public IReadOnlyList<PoolBranch> Branches { get; init; } = [];

    /// <summary>Whether it is one that people keep things on, and mount for good: a disk, a share, a pool; no image of a program, nothing in memory, nothing of the kernel's.</summary>
    public bool IsKept => !PassingTypes.Contains(Type) && !Type.EndsWith(".AppImage", StringComparison.Ordinal) && (Source is null || Type.StartsWith("fuse", StringComparison.Ordinal) || SharedTypes.Contains(Type));

    /// <summary>
    /// Of btrfs, the half of the identifier that all of its subvolumes have in common; the other half has the subvolume's number in it, and a
    /// snapshot that is taken anew each night has another one each time.
    /// </summary>
    private string? OwnPart => Type == Btrfs && Id is { Length: > SharedDigits } ? Id[^SharedDigits..] : Id;

    /// <summary>
    /// Whether this is certainly another one than it was. What was on the root file system may have moved to a disk of its own; what
    /// has no name to be known by is taken for the same.
    /// </summary>
    public bool IsOther(FileSystemIdentity was) =>
        !was.IsRoot && (IsRoot || (Id is not null && was.Id is not null ? OwnPart != was.OwnPart : Type != was.Type || (Source != was.Source && Type != PoolBranch.Pool)));

    /// <summary>
    /// Whether nothing is mounted any more where this was: a subvolume, or a directory bound to another place, leaves the same file system there
    /// that it is of.
    /// </summary>
    public bool IsUnmounted(FileSystemIdentity was) => Point is not null && was.Point is not null && Point != was.Point && PathPrefix.Holds(Point, was.Point);

    /// <summary>With what was known of its branches, as far as that cannot be seen now.</summary>
    public FileSystemIdentity Keeping(FileSystemIdentity was) => Type != PoolBranch.Pool || was.Type != Type ? this : this with
    {
        Branches = Branches.Count == 0 ? was.Branches
            : [.. Branches.Select(branch => branch.FileSystem is null ? was.Branches.FirstOrDefault(known => known.Path == branch.Path) ?? branch : branch)],
    };

    /// <summary>For people: "ext4 on a disk of its own".</summary>
    public override string ToString() => IsRoot ? $"the root file system ({Type})" : Source is null ? $"a file system of its own ({Type}{(Id is null ? "" : $", {Id}")})" : $"{Source} ({Type})";

    /// <summary>The path, or the directory above it that is there; null below a directory that this user may not enter, where anything may be mounted.</summary>
    private static string? Nearest(string path)
    {
        try
        {
            var there = path;
            while (Posix.StatusOrNull(there) is null && Path.GetDirectoryName(there) is { } above)
            {
                there = above;
            }

            return there;
        }
        catch (PosixError)
        {
            return null;
        }
    }

    private static bool Open(string path)
    {
        try
        {
            Posix.OpenDirectory(Posix.Here, Posix.Bytes(path), follow: true).Dispose();
            return true;
        }
        catch (PosixError)
        {
            return false;
        }
    }

    private static string? IdOf(string path, MountedPlace mount)
    {
        try
        {
            return LastingIds.Contains(mount.Type) ? Posix.Space(path).Id.ToString("x", CultureInfo.InvariantCulture) : OfDevice(mount.Device);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What udev knows of a block device; a sandbox without devices can read that, too.</summary>
    private static string? OfDevice(string device)
    {
        const string key = "E:ID_FS_UUID=";
        var known = $"/run/udev/data/b{device}";
        return File.Exists(known) ? File.ReadLines(known).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal))?[key.Length..] : null;
    }
}
