using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class MountTableTests
{
    private static readonly MountTable Table = MountTable.Parse(
    [
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
        "30 22 8:1 /srv/media /data/my\\040media rw - ext4 /dev/sda1 rw",
        "31 22 0:40 / /srv/tmp rw - tmpfs tmpfs rw",
        "32 31 8:2 /deep /srv/tmp rw - ext4 /dev/sdb1 rw",
        "33 22 8:1 /var/app.db /srv/inside.db rw - ext4 /dev/sda1 rw",
        "40 22 8:1 /opt/app /opt/app rw - ext4 /dev/sda1 rw",
        "41 40 8:1 /opt/app/db /opt/app/db rw - ext4 /dev/sda1 rw",
        "broken",
    ]);

    [Theory]
    [InlineData("/srv/media/a", "8:1", "/srv/media/a")]
    [InlineData("/data/my media/a", "8:1", "/srv/media/a")]
    [InlineData("/data/my media", "8:1", "/srv/media")]
    [InlineData("/data/my media2", "8:1", "/data/my media2")]
    [InlineData("/srv/tmp/x", "8:2", "/deep/x")]
    [InlineData("/srv/inside.db", "8:1", "/var/app.db")]
    [InlineData("/", "8:1", "/")]
    public void A_path_has_one_place_in_its_file_system_whatever_mount_it_is_seen_by(string path, string device, string place) =>
        Assert.Equal((device, place), Table.Place(path));

    [Theory]
    [InlineData("fuse.sshfs", true)]
    [InlineData("fuse.bindfs", true)]
    [InlineData("fuse", true)]
    [InlineData("9p", true)]
    [InlineData("ext4", false)]
    [InlineData("exfat", false)]
    [InlineData("fuseblk", false)]
    [InlineData("fuse.gocryptfs", true)]
    [InlineData("fuse.ext4", false)]
    public void What_is_shared_with_others_has_a_far_side(string type, bool hasFarSide) =>
        Assert.Equal(hasFarSide, MountTable.Parse([$"22 1 8:1 / / rw - {type} /dev/sda1 rw"]).Over("/a")!.HasFarSide);

    [Theory]
    [InlineData("ext4", "rw", true)]
    [InlineData("fuse.sshfs", "rw,user_id=0,group_id=0", true)]
    [InlineData("fuse", "rw,user_id=0,group_id=0,allow_other", true)]
    [InlineData("vfat", "rw", false)]
    [InlineData("fuseblk", "rw,user_id=0,group_id=0,allow_other", false)]
    [InlineData("fuseblk", "rw,user_id=1000,group_id=1000", true)]
    public void Sticks_that_root_mounted_have_no_owners(string type, string options, bool hasOwners) =>
        Assert.Equal(hasOwners, MountTable.Parse([$"22 1 8:1 / / rw - {type} /dev/sda1 {options}"]).Over("/a")!.HasOwners);

    [Theory]
    [InlineData("/lib/over/1/diff/db/app.db", "/lib/over/1/merged/db/app.db")]
    [InlineData("/lib/over/1/merged/db/app.db", null)]
    [InlineData("/lib/over/1/lower/db/app.db", null)]
    [InlineData("/lib/over/1/different", null)]
    [InlineData("/my files/app.db", "/app.db")]
    public void What_lies_in_the_upper_directory_of_an_overlay_is_known_by_the_path_that_shows_it(string path, string? shown) => Assert.Equal(shown, MountTable.Parse(
    [
        "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
        "50 22 0:50 / /lib/over/1/merged rw,relatime shared:2 master:1 - overlay overlay rw,lowerdir=/lib/over/1/lower:/lib/over/2,upperdir=/lib/over/1/diff,workdir=/lib/over/1/work",
        "51 22 0:51 / / rw - overlay overlay rw,lowerdir=/,upperdir=/my\\040files/,workdir=/w",
    ]).InOverlay(path));

    [Fact]
    public void What_is_mounted_below_a_directory_is_listed()
    {
        Assert.Equal(["/srv/tmp", "/srv/tmp", "/srv/inside.db"], Table.Below("/srv").Select(mount => mount.Point));
        Assert.Empty(Table.Below("/sr"));
        Assert.DoesNotContain(Table.Below("/"), mount => mount.Point == "/");
    }

    [Theory]
    [InlineData(22, 40, true)]
    [InlineData(40, 41, true)]
    [InlineData(22, 41, true)]
    [InlineData(22, 30, false)]
    [InlineData(22, 31, false)]
    [InlineData(22, 33, false)]
    [InlineData(40, 22, false)]
    [InlineData(22, 99, false)]
    public void A_directory_that_is_bound_over_itself_is_known(ulong outer, ulong inner, bool isItself) =>
        Assert.Equal(isItself, Table.IsBoundOverItself(outer, inner));

    [Fact]
    public void The_table_of_this_machine_is_read() => Assert.NotNull(MountTable.Read().Place("/proc/self"));

    [Theory]
    [InlineData("/mnt/usb/backups", "/mnt/usb")]
    [InlineData("/mnt/usb", "/mnt/usb")]
    [InlineData("/mnt/usb2", null)]
    [InlineData("/my media/a/b", "/my media/a")]
    [InlineData("/srv", null)]
    public void The_table_of_what_to_mount_names_the_nearest_point(string path, string? point)
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllLines(
                file,
                ["# <file system> <mount point>", "", "UUID=1 / ext4 defaults 0 1", "UUID=2\t/mnt/usb\tauto noauto", "nas:/m /my\\040media nfs4", "nas:/a /my\\040media/a nfs4", "UUID=3 none swap sw", "/dev/x /srv"]);
            Assert.Equal(point, MountTable.PointInFstab(path, file));
        }
        finally
        {
            File.Delete(file);
        }
    }
}
