namespace VertexAr.Backup.EndToEnd;

/// <summary>Backups on file systems that keep fewer promises than a disk's own.</summary>
public sealed class PlacesTests : IDisposable
{
    private readonly Site site = new(withMedia: false);

    public void Dispose() => site.Dispose();

    /// <summary>bindfs keeps a file that is removed while it is open under another name, as sshfs and NFS do.</summary>
    [Fact]
    public void Where_files_stay_until_they_are_closed_each_night_ends_well_and_rotates()
    {
        Machine.NeedRoot("mounting a file system");
        var mount = Directory.CreateDirectory(site.In("share")).FullName;
        var mounted = Command.Run("bindfs", Directory.CreateDirectory(site.In("server")).FullName, mount);
        Assert.SkipWhen(mounted.Code != 0, $"this machine does not mount by FUSE: {mounted.Errors.Trim()}");
        try
        {
            var backups = Directory.CreateDirectory(Path.Combine(mount, "backups")).FullName;
            site.Settings["backup_dir"] = backups;
            site.Settings["max_backups"] = 2;
            foreach (var night in new[] { "one", "two", "three" })
            {
                site.Write("night", night);
                Assert.DoesNotContain("warning", site.Run("create").Succeeds().Errors, StringComparison.OrdinalIgnoreCase);
            }

            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(backups, "staging")));
            Assert.Equal(2, Directory.GetFiles(Path.Combine(backups, "snapshots"), "*Z.json").Length);
            site.Run("drill").Succeeds();
            site.Run("restore", "latest", "--to", Path.Combine(mount, "restored")).Succeeds();
            Assert.Equal("three", File.ReadAllText(Path.Combine(mount, "restored/storage/night")));
            site.Run("verify", "--deep").Succeeds();
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(backups, "staging")));
        }
        finally
        {
            Command.Run("umount", mount);
        }
    }
}
