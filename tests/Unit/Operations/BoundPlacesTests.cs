using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>Parts of a tree that are seen at two places, by the kernel's table of mounts.</summary>
public sealed class BoundPlacesTests
{
    private const string Disk = "21 1 8:1 / / rw - ext4 /dev/sda1 rw";

    [Fact]
    public void A_directory_that_is_mounted_elsewhere_has_to_stay()
    {
        var bound = Of(Disk, "30 21 8:1 /srv/st/k/deep /www rw - ext4 /dev/sda1 rw");
        Assert.True(bound.IsElsewhere("k/deep"));
        Assert.False(bound.IsElsewhere("k") || bound.IsElsewhere(""));
        Assert.Empty(bound.Files);
    }

    [Fact]
    public void The_whole_tree_mounted_elsewhere_has_to_stay() => Assert.True(Of(Disk, "30 21 8:1 /srv/st /www rw - ext4 /dev/sda1 rw").IsElsewhere(""));

    [Fact]
    public void What_another_process_has_mounted_counts_as_well()
    {
        Assert.True(OfContainer("91 90 8:1 /srv/st/k /data rw - ext4 /dev/sda1 rw").IsElsewhere("k"));
    }

    [Fact]
    public void A_directory_on_which_another_process_has_something_mounted_has_to_stay()
    {
        var bound = OfContainer("91 90 8:1 /srv/st /data rw - ext4 /dev/sda1 rw", "92 91 8:1 /volumes/up /data/k/up rw - ext4 /dev/sda1 rw", "93 92 8:1 /other /data/k/up/deep rw - ext4 /dev/sda1 rw");
        Assert.True(bound.IsCovered("k/up"));
        Assert.False(bound.IsCovered("k") || bound.IsCovered("k/up/deep") || bound.IsElsewhere("k/up"));
    }

    [Fact]
    public void A_file_on_which_another_process_has_one_mounted_has_to_stay()
    {
        var bound = OfContainer("91 90 8:1 /srv/st /data rw - ext4 /dev/sda1 rw", "92 91 8:1 /secret /data/k/file rw - ext4 /dev/sda1 rw");
        Assert.True(bound.IsCovered("k/file"));
        Assert.False(bound.IsElsewhere("k/file"));
    }

    [Fact]
    public void What_a_service_has_bound_over_itself_hides_nothing()
    {
        var bound = OfContainer("91 90 8:1 / /data rw - ext4 /dev/sda1 rw", "92 91 8:1 /srv/st/k /data/srv/st/k rw - ext4 /dev/sda1 rw");
        Assert.True(bound.IsElsewhere("k"));
        Assert.False(bound.IsCovered("k"));
    }

    [Fact]
    public void A_second_place_in_the_tree_is_known_by_the_first_one()
    {
        var bound = Of(Disk, "30 21 8:1 /srv/st/a /srv/st/b rw - ext4 /dev/sda1 rw");
        Assert.Equal("/srv/st/a", bound.FirstPlace("b"));
        Assert.Null(bound.FirstPlace("a"));
        Assert.True(bound.IsElsewhere("a"));
    }

    [Fact]
    public void Of_two_mounts_of_the_same_the_first_is_the_one()
    {
        var bound = Of(Disk, "30 21 8:1 /out /srv/st/x rw - ext4 /dev/sda1 rw", "31 21 8:1 /out/in /srv/st/y rw - ext4 /dev/sda1 rw", "32 21 8:1 /out /srv/st/z rw - ext4 /dev/sda1 rw");
        Assert.Null(bound.FirstPlace("x"));
        Assert.Equal("/srv/st/x/in", bound.FirstPlace("y"));
        Assert.Equal("/srv/st/x", bound.FirstPlace("z"));
    }

    [Fact]
    public void What_is_mounted_over_itself_or_from_elsewhere_is_no_second_place()
    {
        var bound = Of(Disk, "30 21 8:1 /srv/st/a /srv/st/a rw - ext4 /dev/sda1 rw", "31 21 8:2 /srv/st/c /srv/st/b rw - ext4 /dev/sdb1 rw", "32 21 8:1 /srv/other /www rw - ext4 /dev/sda1 rw");
        Assert.Null(bound.FirstPlace("a") ?? bound.FirstPlace("b"));
        Assert.False(bound.IsElsewhere("") || bound.IsElsewhere("c"));
    }

    [Fact]
    public void A_mount_that_holds_the_tree_is_known() => Assert.True(Of(Disk, "30 21 8:1 /srv /srv/st/loop rw - ext4 /dev/sda1 rw").IsAround("loop"));

    [Fact]
    public void A_file_that_is_mounted_elsewhere_is_named() =>
        Assert.Equal(["/srv/st/file"], Of(Disk, "30 21 8:1 /srv/st/file /etc/file rw - ext4 /dev/sda1 rw").Files);

    [Fact]
    public void Without_a_table_nothing_is_known() => Assert.False(Of().IsElsewhere(""));

    private static BoundPlaces OfContainer(params string[] table) =>
        BoundPlaces.Of("/srv/st", MountTable.Parse([Disk]), [MountTable.Parse(["90 1 0:40 / / rw - overlay overlay rw", .. table])], Look);

    private static BoundPlaces Of(params string[] table)
    {
        var mounts = MountTable.Parse(table);
        return BoundPlaces.Of("/srv/st", mounts, [], path => mounts.Place(path) is { } place ? Status(place.Device + place.Path, path) : null);
    }

    private static FileStatus? Look(string path) => Status(path, path);

    private static FileStatus? Status(string place, string path) =>
        new FileStatus(path.EndsWith("file", StringComparison.Ordinal) ? 0x81A4u : 0x41EDu, 0, 0, 0, 1, (ulong)place.GetHashCode(StringComparison.Ordinal), 1, 0, 0, default, default);
}
