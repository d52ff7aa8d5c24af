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

    [Fact]
    public void A_disk_that_is_not_mounted_is_no_empty_source()
    {
        var disk = site.MountMemory("app/storage", "size=1m");
        site.Write("kept", "on the disk");
        site.Create();
        Command.Run("umount", disk).Succeeds();

        site.Run("create", "storage").Fails(1, $"storage 'storage', {disk}, was on tmpfs (tmpfs) and is now on the root file system", "mount it", "create --moved");
        site.Run("create").IsPartial($"storage 'storage', {disk}, was on tmpfs");
        site.Run("doctor").Prints("was on tmpfs");
        site.Run("create", "storage", "--moved").IsPartial("lost its content");
        site.Run("create", "storage", "--accept-shrink").Succeeds();
    }

    [Fact]
    public void A_disk_that_is_not_mounted_gets_no_new_repository()
    {
        var disk = site.MountMemory("disk", "size=8m");
        var backups = Directory.CreateDirectory(Path.Combine(disk, "backups")).FullName;
        site.Settings["backup_dir"] = backups;
        site.Run("create").Succeeds();
        Command.Run("umount", disk).Succeeds();
        Directory.CreateDirectory(backups);

        site.Run("create").Fails(1, $"the backup directory, {backups}, was on tmpfs (tmpfs) and is now on the root file system");
        Assert.Empty(Directory.EnumerateFileSystemEntries(backups));
        site.Run("create", "--moved").Succeeds();
        site.Run("create").Succeeds();
    }

    [Fact]
    public void Another_disk_at_the_same_place_is_another()
    {
        Machine.NeedRoot("mounting a file system");
        Machine.NeedLoopDevices();
        var disk = Directory.CreateDirectory(site.In("disk")).FullName;
        Command.Shell("for i in one two; do truncate -s 16M $i; mkfs.ext4 -q $i; mount -o loop $i disk; mkdir disk/backups; umount disk; done; mount -o loop one disk", site.Root);
        try
        {
            site.Settings["backup_dir"] = Path.Combine(disk, "backups");
            site.Run("create").Succeeds();
            Command.Shell("umount disk; mount -o loop two disk", site.Root);
            site.Run("create").Fails(1, "was on a file system of its own (ext4, ", "and is now on a file system of its own (ext4, ");
            Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(disk, "backups")));

            // The first one, wherever its device is now.
            Command.Shell("umount disk; mount -o loop one disk", site.Root);
            site.Run("create").Succeeds();
        }
        finally
        {
            Command.Run("umount", disk);
        }
    }

    [Fact]
    public void A_repository_that_is_gone_is_not_begun_anew_by_itself()
    {
        site.Create();
        Command.Shell("rm -r backups/*", site.Root);

        site.Run("create").Fails(1, $"there is no repository in {site.Backups} any more", "create --moved");
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.Backups));
        site.Run("create", "--moved").Succeeds();
    }
}
