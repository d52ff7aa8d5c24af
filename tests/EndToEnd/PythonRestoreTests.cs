namespace VertexAr.Backup.EndToEnd;

/// <summary>Backups of the Python system, restored and looked at without importing them.</summary>
public sealed class PythonRestoreTests : IDisposable
{
    private const string At = "20240107_030000";

    /// <summary>Python keeps a time as a fraction, which is not exact to the nanosecond.</summary>
    private const Likeness AsArchived = Likeness.ModesOfFiles | Likeness.ModesOfDirectories | Likeness.Owners;

    private readonly Site site = new();
    private readonly PythonSystem old;

    public PythonRestoreTests() => old = new PythonSystem(site);

    public void Dispose()
    {
        site.Dispose();
        PoorPlace.Forget(site);
    }

    [Theory]
    [InlineData("storage", "")]
    [InlineData("storage", "--split 700000")]
    [InlineData("storage", "--compression none")]
    [InlineData("storage", "--compression none --split 700000")]
    [InlineData("storage", "--format 1 --ascii")]
    [InlineData("storage", "--format 0")]
    [InlineData("storage", "--no-metadata --split 700000")]
    [InlineData("full", "")]
    [InlineData("full", "--split 700000")]
    public void A_tree_comes_back_as_it_was(string type, string options)
    {
        site.Write("umläut/" + new string('n', options.Contains("--format 0", StringComparison.Ordinal) ? 80 : 200), "long");
        if (!options.Contains("--format 0", StringComparison.Ordinal))
        {
            Command.Shell("printf x > $'not\\xfftext'; ln portraits/1/portrait.jpg zz-link; ln -s /etc/passwd out; chmod 2750 previews; chmod 400 portraits/2/portrait.jpg; mkdir closed; touch closed/x; chmod 0 closed", site.Storage);
        }

        var path = old.Create(type, At, options.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        site.Run("restore", path, "--to", site.In("out")).Succeeds();

        Tree.AssertSame(site.Storage, site.In("out/storage"), AsArchived);
        if (type == "full")
        {
            AssertSameBytes(site.Database, site.In("out/app_data/app_data.db"));
        }
    }

    /// <summary>What the place cannot hold is no damage of the backup.</summary>
    [Fact]
    public void On_a_stick_links_are_left_out_or_copied_and_names_that_it_does_not_take_are_refused()
    {
        Command.Shell("ln -s portraits out; ln portraits/1/portrait.jpg zz-link", site.Storage);
        var fits = old.Create("storage", At);
        Command.Shell("echo x > a:b", site.Storage);
        var unfit = old.Create("storage", "20240108_030000");
        Command.Shell("rm a:b", site.Storage);
        var stick = PoorPlace.Mount(site, "stick", "exfat");
        site.Run("restore", fits, "--to", Path.Combine(stick, "out")).Ends(3).Says("1 hard link became a file of its own", "this symlink cannot be made");
        AssertSameBytes(site.InStorage("zz-link"), Path.Combine(stick, "out/storage/zz-link"));
        site.Run("restore", unfit, "--to", Path.Combine(stick, "other")).Fails(1, "'a:b' cannot be restored", "nothing was changed", "import", "--rename-unfit");
        Assert.False(Path.Exists(Path.Combine(stick, "other")));
    }

    /// <summary>A container's paths, and another host's, which may be something else here.</summary>
    [Theory]
    [InlineData("database", "app_data.db", false)]
    [InlineData("database", "app_data.db", true)]
    [InlineData("storage", "storage", false)]
    [InlineData("storage", "storage", true)]
    public void In_place_it_goes_where_the_configuration_has_the_source_of_its_name(string type, string name, bool isImported)
    {
        var theirs = Directory.CreateDirectory(site.In("theirs")).FullName;
        File.WriteAllText(Path.Combine(theirs, "app_data.db"), "another application's");
        Directory.CreateDirectory(Path.Combine(theirs, "storage"));
        string[] recorded = [Path.Combine(theirs, name), $"/app/data/{name}"];
        var before = Tree.Describe(theirs);
        var paths = recorded.Select((original, i) => old.Create(type, $"2024010{i + 1}_030000", "--original", original)).ToList();
        if (isImported)
        {
            site.Run("import", old.Backups).Succeeds();
            paths = [.. site.Snapshots().Select(snapshot => snapshot.Id)];
        }

        Assert.Equal(recorded.Length, paths.Count);
        foreach (var path in paths)
        {
            Command.Run("sqlite3", site.Database, "DELETE FROM account").Succeeds();
            Directory.Delete(site.InStorage("videos"), true);
            site.Run("restore", path, "--yes").Succeeds();
            Assert.Equal(type == "database" ? "1" : "0", Command.Run("sqlite3", site.Database, "SELECT count(*) > 0 FROM account").Output.Trim());
            Assert.Equal(type == "storage", Directory.Exists(site.InStorage("videos")));
            Directory.CreateDirectory(site.InStorage("videos"));
        }

        Tree.AssertSame(before, Tree.Describe(theirs), Likeness.Restored);
    }

    [Fact]
    public void A_database_comes_back_byte_for_byte_and_belongs_to_whom_it_did()
    {
        var path = old.Create("database", At);
        var before = File.ReadAllBytes(path);
        if (Machine.IsRoot)
        {
            Command.Shell($"chown {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} '{site.Database}'; chmod 640 '{site.Database}'");
        }

        Command.Run("sqlite3", site.Database, "DELETE FROM account").Succeeds();

        site.Run("restore", path, "--yes").Succeeds().Prints("what was there before is kept as");

        Assert.Equal(before, File.ReadAllBytes(site.Database));
        TestDatabase.CheckCopy(site.Database);
        if (Machine.IsRoot)
        {
            Assert.Equal($"{Machine.OrdinaryUser}:{Machine.OrdinaryGroup} 640\n", Command.Run("stat", "-c", "%u:%g %a", site.Database).Output);
        }
    }

    [Fact]
    public void In_place_it_asks_and_keeps_what_was_there()
    {
        var path = old.Create("storage", At, "--split", "700000");
        var expected = Tree.Describe(site.Storage);
        site.Write("portraits/0/portrait.jpg", "spoilt");
        site.Write("new.txt", "new");

        site.Run("restore", path).Fails(2, "is replaced; what is there now is kept", "no terminal");
        site.Run("restore", path, "--dry-run").Succeeds().Prints("would restore");
        Assert.True(File.Exists(site.InStorage("new.txt")));

        site.Run("restore", path, "--yes").Succeeds();

        Tree.AssertSame(expected, Tree.Describe(site.Storage), AsArchived);
        var kept = Assert.Single(Directory.GetDirectories(site.In("app"), "storage.before_restore_*"));
        Assert.Equal("new", File.ReadAllText(Path.Combine(kept, "new.txt")));
    }

    [Fact]
    public void Some_files_can_be_chosen_also_by_a_further_name_of_theirs()
    {
        Command.Shell("ln videos/clip.mp4 zz-1; ln videos/clip.mp4 zz-2", site.Storage);
        var path = old.Create("full", At);

        site.Run("restore", path, "--path", "zz-*", "--path", "portraits/1/", "--to", site.In("out")).Succeeds();

        var files = Directory.GetFiles(site.In("out"), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(site.In("out"), f)).Order(StringComparer.Ordinal);
        Assert.Equal(["storage/portraits/1/portrait.jpg", "storage/zz-1", "storage/zz-2"], files);
        AssertSameBytes(site.InStorage("videos/clip.mp4"), site.In("out/storage/zz-2"));

        site.Run("restore", path, "--only", "database", "--to", site.In("db")).Succeeds();
        Assert.Equal(["app_data"], Directory.GetFileSystemEntries(site.In("db")).Select(Path.GetFileName));
        site.Run("restore", path, "--path", "nothing*", "--to", site.In("none")).Fails(1, "nothing in full_backup_20240107_030000 matches");
    }

    [Fact]
    public void It_works_without_a_configuration_and_without_a_repository()
    {
        var path = old.Create("full", At);
        var outside = Path.Combine(Directory.CreateDirectory(site.In("elsewhere")).FullName, "moved");
        Directory.Move(old.Backups, outside);

        Program.Run("restore", path.Replace(old.Backups, outside, StringComparison.Ordinal), "--to", site.In("out")).Succeeds();

        Tree.AssertSame(site.Storage, site.In("out/storage"), Likeness.Content);
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        var path = old.Create("storage", At, "--split", "700000");
        File.Delete(path.Replace("part001", "part003", StringComparison.Ordinal));

        site.Run("restore", path, "--to", site.In("out")).Fails(1, $"storage_backup_{At} lacks its part 3 (storage_backup_{At}.tar.part003.gz)", "nothing was changed");
        site.Run("verify", $"storage_backup_{At}", "--backup-dir", old.Backups).Ends(1).Prints("lacks its part 3");
        Assert.False(Directory.Exists(site.In("out")));
    }

    [Theory]
    [InlineData("mv part002 x; mv part003 part002; mv x part003", "does not decompress from storage_backup_20240107_030000.tar.part002.gz on, so that part or one before it")]
    [InlineData("cp part002 part003", "tar.part002.gz and storage_backup_20240107_030000.tar.part003.gz have the same content")]
    [InlineData("truncate -s -1 part002", "tar.part002.gz has 699999 bytes, and should have 700000")]
    [InlineData("truncate -s 0 part004", "tar.part004.gz has 0 bytes")]
    public void A_damaged_part_is_named(string damage, string words)
    {
        var path = old.Create("storage", At, "--split", "700000");
        Command.Shell(System.Text.RegularExpressions.Regex.Replace(damage, "part00.", $"storage_backup_{At}.tar.$0.gz"), Path.GetDirectoryName(path));

        site.Run("restore", path, "--to", site.In("out")).Fails(1, "its SHA-256 is", words);
        Assert.False(Directory.Exists(site.In("out")));
    }

    [Theory]
    [InlineData("storage", "")]
    [InlineData("storage", "--no-metadata")]
    [InlineData("storage", "--split 700000")]
    [InlineData("storage", "--split 700000 --no-metadata")]
    [InlineData("database", "")]
    public void A_flipped_bit_is_found_and_nothing_changes(string type, string options)
    {
        var path = old.Create(type, At, options.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Damage.FlipByte(path, 5000);
        var before = Tree.Describe(site.In("app"));

        site.Run("restore", path, "--yes").Fails(1, Path.GetFileName(path).Split('.')[0]);
        site.Run("verify", path).Ends(1).Prints("damaged: ");

        Tree.AssertSame(before, Tree.Describe(site.In("app")), Likeness.Restored);
    }

    [Theory]
    [InlineData("add('/tmp/evil')", "leads out of it: '/tmp/evil'")]
    [InlineData("add('storage/../../evil')", "leads out of it: 'storage/../../evil'")]
    [InlineData("add('storage/l', b'', type=tarfile.SYMTYPE, linkname='/tmp'); add('storage/l/evil')", "below what is no directory")]
    [InlineData("add('storage/l', b'', type=tarfile.SYMTYPE, linkname='..'); add('storage/l/l2', b'', type=tarfile.SYMTYPE, linkname='x')", "below what is no directory")]
    [InlineData("add('storage/l', b'', type=tarfile.SYMTYPE, linkname='/etc/passwd'); add('storage/l')", "twice")]
    [InlineData("add('storage/l', b'', type=tarfile.LNKTYPE, linkname='/etc/passwd')", "hard link that leads out of it")]
    [InlineData("add('storage/l', b'', type=tarfile.LNKTYPE, linkname='storage/../../x')", "hard link that leads out of it")]
    [InlineData("add('storage/l', b'', type=tarfile.LNKTYPE, linkname='storage/later'); add('storage/later')", "does not hold before it")]
    [InlineData("add('storage/a'); add('storage/a/b')", "below what is no directory")]
    public void A_hostile_archive_is_refused_and_leaves_nothing(string lines, string words)
    {
        var path = old.Craft(At, lines);
        var before = Tree.Describe(site.In("app"));

        site.Run("restore", path, "--to", site.In("out")).Fails(1, words);
        site.Run("restore", path, "--yes").Fails(1, words);
        site.Run("import", old.Backups).Ends(1).Says(words);

        Assert.False(Directory.Exists(site.In("out")));
        Assert.False(File.Exists("/tmp/evil"));
        Assert.Empty(site.Snapshots());
        var staging = Path.Combine(site.Backups, "staging");
        Assert.Empty(Directory.Exists(staging) ? Directory.GetFileSystemEntries(staging) : []);
        Tree.AssertSame(before, Tree.Describe(site.In("app")), Likeness.Content);
    }

    [Fact]
    public void Devices_are_left_out_with_a_warning()
    {
        var path = old.Craft(At, "add('storage/null', b'', type=tarfile.CHRTYPE, devmajor=1, devminor=3); add('storage/a', mode=0o4755)");

        site.Run("restore", path, "--to", site.In("out")).Succeeds().Says("storage/null: is a character device, and left out");

        Assert.Equal(["storage/a"], Directory.GetFiles(site.In("out"), "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(site.In("out"), f)));
    }

    [Theory]
    [InlineData("bz2", "")]
    [InlineData("xz", "--split 700000")]
    public void Other_compressions_are_converted_by_the_command_that_is_told(string compression, string options)
    {
        var path = old.Create("storage", At, ["--compression", compression, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        var refused = site.Run("restore", path, "--to", site.In("out")).Fails(1, $"compressed with {(compression == "xz" ? "xz" : "bzip2")}");
        site.Run("import", old.Backups).Ends(3).Says("left out");

        const string begin = "installed: ";
        Command.Shell(refused.Errors[(refused.Errors.IndexOf(begin, StringComparison.Ordinal) + begin.Length)..].Trim());

        site.Run("restore", path, "--to", site.In("out")).Succeeds().Says("only its own structure proves");
        Tree.AssertSame(site.Storage, site.In("out/storage"), AsArchived);
        site.Run("import", old.Backups).Succeeds();
    }

    [Fact]
    public void Without_a_repository_the_latest_is_the_latest_of_these()
    {
        old.Create("full", At);
        old.Create("database", "20240108_020000");

        site.Run("restore", "latest", "--dry-run", "--to", site.In("out"), "--backup-dir", old.Backups).Succeeds().Prints("db_backup_20240108_020000");
        site.Run("restore", "latest", "--type", "full", "--to", site.In("out"), "--backup-dir", old.Backups).Succeeds();
        Tree.AssertSame(site.Storage, site.In("out/storage"), Likeness.Content);
    }

    [Fact]
    public void List_and_show_know_them_where_there_is_no_repository()
    {
        old.Create("full", At, "--split", "700000");
        old.Create("database", "20240108_020000");

        site.Run("list", "--backup-dir", old.Backups).Succeeds().Prints($"full_backup_{At}", "db_backup_20240108_020000").Says("import");
        site.Run("show", $"full_backup_{At}", "--backup-dir", old.Backups).Succeeds().Prints("parts", site.Storage, ".tar.part001.gz");
        site.Run("show", $"storage_backup_{At}", "--files", "--backup-dir", old.Backups).Succeeds().Prints("storage/portraits/5/portrait.jpg", "storage/latest.jpg -> portraits/5/portrait.jpg");
        site.Run("verify", "--backup-dir", old.Backups).Succeeds().Prints("2 backups of the Python system");
        var listed = Json.Lines(site.Run("list", "--json", "--backup-dir", old.Backups).Succeeds().Output);
        Assert.Equal(["python_backup", "python_backup"], listed.Select(line => (string)line["message_type"]!));
        site.Run("show", "db_backup_20200101_000000", "--backup-dir", old.Backups).Fails(1, "there is no backup db_backup_20200101_000000");
        site.Run("restore", "./nowhere.tar.gz", "--to", site.In("out")).Fails(1, "there is no file ./nowhere.tar.gz");
        site.Run("restore", site.Config, "--to", site.In("out")).Fails(1, "is no backup of the Python system");
    }

    private static void AssertSameBytes(string expected, string actual) => Command.Run("cmp", expected, actual).Succeeds();
}
