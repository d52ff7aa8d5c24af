using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>What is mounted inside a tree, and whether its absence would be missed.</summary>
public sealed class TreeMountsTests : IDisposable
{
    private const string Root = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw";

    private readonly TempDirectory temp = new();
    private readonly string tree;

    public TreeMountsTests() => tree = temp.Make("media");

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData("ext4", "/dev/sdb1")]
    [InlineData("nfs4", "nas:/export/uploads")]
    [InlineData("nfs", "nas:/export/uploads")]
    [InlineData("fuse.sshfs", "web@app:/srv/uploads")]
    [InlineData("zfs", "tank/media/uploads")]
    public void What_somebody_mounts_for_good_is_watched(string type, string source) =>
        Assert.Equal(["uploads"], Find($"31 22 0:51 / {tree}/uploads rw - {type} {source} rw"));

    [Theory]
    [InlineData("tmpfs", "tmpfs")]
    [InlineData("squashfs", "/dev/loop7")]
    public void What_programs_mount_while_they_run_is_not(string type, string source) =>
        Assert.Empty(Find($"31 22 0:51 / {tree}/uploads rw - {type} {source} rw"));

    /// <summary>The kernel mounts it when somebody goes there, and unmounts it after some minutes without anybody.</summary>
    [Theory]
    [InlineData("nfs")]
    [InlineData("nfs4")]
    public void What_a_server_has_below_its_export_comes_and_goes(string type) => Assert.Equal(["disk"], Find(
        $"30 22 0:50 / {tree} rw - {type} nas:/export rw",
        $"31 30 0:51 / {tree}/projects rw - {type} nas:/export/projects rw",
        $"32 31 0:52 / {tree}/projects/2025 rw - {type} nas:/export/projects/2025 rw",
        $"33 30 8:17 / {tree}/disk rw - ext4 /dev/sdb1 rw"));

    [Fact]
    public void Snapshots_of_ZFS_come_and_go() => Assert.Equal(["uploads"], Find(
        $"30 22 0:50 / {tree} rw - zfs tank/media rw",
        $"31 30 0:51 / {tree}/.zfs/snapshot/daily-2026-11-29 ro - zfs tank/media@daily-2026-11-29 rw",
        $"32 30 0:52 / {tree}/uploads rw - zfs tank/media/uploads rw"));

    /// <summary>Relative to the tree. All of them are there, as directories.</summary>
    private IEnumerable<string> Find(params string[] lines)
    {
        var table = MountTable.Parse([Root, .. lines]);
        foreach (var mount in table.All)
        {
            Directory.CreateDirectory(mount.Point);
        }

        var found = new TreeMounts(new TreeOptions("media", tree, [], OneFileSystem: false), ForeignPlaces.None, table).Find();
        return found.Keys.Select(point => Path.GetRelativePath(tree, point));
    }
}
