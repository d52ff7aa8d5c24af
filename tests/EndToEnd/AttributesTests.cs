using System.Text.RegularExpressions;

namespace VertexAr.Backup.EndToEnd;

/// <summary>ACLs, extended attributes, FIFOs and device nodes, as getfacl, getfattr and find see them before and after.</summary>
public sealed class AttributesTests
{
    /// <summary>What anybody may set on what is his.</summary>
    private const string Ordinary = """
        chmod 640 portraits/0/portrait.jpg; setfacl -m u:1:rw,g:2:r portraits/0/portrait.jpg
        chmod 600 portraits/1/portrait.jpg; setfacl -m u:4242:r portraits/1/portrait.jpg
        setfacl -d -m u:1:rwx,g:4243:rx,o:- videos; mkdir videos/inherits; setfacl -m u:1:rx videos
        touch videos/inherits/file; mkdir bare; setfacl -d -m u:1:rwx bare; touch bare/none; setfacl -b bare/none
        setfattr -n user.origin -v camera portraits/2/portrait.jpg
        setfattr -n user.empty portraits/2/portrait.jpg
        setfattr -n $'user.odd \\name=1' -v 0x00ff0a portraits/2/portrait.jpg
        setfattr -n user.directory -v yes previews
        perl -e 'print "x" x 3000' >value; setfattr -n user.large -v "$(cat value)" nft_markers/0.fset; rm value
        ln portraits/2/portrait.jpg second-name; chmod 400 nft_markers/0.fset
        touch $'new\nline'; setfacl -m u:1:r $'new\nline'; setfattr -n user.a -v b $'new\nline'
        mkfifo pipe; setfacl -m u:1:rw pipe; chmod 2755 bare; touch -d '2001-02-03 04:05:06.789' pipe portraits/0/portrait.jpg videos
        """;

    private const string Privileged = """
        setfattr -n trusted.note -v secret portraits/3/portrait.jpg; setfattr -h -n trusted.link -v l latest.jpg
        cp /bin/true program; setcap cap_net_bind_service=ep program; setfattr -n trusted.directory -v d nft_markers
        mknod null c 1 3; mknod disk b 259 70000; chmod 4750 nft_markers/1.fset; chown 1:2 program nft_markers/1.fset pipe null portraits/0
        setfacl -m u:1:r disk
        """;

    /// <summary>The file did not change: that its line in the list has none must not be taken for that it had none.</summary>
    [Fact]
    public void Attributes_that_could_not_be_read_are_read_by_the_next_run()
    {
        Machine.NeedStrace();
        using var site = new Site(withMedia: false);
        var file = site.InStorage("a.jpg");
        site.Write("a.jpg", "picture"u8.ToArray());
        Command.Run("setfattr", "-n", "user.origin", "-v", "camera", file).Succeeds();
        site.Create();
        site.Write("b.jpg", "picture"u8.ToArray());
        Command.Run("touch", file).Succeeds();
        string[] failing = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "inject=listxattr,llistxattr,flistxattr:error=EIO", "--"];
        site.Run(["create"], before: failing).IsPartial("storage/a.jpg", "its ACLs and attributes cannot be read");
        site.Run("create").Succeeds();
        Assert.NotNull(site.Newest().Files()["storage/a.jpg"]["xattrs"]);
    }

    [Fact]
    public void Everything_comes_back_in_place_elsewhere_and_by_hand()
    {
        using var site = new Site();
        Command.Shell($"{Ordinary}\n{(Machine.IsRoot ? Privileged : "")}", site.Storage);
        var (before, tree) = (Describe(site.Storage), Tree.Describe(site.Storage));
        var snapshot = site.Create();
        Assert.Empty(snapshot.Warnings);
        Assert.Equal(["attributes", "special-files"], snapshot.Header["requires"]!.AsArray().Select(name => (string)name!));

        var restored = snapshot.Restored("storage");
        Assert.Equal(before, Describe(restored));
        Tree.AssertSame(tree, Tree.Describe(restored), Likeness.Restored);
        var recovered = Path.Combine(snapshot.Recover(), "storage");
        Assert.Equal(WithoutOwners(before), WithoutOwners(Describe(recovered)));

        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(before, Describe(site.Storage));
        site.Run("drill").Succeeds();
        site.Run("verify", "--deep").Succeeds();
    }

    [Fact]
    public void What_did_not_change_keeps_them_and_what_did_gets_the_new_ones()
    {
        using var site = new Site();
        Command.Shell(Ordinary, site.Storage);
        site.Create();
        Command.Shell("sleep 0.1; setfattr -n user.later -v new portraits/4/portrait.jpg; setfacl -b portraits/0/portrait.jpg", site.Storage);
        var before = Describe(site.Storage);
        var second = site.Create();
        Assert.Equal(0, (long)second.Header["sources"]![1]!["new_bytes"]!);
        Assert.Equal(before, Describe(second.Restored("storage")));

        // Of a snapshot that an earlier version made nothing is known: its files are looked at again, not read again.
        Damage.Reseal(second.HeaderPath, text => text.Replace("\"attributes\": [", "\"was\": [", StringComparison.Ordinal));
        Damage.Reseal(site.Snapshots()[0].HeaderPath, text => text.Replace("\"attributes\": [", "\"was\": [", StringComparison.Ordinal));
        var third = site.Create();
        Assert.Equal(0, (long)third.Header["sources"]![1]!["new_bytes"]!);
        Assert.Equal(before, Describe(third.Restored("storage")));
    }

    [Fact]
    public void A_site_without_any_has_the_lists_that_it_always_had()
    {
        using var site = new Site();
        Command.Shell($"setfacl -R -b '{site.Storage}'");
        var snapshot = site.Create();
        Assert.Empty(snapshot.Header["requires"]!.AsArray());
        Assert.DoesNotContain("special_files", File.ReadAllText(snapshot.HeaderPath), StringComparison.Ordinal);
        var list = Command.Shell($"gzip -dc '{snapshot.ListPath}'").Output;
        Assert.DoesNotContain("acl", list, StringComparison.Ordinal);
        Assert.DoesNotContain("xattrs", list, StringComparison.Ordinal);
        Assert.DoesNotContain("device", list, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_restored_inherits_nothing_from_where_it_is_restored_to()
    {
        using var site = new Site();
        var before = Describe(site.Storage);
        site.Create();
        var parent = Path.GetDirectoryName(site.Storage)!;
        Command.Shell($"setfacl -m u:1:rwx -d -m u:1:rwx '{parent}'; mkdir '{site.In("to")}'; setfacl -d -m u:1:rwx '{site.In("to")}'");
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(before, Describe(site.Storage));
        site.Run("restore", "latest", "--to", site.In("to/below")).Succeeds();
        Assert.Equal(before, Describe(site.In("to/below/storage")));
    }

    [Fact]
    public void A_file_system_that_keeps_none_costs_one_warning_and_opens_nothing()
    {
        Machine.NeedRoot("mounting a file system");
        using var site = new Site();
        Command.Shell(Ordinary, site.Storage);
        Command.Shell("chmod 604 previews; touch closed; chmod 644 closed; setfacl -m u:1:--- closed; touch masked; chmod 640 masked; setfacl -m u:1:rw,g::- masked", site.Storage);
        var snapshot = site.Create();
        using var ram = new RamFileSystem(site);
        var result = site.Run("restore", snapshot.Id, "--to", Path.Combine(ram.Path, "to")).Ends(3);
        var warning = Assert.Single(result.Errors.Split('\n'), line => line.StartsWith("warning: ", StringComparison.Ordinal));
        Assert.Contains("ACLs or attributes of 13 files could not be restored", warning, StringComparison.Ordinal);
        string Mode(string name) => Command.Run("stat", "-c", "%a", Path.Combine(ram.Path, "to/storage", name)).Output.Trim();
        Assert.Equal("640", Mode("portraits/0/portrait.jpg"));

        // Without its ACL the one whom it kept out would be one of the others, and the mask would be the group's.
        Assert.Equal("600", Mode("closed"));
        Assert.Equal("600", Mode("masked"));
        Tree.AssertSame(site.Storage, Path.Combine(ram.Path, "to/storage"), Likeness.TimesOfFiles | Likeness.TimesOfOthers | Likeness.Owners);
    }

    [Fact]
    public void Another_user_gets_no_set_uid_file_and_no_device_out_of_somebody_elses()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site();
        Command.Shell("cp /bin/true root-program; chmod 4755 root-program; cp /bin/true group-program; chmod 2755 group-program; mknod null c 1 3; mkfifo pipe; setcap cap_chown=ep group-program", site.Storage);
        site.Create();
        var before = site.BelongToOrdinaryUser();
        var result = site.Run(["restore", "latest", "--to", site.In("out")], before: before).Ends(3);
        result.Says("2 files lost set-user-ID or set-group-ID", "storage/null: ", "1 special file could not be made", "attributes of 1 file could not be restored");
        string Mode(string name) => Command.Run("stat", "-c", "%a %U", site.In($"out/storage/{name}")).Output.Trim();
        Assert.Equal("755 nobody", Mode("root-program"));
        Assert.Equal("755 nobody", Mode("group-program"));
        Assert.True(Command.Run("test", "-p", site.In("out/storage/pipe")).Code == 0);
        site.Run(["drill"], before: before).Succeeds();

        // What was that user's comes back as it was.
        Command.Shell($"chmod 4755 root-program; chmod 2755 group-program", site.Storage);
        site.Run(["create"], before: before).Succeeds();
        site.Run(["restore", "latest", "--to", site.In("own")], before: before).Ends(3);
        Assert.Equal("4755 nobody", Command.Run("stat", "-c", "%a %U", site.In("own/storage/root-program")).Output.Trim());
    }

    [Fact]
    public void Attributes_beyond_all_measure_are_a_loss_and_the_ACL_is_kept()
    {
        using var site = new Site();
        var tree = site.MountMemory("many", "size=40m");
        site.TreeSettings["path"] = tree;
        Command.Shell("touch file; chmod 600 file; setfacl -m u:1:rw file", tree);
        var tried = Command.Run(["python3", "-c", "import os\nfor i in range(20): os.setxattr('file', f'trusted.{i}', b'v' * 60000)"], directory: tree);
        Assert.SkipWhen(tried.Code != 0, "this file system in memory keeps no attributes");
        site.Run("create", "storage").IsPartial("storage/file", "attributes take more than 1 MiB");
        Assert.NotNull(site.Newest().Files()["storage/file"]["acl"]);
        Assert.Null(site.Newest().Files()["storage/file"]["xattrs"]);
    }

    [Fact]
    public void Show_says_what_there_is()
    {
        using var site = new Site();
        Command.Shell("mkfifo pipe; setfacl -m u:1:r latest.jpg; setfattr -n user.a -v b portraits/1/portrait.jpg; touch -d '1955-11-05 06:00:00.25' videos/clip.mp4", site.Storage);
        var snapshot = site.Create();
        var text = site.Run(["show", "latest", "--files"], new Dictionary<string, string?> { ["TZ"] = "UTC" }).Succeeds().Output;
        Assert.Matches("(?m)^p06[0-7]{2} .* storage/pipe$", text);
        Assert.Matches("(?m)^-0[0-7]{3}\\+.* storage/portraits/5/portrait.jpg$", text);
        Assert.Matches("(?m) 1955-11-05 06:00 storage/videos/clip.mp4$", text);
        var files = snapshot.Files();
        Assert.Equal("fifo", (string)files["storage/pipe"]["type"]!);
        Assert.Equal("Yg==", (string)files["storage/portraits/1/portrait.jpg"]["xattrs"]!["user.a"]!);
        Assert.Equal("""["user","r--",1,"daemon"]""", files["storage/portraits/5/portrait.jpg"]["acl"]![1]!.ToJsonString());
        Assert.StartsWith("-446752799.75", (string)files["storage/videos/clip.mp4"]["mtime"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void The_database_keeps_its_ACL_and_attributes()
    {
        using var site = new Site();
        Command.Shell($"setfacl -m u:1:rw '{site.Database}'; setfattr -n user.a -v b '{site.Database}'");
        var before = Describe(Path.GetDirectoryName(site.Database)!);
        site.Create();
        site.Run("restore", "latest", "--yes").Succeeds();
        Command.Shell($"rm -f '{Path.GetDirectoryName(site.Database)}'/*before_restore*");
        Assert.Equal(before, Describe(Path.GetDirectoryName(site.Database)!));
    }

    /// <summary>ACLs, attributes, types, modes, owners and numbers of devices of everything in a tree, but not its top's name.</summary>
    private static string Describe(string top) => Command.Shell(
        "find . -printf '%p %y %m %U:%G\\n' | LC_ALL=C sort; find . ! -type l -print0 | LC_ALL=C sort -z | xargs -0 getfacl -pn; find . -print0 | LC_ALL=C sort -z | xargs -0 getfattr -hdm - --absolute-names; stat -c '%n %t %T' -- * | LC_ALL=C sort",
        top).Output;

    private static string WithoutOwners(string description) => Regex.Replace(
        Regex.Replace(description, "(?m)^# (owner|group|flags): .*\n", ""), "(?m) [0-7]?([0-7]{3}) [0-9]+:[0-9]+$", " $1");

    /// <summary>The one file system of Linux that knows neither ACLs nor attributes and yet all else.</summary>
    private sealed class RamFileSystem : IDisposable
    {
        public RamFileSystem(Site site)
        {
            Path = Directory.CreateDirectory(site.In("ram")).FullName;
            var mounted = Command.Run("mount", "-t", "ramfs", "ramfs", Path);
            Assert.SkipWhen(mounted.Code != 0, $"this machine does not let root mount: {mounted.Errors.Trim()}");
        }

        public string Path { get; }

        public void Dispose() => Command.Run("umount", Path);
    }
}
