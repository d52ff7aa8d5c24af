using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What <c>doctor</c> says of places that cannot do all that a disk can, after it tried; where all of it works it says nothing.</summary>
public sealed class DoctorPlacesTests : IDisposable
{
    private const string NeitherNor = "a rename can neither exchange two names nor refuse to replace one in ";

    /// <summary>Serves nothing: the kernel says who may enter before it asks anybody.</summary>
    private const string Stranger =
        """
        chmod 700 "$1"; cat > stranger.py <<'END'
        import ctypes, os, sys, time
        fuse = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={fuse},rootmode=40000,user_id=65534,group_id=65534".encode()
        if ctypes.CDLL(None, use_errno=True).mount(b"host:/export", sys.argv[1].encode(), b"fuse", 0, options):
            sys.exit(os.strerror(ctypes.get_errno()))
        if os.fork() == 0:
            os.close(1); os.close(2)
            time.sleep(120)
        END
        python3 stranger.py "$1"
        """;

    private readonly Site site = new(withMedia: false);

    public void Dispose()
    {
        site.Dispose();
        PoorPlace.Forget(site);
    }

    [Fact]
    public void On_a_disk_nothing_is_said_of_it()
    {
        var checks = Checks();
        Assert.DoesNotContain(checks, check => (string?)check["name"] == "restore");
        Assert.Equal($"{site.Backups} is writable", Assert.Single(Texts(checks, "backup directory")));
    }

    [Fact]
    public void Where_a_rename_cannot_exchange_a_restore_is_not_one_instant()
    {
        var share = MoveTo("share", Machine.Sshfs);
        var before = Tree.Describe(share);
        var checks = Checks();
        Assert.StartsWith($"{NeitherNor}{share}/app (Invalid argument): a restore in place is several steps, not one instant", Assert.Single(Texts(checks, "restore")), StringComparison.Ordinal);
        Assert.Equal($"{share}/backups is writable", Assert.Single(Texts(checks, "backup directory")));
        Assert.Equal($"{share}/drills is writable", Assert.Single(Texts(checks, "drill.dir")));
        Assert.DoesNotContain(checks, check => (string?)check["state"] == "failed");
        Assert.Equal(Names(before), Names(Tree.Describe(share)));
        site.Run("create").Succeeds();
    }

    [Fact]
    public void A_stick_without_hard_links_is_told()
    {
        Machine.NeedRoot("mounting a file system");
        Machine.NeedLoopDevices();
        var stick = MoveTo("stick", PoorPlace.Mounts["exfat"]);
        var texts = Texts(Checks(), "restore");
        Assert.Contains(texts, text => text.StartsWith(NeitherNor + stick, StringComparison.Ordinal));
        Assert.Contains($"there are no hard links in {stick}/app (Operation not permitted): files with several names are restored as several files", texts);
    }

    /// <summary>Next to a tree that is a mount of its own nothing is restored.</summary>
    [Fact]
    public void A_tree_that_is_a_mount_is_tried_inside()
    {
        var tree = site.MountFuse("app/storage", "mkdir -p server; bindfs \"$PWD/server\" \"$1\"");
        Assert.StartsWith($"{NeitherNor}{tree} (", Assert.Single(Texts(Checks(), "restore")), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(tree));
    }

    [Fact]
    public void A_mount_of_rclone_is_told_to_call_saved_what_is_on_its_way()
    {
        var cloud = MoveTo("cloud", "mkdir -p server; rclone mount --daemon --vfs-cache-mode writes --cache-dir \"$PWD/cache\" \":local:$PWD/server\" \"$1\" 2> rclone.log");
        var checks = Checks();
        Assert.Contains($"fsync means nothing in {cloud}/backups (fuse.rclone): what a run calls saved may still be on its way, and is lost if this machine stops then", Texts(checks, "backup directory"));
        Assert.Contains($"fsync means nothing in {cloud}/copies (fuse.rclone): what is called copied may still be on its way, and is lost if this machine stops then", Texts(checks, "second place"));
        Assert.Contains(checks, check => (string?)check["mend"] == "keep backup_dir on a disk, and name the remote as offsite.remote");
    }

    [Fact]
    public void A_server_program_that_ended_is_told_with_the_command_that_mends_it()
    {
        var share = MoveTo("share", $"{Machine.Sshfs} -f > /dev/null 2>&1 < /dev/null & echo $! > pid; until mountpoint -q \"$1\"; do sleep 0.05; done");
        Command.Shell("kill -KILL $(cat pid); until ! ls share 2> /dev/null; do sleep 0.05; done", site.Root);
        var checks = Checks(code: 1);
        foreach (var name in new[] { "backup directory", "storage 'storage'", "database 'app_data'", "drill.dir", "second place" })
        {
            var check = Assert.Single(checks, check => (string?)check["name"] == name);
            Assert.Equal($"the program that serves {share} (fuse.sshfs, host:{site.In("server")}) has ended: nothing there can be reached", (string?)check["text"]);
            Assert.Equal($"sudo umount -l {share}, and mount it again", (string?)check["mend"]);
        }

        foreach (var verb in new[] { "create", "list", "verify", "rotate" })
        {
            Assert.Contains($"the program that serves {share} (", site.Run(verb).Errors, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("root")]
    [InlineData("nobody")]
    public void A_share_of_another_user_is_told_as_what_it_is(string mounter)
    {
        var share = site.MountFuse("share", mounter == "root" ? Machine.Sshfs : Stranger);
        site.Settings["storage"]![0]!["path"] = Path.Combine(share, "storage");
        site.Settings["databases"] = new JsonArray();
        if (mounter == "root")
        {
            site.BelongToOrdinaryUser();
        }

        var checks = Checks(code: 1);
        Assert.Contains($"was mounted by {mounter} without allow_other: nobody else may enter it", Assert.Single(Texts(checks, "storage 'storage'")), StringComparison.Ordinal);
        Assert.Equal(mounter == "root" ? 0 : 1, Texts(checks, "restore").Count(text => text.StartsWith($"root can restore nothing to {share}: ", StringComparison.Ordinal) && text.EndsWith(", not even root", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("flock", "ENOLCK", "no lock can be taken in ", "every run fails")]
    [InlineData("fsync", "EINVAL", "no file can be put on disk (fsync) in ", "no snapshot can be published")]
    [InlineData("fsync", "EINVAL", "no directory can be put on disk (fsync) in ", "a power cut may lose the newest snapshot's name")]
    [InlineData("mkdirat", "EINVAL", "nothing can be made in ", "every run fails")]
    [InlineData("renameat", "EINVAL", "no file can be renamed in ", "no snapshot can be published")]
    [InlineData("unlinkat", "EIO", "nothing can be removed in ", "rotation frees nothing")]
    public void What_fails_in_the_backup_directory_is_told_with_what_it_means(string call, string error, string what, string consequence)
    {
        Machine.NeedStrace();
        var said = site.Run(["doctor", "--json"], before: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={call}:error={error}", "--"]).Ends(1);
        Assert.Contains(Texts(Json.Lines(said.Output), "backup directory"), text => text.StartsWith($"{what}{site.Backups} (", StringComparison.Ordinal) && text.EndsWith(consequence, StringComparison.Ordinal));
        if (call == "unlinkat")
        {
            Assert.NotEmpty(Left());
            site.Run("doctor");
        }

        Assert.Empty(Left());
    }

    [Fact]
    public void A_place_that_says_that_it_has_no_size_is_used_and_told_as_one()
    {
        Machine.NeedStrace();
        site.Settings["min_free_mb"] = 1;
        var zeros = string.Concat(Enumerable.Repeat("00", 120));
        string[] before = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=statfs", "-e", $"inject=statfs:poke_exit=@arg2={zeros}", "--"];
        site.Run(["create"], before: before).Succeeds();
        site.Run(["doctor"], before: before).Prints($"warning  space: the file system of {site.Backups} says that it has 0 bytes in all");
        site.Run(["status"], before: before).Succeeds().Prints("space         the file system does not tell how much is free");
        Assert.Null(Json.Lines(site.Run(["status", "--json"], before: before).Output)[0]["free_bytes"]);
        site.Run(["drill"], before: before).Succeeds().Says("nobody knows how much is free there");
    }

    [Theory]
    [InlineData("doctor")]
    [InlineData("create")]
    public void What_a_killed_doctor_leaves_the_next_command_removes(string next)
    {
        Machine.NeedStrace();
        site.Create();
        site.Run(["doctor"], before: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=linkat", "-e", "inject=linkat:signal=KILL", "--"]).Ends(137);
        Assert.Single(Left());
        site.Run(next).Succeeds();
        Assert.Empty(Left());
    }

    /// <summary>Then the whole file system is put on disk instead.</summary>
    [Fact]
    public void Where_no_directory_can_be_synced_backups_are_made_all_the_same()
    {
        Machine.NeedStrace();
        site.Create();
        site.Write("new", "new");
        var places = Directory.GetDirectories(site.Backups).Prepend(site.Backups).SelectMany(directory => new[] { "-P", directory });
        site.Run(["create"], before: ["strace", "-f", "-qq", "-o", site.In("strace.log"), "-e", "trace=fsync", .. places, "-e", "inject=fsync:error=EINVAL", "--"]).Succeeds();
        Assert.Contains("INJECTED", File.ReadAllText(site.In("strace.log")), StringComparison.Ordinal);
        Assert.Equal(2, site.Snapshots().Count);
    }

    private string[] Left() => Directory.GetDirectories(site.Backups, ".vertex-ar-backup-trial-*");

    private static List<string> Names(IReadOnlyList<TreeEntry> entries) => [.. entries.Select(entry => $"{entry.Path} {entry.Type}")];

    private IReadOnlyList<JsonNode> Checks(int code = 0) => [.. Json.Lines(site.Run("doctor", "--json").Ends(code).Output)];

    private static List<string> Texts(IEnumerable<JsonNode> checks, string name) => [.. checks.Where(check => (string?)check["name"] == name).Select(check => (string)check["text"]!)];

    /// <summary>Mounts a file system, and moves all that the site has to it.</summary>
    private string MoveTo(string relative, string script)
    {
        var mount = site.MountFuse(relative, script);
        Command.Shell($"mkdir -p '{mount}/app/storage' '{mount}/backups' '{mount}/drills' '{mount}/copies'; cp app/app_data/app_data.db '{mount}/app/'; echo content > '{mount}/app/storage/file'", site.Root);
        site.Settings["backup_dir"] = Path.Combine(mount, "backups");
        site.Settings["databases"]![0]!["path"] = Path.Combine(mount, "app/app_data.db");
        site.Settings["storage"]![0]!["path"] = Path.Combine(mount, "app/storage");
        site.Settings["drill"] = new JsonObject { ["dir"] = Path.Combine(mount, "drills") };
        site.Settings["offsite"] = new JsonObject { ["remote"] = Path.Combine(mount, "copies") };
        return mount;
    }
}
