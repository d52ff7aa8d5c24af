namespace VertexAr.Backup.EndToEnd;

/// <summary>Names and files that Linux allows and programs trip over.</summary>
public sealed class OddFilesTests
{
    private const string OddNames = """
        printf raw >$'not\xff\xfetext'; printf twin >$'not\xff\xfftext'
        printf line >$'new\nline'; printf tab >$'tab\tand\rreturn'; printf bell >$'\a\e[31m'
        printf blank >' '; printf dash >-rf; printf star >'*'; printf quote >"'\"\\"
        printf long >"$(printf 'x%.0s' {1..255})"
        mkdir $'dir\xe9ctory' && printf below >$'dir\xe9ctory/'$'\xf0\x9f\x98\x80'
        ln -s $'target\xff\n' $'link\xff'
        : >empty
        """;

    [Fact]
    public void Names_are_bytes_and_come_back_as_they_were()
    {
        using var site = new Site();
        Command.Shell(OddNames, site.Storage);
        var snapshot = site.Create();
        Assert.Empty(snapshot.Warnings);
        Tree.AssertSame(site.Storage, snapshot.Restored("storage"), Likeness.Restored);
        Tree.AssertSame(site.Storage, Path.Combine(snapshot.Recover(), "storage"), Likeness.Recovered);
        site.Run("verify", "--deep").Succeeds();
    }

    /// <summary>Both are printed as caf\ufffd.jpg.</summary>
    [Fact]
    public void A_name_is_chosen_alone_by_its_bytes_and_with_others_by_what_is_printed_for_it()
    {
        using var site = new Site(withMedia: false);
        Command.Shell(@"printf one >$'caf\xe8.jpg'; printf two >$'caf\xe9.jpg'; printf line >$'a\nb'; printf plain >'a\nb'", site.Storage);
        site.Create();
        const string spoil = "for f in *; do printf later > \"$f\"; done";

        Command.Shell(spoil, site.Storage);
        Restore(@"storage/$'caf\xe8.jpg'").Succeeds();
        Assert.Equal("one later", Command.Shell(@"cat $'caf\xe8.jpg'; printf ' '; cat $'caf\xe9.jpg'", site.Storage).Output);
        Command.Shell(spoil, site.Storage);
        Restore(@$"{site.Storage}/$'caf\xe9.jpg'").Succeeds();
        Assert.Equal("later two", Command.Shell(@"cat $'caf\xe8.jpg'; printf ' '; cat $'caf\xe9.jpg'", site.Storage).Output);
        Restore(@"storage/$'caf\xfe.jpg'").Fails(1, "nothing in snapshot", @"$'storage/caf\376.jpg'");

        site.Run("restore", "latest", "--dry-run", "--path", "storage/caf\ufffd.jpg").Succeeds()
            .Says("2 names are printed, all of which are chosen", @"$'storage/caf\350.jpg', $'storage/caf\351.jpg'").Prints("would restore 2 files");
        site.Run("restore", "latest", "--dry-run", "--path", @"storage/a\nb").Succeeds().Says("not chosen", @"$'storage/a\012b'").Prints("would restore 1 file");
        Command.Run(["bash", "-c", $"{Program.Binary} --config {site.Config} restore latest --to $'{site.Root}/\\xe9'"], Program.Environment(null)).Fails(2, "--to", "not UTF-8");

        Result Restore(string word) => Command.Run(["bash", "-c", $"{Program.Binary} --config {site.Config} restore latest --yes --path {word}"], Program.Environment(null));
    }

    [Fact]
    public void Nothing_in_a_name_reaches_the_terminal_as_a_command()
    {
        using var site = new Site();
        Command.Shell(OddNames, site.Storage);
        Command.MakeSocket(site.InStorage("socket\e[2J\nerror: all is lost"));
        var created = site.Run("create").Succeeds();
        var listed = site.Run("show", "latest", "--files").Succeeds();
        Assert.DoesNotContain('\e', created.Errors + created.Output + listed.Output);
        Assert.DoesNotContain("\nerror: all is lost", created.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Further_names_of_what_is_no_regular_file_are_counted()
    {
        using var site = new Site(withMedia: false);
        Command.Shell("mkfifo pipe; ln pipe pipe2; ln pipe pipe3; ln -s nowhere link; ln link link2; echo x >file; ln file file2", site.Storage);
        Assert.Equal("storage: 3 further names of FIFOs, devices and symlinks are files of their own in the snapshot, and come back as such", Assert.Single(site.Create("storage").Warnings));
        Command.Shell("rm pipe3 link2", site.Storage);
        Assert.Contains("storage: 1 further name of FIFOs, devices and symlinks is a file of its own", Assert.Single(site.Create("storage").Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_path_of_4000_bytes_comes_back()
    {
        using var site = new Site(withMedia: false);
        Command.Shell("""
            for i in {1..19}; do d=$(printf "d%.0s" {1..200}); mkdir "$d"; cd -P "$d" 2>/dev/null || cd "$d"; done
            printf deep >"$(printf 'f%.0s' {1..180})"
            """, site.Storage);
        Assert.Contains(Tree.Describe(site.Storage), entry => entry.Path.Length >= 3999);
        Tree.AssertSame(site.Storage, site.Create().Restored("storage"), Likeness.Restored);
    }

    [Fact]
    public void Sparse_files_of_absurd_sizes_overflow_nothing()
    {
        using var site = new Site(withMedia: false);
        var tree = site.MountMemory("huge", "size=10m");
        site.TreeSettings["path"] = tree;
        site.SaveSettings();
        Command.Shell("truncate -s 7E one; truncate -s 7E two; truncate -s 7E three; echo x >four", tree);
        site.Create("storage");
        foreach (var words in new string[][] { ["list"], ["stats"], ["show", "latest"], ["create", "storage", "--dry-run", "--rescan"] })
        {
            site.Run(words).Succeeds().Prints("4 EiB");
        }

        site.Run("verify", "--deep").Succeeds();
    }

    [Fact]
    public void A_sparse_file_over_4_GB_comes_back_sparse()
    {
        const long size = 5L << 30;
        long[] places = [0, (4L << 30) - 1000, size - 100_000];
        using var site = new Site(withMedia: false);
        using (var file = File.Create(site.InStorage("disk.img")))
        {
            file.SetLength(size);
            foreach (var place in places)
            {
                file.Position = place;
                file.Write(Data(place));
            }
        }

        var restored = Path.Combine(site.Create("storage").Restored("storage"), "disk.img");
        Assert.InRange(site.PackBytes(), 300_000, 500_000);
        Assert.Equal(size, new FileInfo(restored).Length);
        Assert.All(places, place => Assert.Equal(Data(place), Read(restored, place, 100_000)));

        // No more blocks than those of the data, so that everything between them reads as zeros.
        Assert.InRange(Blocks(restored), 1, 700);
    }

    [Fact]
    public void Hard_links_links_and_empty_directories_come_back_as_such()
    {
        using var site = new Site();
        Command.Shell("""
            printf 'once' >one; ln one two; mkdir sub; ln one sub/three
            ln portraits/0/portrait.jpg aaa-first-in-order
            ln -s one relative; ln -s /nowhere/at/all dangling; ln -s . loop; ln one -- -dash
            mkdir -p empty/below; chmod 2770 empty; chmod 1777 empty/below; chmod 4711 two
            touch -d '1999-12-31 23:59:59.123456789' one empty/below; touch -h -d '2001-02-03 04:05:06.7' dangling
            touch -d '1955-11-05 06:00:00' previews
            """, site.Storage);
        var snapshot = site.Create();
        Tree.AssertSame(site.Storage, snapshot.Restored("storage"), Likeness.Restored);

        // The recovery text makes nobody's files set-uid.
        var recovered = Path.Combine(snapshot.Recover(), "storage");
        Command.Shell("chmod 00711 two; chmod 00770 empty; chmod 00777 empty/below; touch -d '1999-12-31 23:59:59.123456789' empty/below", site.Storage);
        Tree.AssertSame(site.Storage, recovered, Likeness.Recovered);
    }

    [Fact]
    public void Owners_come_back_when_root_restores()
    {
        Machine.NeedRoot("giving files away");
        using var site = new Site();
        Command.Shell("chown 33:44 videos videos/clip.mp4; chown -h 55:66 latest.jpg; chown 65534:12345 previews/empty", site.Storage);
        Tree.AssertSame(site.Storage, site.Create().Restored("storage"), Likeness.Restored);
    }

    [Fact]
    public void Sockets_are_left_out_with_a_warning()
    {
        using var site = new Site();
        Command.MakeSocket(site.InStorage("talk"));
        site.Run("create").Succeeds().Says("storage/talk", "socket");
        Assert.Equal("complete", site.Newest().State);
        Assert.Single(site.Newest().Warnings);
        Assert.DoesNotContain("storage/talk", site.Newest().Files().Keys);
    }

    private static byte[] Data(long place) => Content.Random(100_000, seed: (int)(place >> 20));

    private static byte[] Read(string path, long place, int length)
    {
        using var file = File.OpenRead(path);
        file.Position = place;
        var bytes = new byte[length];
        file.ReadExactly(bytes);
        return bytes;
    }

    private static long Blocks(string path) =>
        long.Parse(Command.Run("stat", "-c", "%b", path).Succeeds().Output, System.Globalization.CultureInfo.InvariantCulture);
}
