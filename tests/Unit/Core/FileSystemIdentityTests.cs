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

    [Fact]
    public void A_place_that_is_not_there_yet_is_on_what_is_above_it()
    {
        var table = MountTable.Parse(["22 1 8:1 / / rw,relatime shared:1 - xfs /dev/sda1 rw", "23 22 0:50 / /nowhere rw - nfs4 nas:/media rw"]);

        Assert.Equal(new FileSystemIdentity("xfs", null, null, IsRoot: true), FileSystemIdentity.Of("/nowhere/to/be/found", table));
        Assert.Null(FileSystemIdentity.Of("/", MountTable.Parse([])));
    }
}
