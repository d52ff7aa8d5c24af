using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class FileSystemIdentityTests
{
    private static readonly FileSystemIdentity Root = new("ext4", "1", null, IsRoot: true);
    private static readonly FileSystemIdentity Container = new("overlay", null, "overlay", IsRoot: true);
    private static readonly FileSystemIdentity Disk = new("ext4", "2", null, IsRoot: false);
    private static readonly FileSystemIdentity OtherDisk = new("ext4", "3", null, IsRoot: false);
    private static readonly FileSystemIdentity Stick = new("vfat", "A1B2-C3D4", null, IsRoot: false);
    private static readonly FileSystemIdentity Unnamed = new("exfat", null, null, IsRoot: false);
    private static readonly FileSystemIdentity Subvolume = new("btrfs", "662f74aafbb7d9a0", null, IsRoot: false);
    private static readonly FileSystemIdentity Share = new("nfs4", null, "nas:/media", IsRoot: false);

    public static TheoryData<object, object, bool> Pairs => new()
    {
        // What it was, what it is, whether that is certainly another.
        { Disk, Disk, false },
        { Disk, Root, true },
        { Disk, OtherDisk, true },
        { Disk, Stick, true },
        { Stick, Root, true },
        { Unnamed, Unnamed, false },
        { Unnamed, Stick, true },
        { Share, Share, false },
        { Share, Share with { Source = "nas:/other" }, true },
        { Share, Root, true },
        { Share, Container, true },

        // Upgraded in place, and a driver of the kernel instead of FUSE's.
        { Disk with { Type = "ext3" }, Disk, false },
        { Stick with { Type = "fuseblk" }, Stick with { Type = "ntfs3" }, false },

        // A subvolume that was made anew, and another disk.
        { Subvolume, Subvolume with { Id = "662f74a9fbb7d9a0" }, false },
        { Subvolume, Subvolume with { Id = "662f74aafbb7d9a1" }, true },
        { Disk with { Id = "662f74aafbb7d9a0" }, Disk with { Id = "662f74a9fbb7d9a0" }, true },

        // Moved to a disk of its own; a container's root, new at each start; a new root.
        { Root, Disk, false },
        { Container, Container with { Source = "none" }, false },
        { Root, Root with { Id = "9" }, false },
        { Container, Share, false },
    };

    [Theory]
    [MemberData(nameof(Pairs))]
    public void A_file_system_is_another_if_that_is_certain(object was, object now, bool isOther) =>
        Assert.Equal(isOther, ((FileSystemIdentity)now).IsOther((FileSystemIdentity)was));

    [Theory]
    [InlineData("/srv", "/", true)]
    [InlineData("/srv", null, false)]
    [InlineData(null, "/", false)]
    [InlineData("/srv", "/srv", false)]
    [InlineData("/", "/srv", false)]
    [InlineData("/srv", "/srv/app", false)]
    [InlineData("/srv/app", "/srv", true)]
    [InlineData("/srv", "/data", false)]
    public void What_is_mounted_nearer_to_the_root_than_it_was_is_not_mounted(string? was, string? now, bool isUnmounted) =>
        Assert.Equal(isUnmounted, (Root with { Point = now }).IsUnmounted(Root with { Point = was }));

    /// <summary>A service's sandbox binds each directory that it may write to over itself; a subvolume of btrfs and what is bound to another place are mounted.</summary>
    [Theory]
    [InlineData("/srv/kept", "/srv")]
    [InlineData("/home/user", "/")]
    [InlineData("/srv", "/srv")]
    [InlineData("/bound/below", "/bound")]
    [InlineData("/disk/backups", "/disk")]
    [InlineData("/elsewhere", "/")]
    public void What_a_sandbox_binds_over_itself_is_mounted_where_it_was(string path, string point)
    {
        var table = MountTable.Parse(
        [
            "22 1 0:30 /@ / rw - btrfs /dev/sda1 rw", "23 22 0:30 /@srv /srv rw - btrfs /dev/sda1 rw", "24 23 0:30 /@srv/kept /srv/kept rw - btrfs /dev/sda1 rw",
            "25 22 0:30 /@/volumes/one /bound rw - btrfs /dev/sda1 rw", "26 22 8:2 / /disk rw - ext4 /dev/sdb1 rw", "27 26 8:2 /backups /disk/backups rw - ext4 /dev/sdb1 rw",
            "28 22 0:40 / /home rw - tmpfs tmpfs rw", "29 28 0:30 /@/home/user /home/user rw - btrfs /dev/sda1 rw",
        ]);

        Assert.Equal(point, table.PointOf(table.Over(path)!));
    }

    [Fact]
    public void A_place_that_is_not_there_yet_is_on_what_is_above_it()
    {
        var table = MountTable.Parse(["22 1 8:1 / / rw,relatime shared:1 - xfs /dev/sda1 rw", "23 22 0:50 / /nowhere rw - nfs4 nas:/media rw"]);

        Assert.Equal(new FileSystemIdentity("xfs", null, null, IsRoot: true, "/"), FileSystemIdentity.Of("/nowhere/to/be/found", table));
        Assert.Null(FileSystemIdentity.Of("/", MountTable.Parse([])));
    }
}
