using System.Text.RegularExpressions;

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

        site.Run("create", "storage", "--dry-run").Fails(1, $"storage 'storage', {disk}, was on ");
        NamesNoMount(site.Run("create", "storage").Fails(1, "mount it", "create --moved"), $"storage 'storage', {disk}");
        site.Run("create").IsPartial($"storage 'storage', {disk}, was on ");
        site.Run("doctor").Prints("was on ");
        site.Run("create", "storage", "--moved").IsPartial("lost its content");
        site.Run("create", "storage", "--accept-shrink").Succeeds();
    }

    /// <summary>What would be restored there is hidden as soon as the disk is mounted.</summary>
    [Fact]
    public void Nothing_is_restored_in_place_below_a_disk_that_is_not_mounted()
    {
        var disk = site.MountMemory("app/storage", "size=1m");
        site.Write("kept", "on the disk");
        site.Create();
        Command.Run("umount", disk).Succeeds();

        var lost = $"storage 'storage', {disk}, was on ";
        site.Run("restore", "latest", "--yes", "--dry-run").Fails(1, lost, "restore … --moved");
        NamesNoMount(site.Run("restore", "latest", "--yes").Fails(1, "mount it"), $"storage 'storage', {disk}");
        site.Run("restore", "latest", "--yes", "--as-in-snapshot", "--allow", site.Root).Fails(1, lost);
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk));
        Assert.Empty(Directory.GetFileSystemEntries(Path.GetDirectoryName(disk)!, "*before_restore*"));

        // What is on other disks, and elsewhere.
        site.Run("restore", "latest", "--only", "database", "--yes").Succeeds();
        site.Run("restore", "latest", "--to", Path.Combine(site.Root, "there")).Succeeds();
        site.Run("restore", "latest", "--moved", "--to", Path.Combine(site.Root, "other")).Fails(2, "in place");

        // A new disk is as good as the old one, once that is said; and it is known from then on.
        site.Run("restore", "latest", "--yes", "--moved").Succeeds();
        Assert.Equal("on the disk", File.ReadAllText(Path.Combine(disk, "kept")));
        site.Run("restore", "latest", "--yes").Succeeds();
        site.Run("create").Succeeds();
    }

    /// <summary>Root restores as root. What it remembers of where is for the next backup, which runs as the owner of the backups.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Where_root_restored_to_is_remembered_for_the_owner_of_the_backups(bool isFirst)
    {
        var disk = site.MountMemory("app/storage", "size=1m");
        site.Write("kept", "on the disk");
        Command.Shell($"chmod 755 .; chmod -R go+rX app; chown {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} backups", site.Root);
        var memory = new Dictionary<string, string?> { ["STATE_DIRECTORY"] = site.In("state") };
        site.Run(["create", "storage"], memory).Succeeds();
        Command.Run("umount", disk).Succeeds();
        if (isFirst)
        {
            Command.Shell("rm -r state", site.Root);
        }
        else
        {
            site.Run(["restore", "latest", "--yes"], memory).Fails(1, $"storage 'storage', {disk}, was on ");
        }

        site.Run(["restore", "latest", "--yes", "--moved"], memory).Succeeds();

        Assert.All(Tree.Describe(site.In("state")), entry => Assert.Equal($"{Machine.OrdinaryUser}:{Machine.OrdinaryGroup}", entry.Owner));
        Assert.DoesNotContain("cannot be remembered", site.Run(["create", "storage"], memory).Succeeds().Errors, StringComparison.Ordinal);

        // A disk that comes is no disk that is missed, and is known from then on.
        site.MountMemory("app/storage", "size=1m");
        site.Write("kept", "on another disk");
        site.Run(["create", "storage"], memory).Succeeds();
        Command.Run("umount", disk).Succeeds();
        site.Run(["create", "storage"], memory).Fails(1, $"storage 'storage', {disk}, was on ");
        site.Run(["restore", "latest", "--yes", "--moved"], memory).Succeeds();
        site.Run(["create", "storage"], memory).Succeeds();
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

        site.Run("create", "--dry-run").Fails(1, $"the backup directory, {backups}, was on ");
        NamesNoMount(site.Run("create").Fails(1), $"the backup directory, {backups}");
        Assert.Empty(Directory.EnumerateFileSystemEntries(backups));
        site.Run("create", "--moved").Succeeds();
        site.Run("create").Succeeds();
    }

    /// <summary>It is not made by whoever brings snapshots, either.</summary>
    [Fact]
    public void A_disk_that_is_not_mounted_is_not_filled_by_a_pull_or_an_import()
    {
        var disk = site.MountMemory("disk", "size=8m");
        site.Settings["backup_dir"] = disk;
        site.Settings["offsite"] = new System.Text.Json.Nodes.JsonObject { ["remote"] = site.In("second") };
        site.Run("create").Succeeds();
        var old = new PythonSystem(site);
        old.Create("storage", "20240112_030000");
        Command.Run("umount", disk).Succeeds();

        site.Run("offsite", "pull").Fails(1, $"the backup directory, {disk}, was on ", "offsite pull --moved");
        site.Run("import", old.Backups).Fails(1, $"the backup directory, {disk}, was on ", "import --moved");
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk));
        site.Run("offsite", "pull", "--moved").Succeeds().Prints("brought to");
        site.Run("import", old.Backups).Succeeds().Prints("imported 1 backup");
        site.Run("create").Succeeds();
    }

    /// <summary>Copies on the disk that they are to outlive are none.</summary>
    [Theory]
    [InlineData("")]
    [InlineData(":local:")]
    [InlineData("disk:")]
    [InlineData("short:", "")]
    [InlineData("secret:", "")]
    public void A_second_disk_that_is_not_mounted_gets_no_copies_on_the_first(string prefix, string? path = null)
    {
        var disk = site.MountMemory("second", "size=8m");
        var copies = Directory.CreateDirectory(Path.Combine(disk, "copies")).FullName;
        site.Settings["offsite"] = new System.Text.Json.Nodes.JsonObject { ["remote"] = prefix + (path ?? copies), ["rclone_config"] = site.In("rclone.conf") };
        File.WriteAllText(
            site.In("rclone.conf"),
            $"[disk]\ntype = local\n[short]\ntype = alias\nremote = {copies}\n[secret]\ntype = crypt\nremote = short:\npassword = {Command.Run("rclone", "obscure", "hello").Output.Trim()}\n",
            System.Text.Encoding.ASCII);
        Command.Shell("chmod 600 rclone.conf", site.Root);
        site.Create();
        site.Run("offsite", "push").Succeeds();
        Command.Run("umount", disk).Succeeds();

        NamesNoMount(site.Run("create").Succeeds().Says("not in the second place", "offsite push --moved"), $"the second place, {copies}");
        site.Run("offsite", "push").Fails(1, "the second place", "was on ", "mount it");
        site.Run("doctor").Ends(1).Prints("second place: the second place", "was on ");
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk));
        site.Run("offsite", "push", "--moved").Succeeds();
        site.Run("offsite", "push").Succeeds();
        Command.Shell("rm -r second/copies", site.Root);
        site.Run("offsite", "push").Fails(1, $"there is no repository in {copies} any more", "offsite push --moved");
    }

    [Fact]
    public void A_drill_does_not_fill_the_disk_below_the_one_it_was_given()
    {
        var disk = site.MountMemory("room", "size=64m");
        site.Settings["drill"] = new System.Text.Json.Nodes.JsonObject { ["dir"] = disk };
        site.Create();
        site.Run("drill").Succeeds();
        Command.Run("umount", disk).Succeeds();
        site.Run("doctor").Ends(1).Prints($"the drill's directory, {disk}, was on ");
        site.Run("drill").Fails(1, $"the drill's directory, {disk}, was on ", "drill --moved");
        site.Run("drill", "--moved").Succeeds();
        site.Run("drill").Succeeds();
    }

    /// <summary>Whoever asks hears that backups were there, and not how to begin.</summary>
    [Fact]
    public void Backups_whose_disk_is_not_mounted_are_not_said_to_have_never_been_there()
    {
        var disk = site.MountMemory("disk", "size=8m");
        site.Settings["backup_dir"] = disk;
        site.Run("create").Succeeds();
        Command.Run("umount", disk).Succeeds();
        foreach (var verb in new[] { "list", "status", "verify" })
        {
            site.Run(verb).Fails(10, $"the backup directory, {disk}, was on ", "mount it");
        }

        site.Run("doctor").Ends(1).Prints("was on ");
        Directory.Delete(disk);
        site.Run("list").Fails(10, $"the backup directory, {disk}, was on ", "mount it");
        site.Run("doctor").Ends(1).Prints("was on ");
    }

    [Fact]
    public void Backups_that_are_gone_are_not_said_to_have_never_been_there()
    {
        site.Create();
        Command.Shell("rm -r backups/*", site.Root);
        site.Run("list").Fails(10, $"there is no repository in {site.Backups} any more");
        Directory.Delete(site.Backups);
        site.Run("status").Fails(10, $"there is no repository in {site.Backups} any more");
        site.Run("doctor").Ends(1).Prints($"there is no repository in {site.Backups} any more");
    }

    /// <summary>Where the tests' own directory is in memory, what is below the mount is of the same kind.</summary>
    private static void NamesNoMount(Result result, string place) => Assert.Matches(
        $@"{Regex.Escape(place)}, was on (tmpfs \(tmpfs\) and is now on the root file system|what was mounted at \S+, and nothing is mounted there now)", result.Errors);

    /// <summary>As a subvolume of btrfs, or a second file system in memory: what is there without it is of the same file system.</summary>
    [Fact]
    public void A_directory_that_is_not_bound_to_its_place_any_more_is_missed()
    {
        Machine.NeedRoot("mounting a file system");
        site.Settings["backup_dir"] = site.In("disk/backups");
        Command.Shell("mkdir -p volume/storage volume/backups disk; echo kept >volume/storage/kept; mount --bind volume disk; mount --bind volume/storage app/storage", site.Root);
        try
        {
            site.Run("create").Succeeds();
            site.Run("create").Succeeds();
            Command.Shell("umount app/storage", site.Root);
            site.Run("create").IsPartial($"storage 'storage', {site.Storage}, was on what was mounted at {site.Storage}, and nothing is mounted there now", "create --moved");
            Command.Shell("umount disk; mkdir disk/backups", site.Root);
            site.Run("create").Fails(1, $"the backup directory, {site.In("disk/backups")}, was on what was mounted at {site.In("disk")}, and nothing is mounted there now");
            Assert.Empty(Directory.EnumerateFileSystemEntries(site.In("disk/backups")));
        }
        finally
        {
            Command.Run("umount", site.In("disk"));
            Command.Run("umount", site.Storage);
        }
    }

    /// <summary>What is mounted in a tree is a part of it: the tree is there, and a part of it is not.</summary>
    [Fact]
    public void A_disk_inside_a_source_that_is_not_mounted_is_missed()
    {
        Machine.NeedRoot("mounting a file system");
        Machine.NeedLoopDevices();
        site.TreeSettings["one_file_system"] = false;
        site.TreeSettings["exclude"] = new System.Text.Json.Nodes.JsonArray("/left/");
        Command.Shell(
            "mkdir -p app/storage/up/loads app/storage/left app/storage/memory app/storage/gone; for i in one two three; do truncate -s 16M $i; mkfs.ext4 -q $i; done; touch bound app/storage/file; echo here >app/storage/here",
            site.Root);
        try
        {
            site.Run("create").Succeeds();
            Command.Shell(
                "cd app/storage; mount -o loop ../../one up/loads; echo kept >up/loads/kept; mount -o loop ../../two left; mount -o loop ../../three gone; mount -t tmpfs tmpfs memory; mount --bind ../../bound file", site.Root);
            site.Run("create").Succeeds();
            Command.Shell("cd app/storage; umount left; umount gone; rmdir gone; umount memory; umount file", site.Root);
            site.Run("create").Succeeds();
            Command.Shell("umount app/storage/up/loads", site.Root);

            var sentence = $"what is mounted in storage 'storage', {site.Storage}/up/loads, was on a file system of its own (ext4, ";
            site.Run("create").IsPartial(sentence, "a disk is not mounted", "everything else was saved");
            site.Run("create", "storage", "--dry-run").Fails(1, sentence);
            site.Run("doctor").Ends(1).Prints(sentence);
            site.Run("restore", "latest", "--yes").Fails(1, sentence, "--moved");
            Assert.Empty(Directory.EnumerateFileSystemEntries(site.InStorage("up/loads")));
            site.Run("create", "storage", "--moved");
            site.Run("create", "storage", "--accept-shrink").Succeeds();
        }
        finally
        {
            Command.Shell("cd app/storage; umount up/loads left gone memory file 2>/dev/null || true", site.Root);
        }
    }

    /// <summary>One takes it to back up a state that does not change meanwhile.</summary>
    [Fact]
    public void A_snapshot_that_btrfs_takes_anew_each_night_is_the_same_disk()
    {
        Machine.NeedRoot("mounting a file system");
        Machine.NeedLoopDevices();
        var top = Directory.CreateDirectory(site.In("top")).FullName;
        Command.Shell("truncate -s 120M image; mkfs.btrfs -q image; mount -o loop image top; btrfs -q subvolume create top/data; echo kept >top/data/kept", site.Root);
        try
        {
            site.TreeSettings["path"] = Path.Combine(top, "current");
            for (var night = 0; night < 3; night++)
            {
                Command.Shell("[ ! -e top/current ] || btrfs -q subvolume delete top/current; btrfs -q subvolume snapshot -r top/data top/current", site.Root);
                site.Run("create", "storage").Succeeds();
            }

            Command.Shell("umount top; mkdir top/current", site.Root);
            site.Run("create", "storage").Fails(1, "was on a file system of its own (btrfs, ", "is now on the root file system");
        }
        finally
        {
            Command.Run("umount", top);
        }
    }

    /// <summary>The pool is there, and what was on the disk is not.</summary>
    [Theory]
    [InlineData("storage")]
    [InlineData("backups")]
    [InlineData("offsite")]
    [InlineData("drill")]
    public void A_branch_of_a_pool_that_is_not_mounted_is_a_disk_that_is_not_mounted(string role)
    {
        var disk = site.MountMemory("disk", "size=64m");
        Command.Shell("mkdir -p one/here disk/here", site.Root);
        var pool = site.MountFuse("pool", "mergerfs -o category.create=ff,minfreespace=0 $PWD/disk:$PWD/one $1");
        var here = Path.Combine(pool, "here");
        (role switch { "storage" => site.TreeSettings, "drill" => Section("drill"), "offsite" => Section("offsite"), _ => site.Settings })[
            role switch { "storage" => "path", "drill" => "dir", "offsite" => "remote", _ => "backup_dir" }] = here;
        Command.Shell("echo a >disk/here/a; echo b >app/storage/b", site.Root);
        string[] use = role switch { "offsite" => ["offsite", "push"], "drill" => ["drill"], _ => ["create", "storage"] };
        if (role != "storage")
        {
            File.Delete(Path.Combine(disk, "here/a"));
        }

        site.Run("create", "storage").Succeeds();
        site.Run(use).Succeeds();
        Command.Shell("mkdir -p three/here; setfattr -n user.mergerfs.branches -v \"+>$PWD/three\" pool/.mergerfs", site.Root);
        site.Run(use).Succeeds();
        Command.Run("umount", "-l", disk).Succeeds();

        site.Run(use).Fails(1, here, $"is on the pool {pool}, whose branch {disk} was on ", "mount it", "--moved");
        site.Run("doctor").Ends(1).Prints($"whose branch {disk} was on ");
        Assert.Empty(Directory.EnumerateFileSystemEntries(disk));

        System.Text.Json.Nodes.JsonNode Section(string name) => site.Settings[name] = new System.Text.Json.Nodes.JsonObject();
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

            // Nor is anything noted in another site's repository.
            Command.Shell("umount disk; mount -o loop two disk", site.Root);
            site.Run("create", "--moved").Succeeds();
            Command.Shell("umount disk; mount -o loop one disk", site.Root);
            site.Run("create", "--moved").Succeeds();
            Command.Shell("umount disk; mount -o loop two disk", site.Root);
            var before = Tree.Describe(disk);
            site.Run("create").Fails(1, "and is now on a file system of its own (ext4, ");
            Assert.Equal(before, Tree.Describe(disk));
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
