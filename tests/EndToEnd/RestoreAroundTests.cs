using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A restore in place leaves alone what it was not asked to bring back, wherever that lies; and one that was killed is ended by a command.</summary>
public sealed class RestoreAroundTests
{
    [Fact]
    public void A_database_in_the_tree_stays_open_while_the_tree_is_restored()
    {
        using var site = DatabaseInTree();
        site.Create();
        site.Write("portraits/1/portrait.jpg", "ruined");
        using var writer = new TestDatabase(site.InStorage("db/app.db"));
        writer.Execute("INSERT INTO account VALUES (9999, 0, 'later')");
        var inode = Inode(site.InStorage("db/app.db"));
        site.Run("restore", "latest", "--only", "storage", "--yes").Succeeds();
        Assert.Equal(inode, Inode(site.InStorage("db/app.db")));
        writer.Execute("UPDATE account SET note = 'and later still' WHERE id = 9999");
        Assert.Equal(1, writer.Number("SELECT count(*) FROM account WHERE note = 'and later still'"));
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("portraits/1/portrait.jpg")));
        var kept = Assert.Single(Directory.GetDirectories(site.In("app"), "storage.before_restore_*"));
        Assert.Empty(Directory.EnumerateFiles(kept, "app.db*", SearchOption.AllDirectories));
        Assert.Equal("ruined", File.ReadAllText(Path.Combine(kept, "portraits/1/portrait.jpg")));
    }

    [Fact]
    public void A_directory_that_stays_gets_its_ACL_back_and_the_one_that_is_kept_has_the_other()
    {
        using var site = DatabaseInTree();
        site.Write("db/notes.txt", "saved");
        Command.Shell("chmod 700 db; setfacl -m u:1:rwx,d:u:1:rx db; setfattr -n user.origin -v camera db", site.Storage);
        var saved = Acl(site.InStorage("db"));
        site.Create();
        site.Write("db/notes.txt", "ruined");
        Command.Shell("setfacl -b db; setfacl -m u:2:r db; setfattr -n user.origin -v lost db", site.Storage);
        var later = Acl(site.InStorage("db"));
        site.Run("restore", "latest", "--only", "storage", "--yes").Succeeds();
        Assert.Equal("saved", File.ReadAllText(site.InStorage("db/notes.txt")));
        Assert.Equal(saved, Acl(site.InStorage("db")));
        var kept = Assert.Single(Directory.GetDirectories(site.In("app"), "storage.before_restore_*"));
        Assert.Equal(later, Acl(Path.Combine(kept, "db")));

        static string Acl(string directory) =>
            Command.Run("sh", "-c", "cd \"$1\" && getfacl -n . && getfattr -dm- .", "sh", directory).Succeeds().Output;
    }

    [Fact]
    public void A_file_of_the_tree_is_restored_while_the_application_holds_the_database()
    {
        using var site = new Site();
        site.Create();
        site.Write("portraits/1/portrait.jpg", "ruined");
        using var writer = site.OpenDatabase();
        writer.Execute("UPDATE account SET note = 'in use' WHERE id = 1");
        site.Run("restore", "latest", "--path", site.InStorage("portraits/1/portrait.jpg"), "--yes").Succeeds();
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("portraits/1/portrait.jpg")));
    }

    [Fact]
    public void All_of_a_site_with_everything_inside_its_tree_comes_back_even_from_nothing()
    {
        using var site = DatabaseInTree();
        site.Create();
        var dump = TestDatabase.Dump(site.InStorage("db/app.db"));
        Directory.Delete(site.Storage, recursive: true);
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(dump, TestDatabase.Dump(site.InStorage("db/app.db")));
        Assert.True(File.Exists(site.InStorage("portraits/1/portrait.jpg")));
        Assert.Equal(["app_data", "storage"], Directory.GetFileSystemEntries(site.In("app")).Select(path => Path.GetFileName(path)).Order());
    }

    [Fact]
    public void A_link_that_is_a_storage_stays_and_its_target_on_another_disk_is_restored()
    {
        using var site = new Site();
        var disk = site.MountMemory("disk", "size=50m");
        Command.Shell($"mkdir '{disk}/real' && cp -a '{site.Storage}/.' '{disk}/real/' && rm -r '{site.Storage}' && ln -s '{disk}/real' '{site.Storage}'");
        site.Create("storage");
        File.WriteAllText(Path.Combine(disk, "real/videos/clip.mp4"), "ruined");
        site.Run("restore", "latest", "--yes").Succeeds().Prints(disk);
        Assert.Equal(Path.Combine(disk, "real"), new FileInfo(site.Storage).LinkTarget);
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("videos/clip.mp4")));
    }

    [Fact]
    public void What_is_mounted_in_a_tree_stays_mounted_and_its_content_is_restored()
    {
        using var site = new Site();
        var mount = site.MountMemory("app/storage/ram", "size=20m");
        Command.Shell("mkdir d; echo one > d/a; echo two > b", mount);
        site.TreeSettings["one_file_system"] = false;
        site.Create("storage");
        Command.Shell("rm -r d; echo ruined > b; echo more > more", mount);
        site.Run("restore", "latest", "--yes").Succeeds();
        Command.Run("mountpoint", mount).Succeeds();
        Assert.Equal(("one\n", "two\n"), (File.ReadAllText(Path.Combine(mount, "d/a")), File.ReadAllText(Path.Combine(mount, "b"))));
        Assert.False(File.Exists(Path.Combine(mount, "more")));
        Assert.Equal("more\n", File.ReadAllText(Path.Combine(Assert.Single(Directory.GetDirectories(mount, ".before_restore_*")), "more")));
    }

    [Fact]
    public void What_is_mounted_in_a_tree_and_was_not_saved_stays_as_it_is()
    {
        using var site = new Site();
        var mount = site.MountMemory("app/storage/ram", "size=20m");
        Command.Shell("echo theirs > a", mount);
        site.Run("create", "storage");
        site.Write("portraits/1/portrait.jpg", "ruined");
        site.Run("restore", "latest", "--dry-run").Succeeds().Prints("one by one", $"left alone: {mount}", "mounted there");
        site.Run("restore", "latest", "--yes").Succeeds();
        Command.Run("mountpoint", mount).Succeeds();
        Assert.Equal(["a"], Directory.GetFileSystemEntries(mount).Select(path => Path.GetFileName(path)));
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("portraits/1/portrait.jpg")));
    }

    [Theory]
    [InlineData("app/storage/videos")]
    [InlineData("app/storage")]
    public void A_directory_that_is_mounted_elsewhere_stays_the_same_directory(string bound)
    {
        using var site = new Site();
        Machine.NeedRoot("mounting a directory");
        Command.Shell($"mkdir elsewhere && mount --bind '{bound}' elsewhere", site.Root);
        try
        {
            site.Create("storage");
            site.Write("videos/clip.mp4", "ruined");
            var inode = Inode(site.In(bound));
            site.Run("restore", "latest", "--yes").Succeeds();
            Assert.Equal(inode, Inode(site.In(bound)));
            Assert.Equal(inode, Inode(site.In("elsewhere")));
            var file = Assert.Single(Directory.GetFiles(site.In("elsewhere"), "clip.mp4", SearchOption.AllDirectories));
            Assert.NotEqual("ruined", File.ReadAllText(file));
            var kept = Assert.Single(Directory.GetDirectories(site.In("app"), "storage.before_restore_*"));
            Assert.Equal("ruined", File.ReadAllText(Path.Combine(kept, "videos/clip.mp4")));
        }
        finally
        {
            Command.Run("umount", site.In("elsewhere"));
        }
    }

    [Fact]
    public void A_directory_that_only_another_process_has_mounted_stays_the_same_directory()
    {
        using var site = new Site();
        Machine.NeedRoot("mounting a directory");
        Directory.CreateDirectory(site.In("elsewhere"));
        site.Create("storage");
        site.Write("videos/clip.mp4", "ruined");
        var inode = Inode(site.InStorage("videos"));
        using var other = StartWithMounts(site, $"mount --bind '{site.InStorage("videos")}' elsewhere", "exec sleep 60");
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(inode, Inode(site.InStorage("videos")));
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("videos/clip.mp4")));
        other.Signal("KILL");
    }

    /// <summary>As a container has it: the tree at a place of its own, and a volume in it that is not seen from outside.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_a_container_has_mounted_in_the_tree_stays_mounted_there(bool isSaved)
    {
        using var site = new Site();
        Machine.NeedRoot("mounting a directory");
        Command.Shell("mkdir elsewhere volume; echo of the container >secret; echo default >app/storage/videos/secret", site.Root);
        _ = isSaved ? Directory.CreateDirectory(site.InStorage("videos/up")) : null;
        site.Create("storage");
        site.Write("videos/clip.mp4", "ruined");
        Directory.CreateDirectory(site.InStorage("videos/up"));
        using var other = StartWithMounts(
            site,
            $"mount --bind '{site.Storage}' elsewhere; mount --bind volume elsewhere/videos/up; mount --bind secret elsewhere/videos/secret",
            "until [ -e go ]; do sleep 0.05; done; cp elsewhere/videos/secret elsewhere/videos/up/upload");
        site.Run("restore", "latest", "--yes").IsPartial(site.InStorage("videos/secret"), "has something mounted there");
        File.WriteAllText(site.In("go"), "");
        other.Wait().Succeeds();
        Assert.Equal("of the container\n", File.ReadAllText(site.In("volume/upload")));
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("videos/clip.mp4")));
        Assert.Empty(Directory.GetFileSystemEntries(site.InStorage("videos/up")));
    }

    /// <summary>Starts a process with mounts of its own, and waits until it has them.</summary>
    private static Command StartWithMounts(Site site, string mounts, string then)
    {
        var other = Command.Start(["unshare", "-m", "sh", "-ec", $"{mounts}; echo >mounted; {then}"], directory: site.Root);
        for (var deadline = DateTime.UtcNow.AddSeconds(30); !File.Exists(site.In("mounted")); Thread.Sleep(20))
        {
            Assert.True(DateTime.UtcNow < deadline && !other.HasEnded, "the other process mounted nothing");
        }

        return other;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_directory_with_a_second_place_in_the_tree_is_restored_once(bool oneFileSystem)
    {
        using var site = new Site();
        Machine.NeedRoot("mounting a directory");
        Command.Shell("mkdir second && mount --bind videos second", site.Storage);
        try
        {
            site.TreeSettings["one_file_system"] = oneFileSystem;
            site.Create("storage");
            Command.Shell("echo ruined >videos/clip.mp4; echo new >videos/new", site.Storage);
            var inode = Inode(site.InStorage("videos"));
            var outlook = site.Run("restore", "latest", "--dry-run").Succeeds().Prints($"left alone: {site.InStorage("second")}");
            Assert.True(oneFileSystem || outlook.Output.Contains($"shows what is in {site.InStorage("videos")}", StringComparison.Ordinal), outlook.ToString());
            site.Run("restore", "latest", "--yes").Succeeds();
            Assert.Equal((inode, inode), (Inode(site.InStorage("videos")), Inode(site.InStorage("second"))));
            Assert.NotEqual("ruined\n", File.ReadAllText(site.InStorage("second/clip.mp4")));
            Assert.False(File.Exists(site.InStorage("videos/new")));
            var kept = Assert.Single(Directory.GetDirectories(site.In("app"), "storage.before_restore_*"));
            Assert.Equal("new\n", File.ReadAllText(Path.Combine(kept, "videos/new")));
        }
        finally
        {
            Command.Run("umount", site.InStorage("second"));
        }
    }

    [Fact]
    public void A_directory_of_a_lower_layer_of_an_overlay_is_replaced_by_its_entries()
    {
        using var site = new Site();
        var layers = site.MountMemory("layers", "size=50m");
        Command.Shell($"mkdir lower upper work '{site.In("merged")}'; cp -a '{site.In("app")}/.' lower/", layers);
        var mounted = Command.Run("mount", "-t", "overlay", "overlay", "-o", $"lowerdir={layers}/lower,upperdir={layers}/upper,workdir={layers}/work", site.In("merged"));
        Assert.SkipWhen(mounted.Code != 0, $"this kernel has no overlay here: {mounted.Errors.Trim()}");
        try
        {
            var tree = site.In("merged/storage");
            site.TreeSettings["path"] = tree;
            site.Settings["databases"]![0]!["path"] = site.In("merged/app_data/app_data.db");
            site.Create();
            var saved = Tree.Describe(tree);
            Command.Shell("rm -r portraits; echo ruined > videos/clip.mp4; mkdir more; echo more > more/file", tree);
            site.Run("restore", "latest", "--yes").Succeeds();
            Tree.AssertSame(saved, Tree.Describe(tree), Likeness.Restored & ~Likeness.TimesOfOthers);
            Assert.Equal("ruined\n", File.ReadAllText(Path.Combine(Assert.Single(Directory.GetDirectories(site.In("merged"), "storage.before_restore_*")), "videos/clip.mp4")));
            TestDatabase.CheckCopy(site.In("merged/app_data/app_data.db"));
        }
        finally
        {
            Command.Run("umount", site.In("merged"));
        }
    }

    [Fact]
    public void A_database_that_is_mounted_by_itself_gets_its_content_back()
    {
        using var site = new Site(withMedia: false);
        Machine.NeedRoot("mounting a file");
        site.Create("database");
        var dump = TestDatabase.Dump(site.Database);
        Command.Shell($"cp '{site.Database}' '{site.In("outside.db")}'; mount --bind '{site.In("outside.db")}' '{site.Database}'");
        try
        {
            using (var database = new TestDatabase(site.In("outside.db")))
            {
                database.Execute("DELETE FROM account");
            }

            site.Run("restore", "latest", "--yes").Succeeds();
            Command.Run("mountpoint", site.Database).Succeeds();
            Assert.Equal(dump, TestDatabase.Dump(site.In("outside.db")));
        }
        finally
        {
            Command.Run("umount", site.Database);
        }
    }

    [Fact]
    public void A_restore_of_several_targets_that_was_killed_is_one_restore()
    {
        using var site = new Site();
        site.Create();
        var (tree, dump) = (Tree.Describe(site.Storage), TestDatabase.Dump(site.Database));
        site.Write("portraits/1/portrait.jpg", "ruined");
        using (var run = StoppedRun.At(site, "renameat2", Path.GetDirectoryName(site.Database)!, arguments: ["restore", "latest", "--yes"]))
        {
            run.Signal("KILL");
        }

        Assert.Single(site.Run("status").Ends(1).Output.Split('\n'), line => line.Contains("was killed half done", StringComparison.Ordinal));
        site.Run("restore", "--continue").Succeeds().Prints(site.Storage, site.Database);
        Tree.AssertSame(tree, Tree.Describe(site.Storage), Likeness.Restored);
        Assert.Equal(dump, TestDatabase.Dump(site.Database));
    }

    [Fact]
    public void A_database_at_its_link_limit_is_restored()
    {
        using var site = new Site(withMedia: false);
        site.Create("database");
        var dump = TestDatabase.Dump(site.Database);
        var made = Command.Run("python3", "-c", $"import os\nos.mkdir('{site.In("links")}')\ntry:\n  [os.link('{site.Database}', '{site.In("links")}/%d' % i) for i in range(70000)]\nexcept OSError as e: print(e.errno)").Succeeds();
        Assert.SkipWhen(made.Output.Trim() != "31", "this file system has no limit of links that can be reached");
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(dump, TestDatabase.Dump(site.Database));
    }

    [Theory]
    [InlineData("--undo")]
    [InlineData("--continue")]
    public void A_restore_that_is_killed_between_its_steps_is_named_and_ended(string end)
    {
        using var site = DatabaseInTree();
        site.Create();
        var restored = Tree.Describe(site.Storage);
        site.Write("portraits/1/portrait.jpg", "ruined");
        site.Write("new.jpg", "new");
        Directory.Delete(site.InStorage("videos"), recursive: true);
        var ruined = Tree.Describe(site.Storage);
        using (var run = StoppedRun.At(site, "renameat2", site.Storage, arguments: ["restore", "latest", "--only", "storage", "--yes"]))
        {
            run.Signal("KILL");
        }

        site.Run("status").Ends(1).Prints("restore --continue", "restore --undo");
        site.Run("restore", "latest", "--yes").Fails(1, "--continue", "--undo");
        site.Run("restore", end).Succeeds();
        Tree.AssertSame(
            end == "--undo" ? ruined : restored,
            [.. Tree.Describe(site.Storage).Where(entry => !entry.Path.Contains(".before_restore_", StringComparison.Ordinal))],
            Likeness.ModesOfFiles | Likeness.TimesOfFiles | Likeness.Owners);
        site.Run("restore", end).Fails(1, "no unfinished restore");
    }

    [Fact]
    public void What_the_snapshot_has_where_something_stays_is_put_next_to_it_and_the_restore_is_partial()
    {
        using var site = new Site(withMedia: false);
        site.Write("page", "as large as the others");
        site.Write("cache/page", "saved");
        site.Write("cache.txt", "saved");
        site.Create("storage");
        site.TreeSettings["exclude"] = new JsonArray("/cache/", "/cache.txt");
        site.Write("cache/page", "live");
        site.Write("cache.txt", "live");
        site.Run("restore", "latest", "--yes").Ends(3).Says(site.InStorage("cache"), "left as it is (excluded)", site.InStorage(".cache.restore_"));
        Assert.Equal(("live", "live"), (File.ReadAllText(site.InStorage("cache/page")), File.ReadAllText(site.InStorage("cache.txt"))));
        var next = Assert.Single(Directory.GetDirectories(site.Storage, ".cache.restore_*"));
        Assert.Equal("saved", File.ReadAllText(Path.Combine(next, "page")));
        Assert.Equal("saved", File.ReadAllText(Assert.Single(Directory.GetFiles(site.Storage, ".cache.txt.restore_*"))));
        Assert.DoesNotContain(site.Create("storage").Files().Keys, path => path.Contains("cache", StringComparison.Ordinal));

        // It stays where it is when the restore is repeated, which has names of its own.
        site.Run("restore", site.Snapshots()[0].Id, "--yes", "--path", "/storage/cache/page", "--json").Ends(3).Prints("not_in_place", ".cache.restore_");
        Assert.Equal(2, Directory.GetDirectories(site.Storage, ".cache.restore_*").Length);
    }

    [Theory]
    [InlineData(247)]
    [InlineData(248)]
    [InlineData(255)]
    public void A_name_that_leaves_no_room_for_that_of_a_log_is_restored_next_to_what_stays(int length)
    {
        using var site = new Site(withMedia: false);
        var name = new string('n', length);
        site.Write(name, "saved");
        site.Write("cache/page", "live");
        site.TreeSettings["exclude"] = new JsonArray("/cache/");
        site.Create("storage");
        foreach (var arguments in new string[][] { [], ["--path", site.InStorage(name)] })
        {
            site.Write(name, "ruined");
            site.Run(["restore", "latest", "--only", "storage", "--yes", .. arguments]).Succeeds();
            Assert.Equal("saved", File.ReadAllText(site.InStorage(name)));
        }
    }

    [Theory]
    [InlineData("--continue", 3, 1)]
    [InlineData("--undo", 0, 0)]
    public void Killed_it_is_ended_with_what_it_put_next_to_others(string end, int code, int left)
    {
        using var site = new Site();
        site.Write("cache/page", "saved");
        site.Create("storage");
        site.TreeSettings["exclude"] = new JsonArray("/cache/");
        site.Write("cache/page", "live");
        using (var run = StoppedRun.At(site, "renameat2", site.Storage, arguments: ["restore", "latest", "--yes"]))
        {
            run.Signal("KILL");
        }

        site.Run("restore", end).Ends(code);
        Assert.Equal("live", File.ReadAllText(site.InStorage("cache/page")));
        Assert.Equal(left, Directory.GetDirectories(site.Storage, ".cache.restore_*").Length);
    }

    [Fact]
    public void A_directory_that_stands_where_a_file_was_goes_away_as_it_is()
    {
        using var site = new Site(withMedia: false);
        var file = site.In("app/.env");
        File.WriteAllText(file, "KEY=saved");
        site.Settings["storage"]!.AsArray().Add((JsonNode)Site.Source("env", file));
        site.Create();
        var dump = TestDatabase.Dump(site.Database);
        Command.Shell($"rm .env '{site.Database}'*; mkdir .env '{site.Database}'; echo inside >.env/x; echo inside >'{site.Database}/x'", site.In("app"));
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal("KEY=saved", File.ReadAllText(file));
        Assert.Equal(dump, TestDatabase.Dump(site.Database));
        Assert.Equal("inside\n", File.ReadAllText(Path.Combine(Assert.Single(Directory.GetDirectories(site.In("app"), ".env.before_restore_*")), "x")));
        Assert.Equal("inside\n", File.ReadAllText(Path.Combine(Assert.Single(Directory.GetDirectories(Path.GetDirectoryName(site.Database)!, "*.before_restore_*")), "x")));
    }

    [Theory]
    [InlineData("mount -t tmpfs none .env")]
    [InlineData("mkdir .env/in; mount -t tmpfs none .env/in")]
    [InlineData("mkdir elsewhere; mount --bind .env elsewhere")]
    public void A_directory_that_stands_where_a_file_was_and_cannot_go_is_named(string mount)
    {
        Machine.NeedRoot("mounting");
        using var site = new Site(withMedia: false);
        var file = site.In("app/.env");
        File.WriteAllText(file, "KEY=saved");
        site.Settings["storage"]!.AsArray().Add((JsonNode)Site.Source("env", file));
        site.Create("storage");
        Command.Shell($"rm .env; mkdir .env; {mount}", site.In("app"));
        try
        {
            site.Run("restore", "latest", "--yes").Fails(1, $"{file} is a directory", "nothing was changed");
            Assert.True(Directory.Exists(file));
            Assert.Empty(Directory.GetFileSystemEntries(site.In("app"), ".*restore_*"));
        }
        finally
        {
            Command.Run("umount", "-q", site.In("app/elsewhere"), site.In("app/.env/in"), file);
        }
    }

    [Fact]
    public void A_database_that_a_process_has_open_that_cannot_be_seen_is_not_replaced()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site(withMedia: false);
        site.Create("database");
        var user = site.BelongToOrdinaryUser();
        Assert.DoesNotContain("could not be checked", site.Run(["restore", "latest", "--yes"], before: user).Succeeds().Errors, StringComparison.Ordinal);
        var inode = Inode(site.Database);
        using (var other = Command.Start(["sh", "-c", $"exec sleep 60 <'{site.Database}'"]))
        {
            for (var deadline = DateTime.UtcNow.AddSeconds(30); Command.Run("fuser", "-s", site.Database).Code != 0; Thread.Sleep(20))
            {
                Assert.True(DateTime.UtcNow < deadline && !other.HasEnded, "nobody opened it");
            }

            site.Run(["restore", "latest", "--yes"], before: user).Fails(1, site.Database, "in use by a process that cannot be seen from here", "stop the application");
            other.Signal("KILL");
        }

        Assert.Equal(inode, Inode(site.Database));
    }

    [Fact]
    public void Who_cannot_know_whether_others_use_the_database_says_so()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site(withMedia: false);
        site.Create("database");
        Assert.DoesNotContain("could not be checked", site.Run("restore", "latest", "--yes").Succeeds().Errors, StringComparison.Ordinal);
        var user = site.BelongToOrdinaryUser();
        Command.Shell($"chown root '{site.Database}' && chmod 644 '{site.Database}'", site.Root);
        site.Run(["restore", "latest", "--yes"], before: user).Says("could not be checked", site.Database, "root can check it");
    }

    private static Site DatabaseInTree()
    {
        var site = new Site();
        Directory.CreateDirectory(site.InStorage("db"));
        using (var database = new TestDatabase(site.InStorage("db/app.db")))
        {
            database.Fill(rows: 300);
        }

        site.Settings["databases"] = new JsonArray(Site.Source("app", site.InStorage("db/app.db")));
        return site;
    }

    private static string Inode(string path) => Command.Run("stat", "-c", "%i", path).Succeeds().Output;
}
