namespace VertexAr.Backup.EndToEnd;

/// <summary>Backup directories that are missing, not ours, of another version, in use, or damaged.</summary>
public sealed class RepositoryErrorTests
{
    [Theory]
    [InlineData("create")]
    [InlineData("list")]
    [InlineData("rotate")]
    [InlineData("verify")]
    [InlineData("stats")]
    public void A_missing_backup_directory_is_no_repository(string command)
    {
        using var site = new Site();
        Directory.Delete(site.Backups);
        site.Run(command).Fails(10, site.Backups, "does not exist");
    }

    /// <summary>A run that would not do does not seem to in a rehearsal.</summary>
    [Fact]
    public void A_dry_run_ends_as_the_run_would()
    {
        using var site = new Site();
        var hint = Command.Run("id", "vertex-ar").Code == 0 ? "install -d -o vertex-ar -g vertex-ar -m 0750" : "install -d -m 0750";
        Directory.Delete(site.Backups);
        site.Run("create", "--dry-run").Fails(10, site.Backups, "does not exist", hint);
        File.WriteAllText(site.Backups, "");
        site.Run("create", "--dry-run").Fails(10, site.Backups, "not a directory");
        File.Delete(site.Backups);
        Directory.CreateDirectory(site.Backups);
        site.Run("create", "--dry-run").Succeeds();
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.Backups));
        var before = site.BelongToOrdinaryUser();
        Command.Shell(Machine.IsRoot ? $"chown 0:0 '{site.Backups}'; chmod 755 '{site.Backups}'" : $"chmod 555 '{site.Backups}'");
        site.Run(["create", "--dry-run"], null, before).Fails(1, $"cannot write to the backup directory {site.Backups}");
    }

    [Fact]
    public void A_repository_without_snapshots_is_not_verified()
    {
        using var site = new Site(withMedia: false);
        var first = site.Create("database");
        Command.Shell($"rm -r snapshots/{first.Id}.* runs", site.Backups);
        site.Run("verify").Succeeds().Says("holds no snapshots: there is nothing to verify");
        Assert.Equal(0, (int)Assert.Single(Json.Lines(site.Run("verify", "--json").Succeeds().Output))["snapshots"]!);
        site.Create("database");
        site.Run("status").Prints("verified      never");
    }

    [Fact]
    public void A_file_in_its_place_is_no_repository()
    {
        using var site = new Site();
        Directory.Delete(site.Backups);
        File.WriteAllText(site.Backups, "");
        site.Run("create").Fails(10, site.Backups, "not a directory");
        site.Run("list").Fails(10, site.Backups, "not a directory");
    }

    [Fact]
    public void An_empty_directory_holds_no_repository_yet()
    {
        using var site = new Site();
        site.Run("list").Fails(10, site.Backups, "no repository yet", "create");
    }

    [Fact]
    public void A_directory_with_other_things_in_it_is_left_alone()
    {
        using var site = new Site();
        File.WriteAllText(Path.Combine(site.Backups, "thesis.txt"), "years of work");
        site.Run("create").Fails(10, site.Backups, "not empty", "thesis.txt");
        Assert.Equal(["thesis.txt"], Directory.EnumerateFileSystemEntries(site.Backups).Select(Path.GetFileName));
    }

    /// <summary>A site that is staged before it is deployed, say. In a repository it may lie next to ours.</summary>
    [Fact]
    public void Somebody_elses_staging_directory_is_left_alone()
    {
        using var site = new Site();
        Command.Shell("mkdir -p staging/www; echo mine > staging/www/photo.jpg; ln -s www staging/current; cp -a staging ../mine", site.Backups);
        var mine = Tree.Describe(site.In("mine"));
        site.Run("create").Fails(10, "not empty", "staging/current is there");
        site.Run("create", "--dry-run").Fails(10, "not empty", "staging/current is there");
        Assert.Equal(mine, Tree.Describe(Path.Combine(site.Backups, "staging")));

        Command.Shell("rm -r staging", site.Backups);
        site.Create();
        Command.Shell("cp -a ../mine/. staging", site.Backups);
        site.Create();
        Assert.Equal(mine.Where(entry => entry.Path.Length > 0), Tree.Describe(Path.Combine(site.Backups, "staging")).Where(entry => entry.Path.Length > 0));
    }

    [Fact]
    public void A_directory_that_may_not_be_written_is_an_error()
    {
        using var site = new Site();
        var before = site.BelongToOrdinaryUser();
        Command.Shell(Machine.IsRoot ? $"chown 0:0 '{site.Backups}'; chmod 755 '{site.Backups}'" : $"chmod 555 '{site.Backups}'");
        site.Run(["create"], before: before).Fails(1, "cannot write to the backup directory", site.Backups, "chown");
    }

    [Fact]
    public void A_repository_of_a_newer_version_is_refused_and_not_touched()
    {
        using var site = new Site();
        site.Create();
        var mark = Path.Combine(site.Backups, "repository.json");
        File.WriteAllText(mark, File.ReadAllText(mark).Replace("\"version\": 1", "\"version\": 2", StringComparison.Ordinal));
        foreach (var command in new[] { "create", "list", "rotate", "verify" })
        {
            site.Run(command).Fails(1, "version 2", "version 1", "newer");
        }

        Assert.Single(site.Snapshots());
    }

    [Fact]
    public void A_damaged_mark_is_an_error_that_points_to_the_recovery_text()
    {
        using var site = new Site();
        site.Create();
        Damage.FlipByte(Path.Combine(site.Backups, "repository.json"), 60);
        site.Run("list").Fails(1, "repository.json", "RECOVERY.txt");
    }

    [Fact]
    public void A_run_beside_another_is_refused_and_told_who_is_at_work()
    {
        using var site = new Site();
        using var first = StoppedRun.At(site, "statx", site.InStorage("videos/clip.mp4"));
        site.Run("create", "database").Fails(11, site.Backups, "create full", $"process {first.ProgramId}");
        site.Run("rotate").Fails(11, "create full");
        site.Run("list").Succeeds();
        first.Continue().Succeeds();
        site.Create("database");
    }

    [Fact]
    public void No_lock_outlives_a_killed_process()
    {
        using var site = new Site();
        using (var first = StoppedRun.At(site, "statx", site.InStorage("videos/clip.mp4")))
        {
            first.Signal("KILL");
        }

        site.Create();
    }

    [Theory]
    [InlineData("show")]
    [InlineData("verify")]
    [InlineData("restore")]
    public void An_unknown_ID_is_an_error(string command)
    {
        using var site = new Site();
        site.Create();
        site.Run(command, "20010101T000000Z").Fails(1, "no snapshot '20010101T000000Z'", "list");
    }

    [Fact]
    public void The_beginning_of_an_ID_is_enough_if_it_fits_one_snapshot()
    {
        using var site = new Site();
        var first = site.Create().Id;
        var second = site.Create().Id;
        site.Run("show", second[..^1].ToLowerInvariant()).Ends(first[..^1] == second[..^1] ? 1 : 0);
        site.Run("show", "20").Fails(1, "'20' fits 2 snapshots", first, second);
    }

    [Fact]
    public void Latest_is_the_newest_and_an_error_where_there_is_none()
    {
        using var site = new Site();
        site.Create("database");
        var newest = site.Create("storage").Id;
        site.Run("show", "latest").Succeeds().Prints(newest);
        site.Run("restore", "latest", "--type", "full", "--to", site.In("out")).Fails(1, "no full snapshot");
    }

    [Fact]
    public void A_damaged_header_is_named_and_hides_no_other_snapshot()
    {
        using var site = new Site();
        var bad = site.Create();
        var good = site.Create();
        Damage.FlipByte(bad.HeaderPath, 100);
        site.Run("list").Ends(1).Prints(good.Id).Says(bad.Id, "damaged");
        site.Run("show", bad.Id).Fails(1, bad.HeaderPath);
        site.Run("restore", bad.Id, "--to", site.In("out")).Fails(1, bad.HeaderPath);
        site.Run("create").Succeeds().Says(bad.Id, "damaged");

        // What is said to be done for it mends it.
        var advice = site.Run("verify").Ends(1).Output.Split('\n').Single(line => line.StartsWith("  mv ", StringComparison.Ordinal)).Trim();
        Command.Shell($"mkdir away; {advice.Replace("/somewhere/else", site.In("away"), StringComparison.Ordinal)}", site.Root);
        site.Run("verify", "--deep").Succeeds();
        Assert.Equal("", site.Run("rotate", "--max-backups", "1").Succeeds().Errors);
    }

    [Fact]
    public void A_damaged_file_list_is_an_error()
    {
        using var site = new Site();
        var snapshot = site.Create();
        Damage.FlipByte(snapshot.ListPath, 50);
        site.Run("show", snapshot.Id, "--files").Fails(1, snapshot.Id, "files.jsonl.gz");
        site.Run("restore", snapshot.Id, "--to", site.In("out")).Fails(1, snapshot.Id, "damaged");
        Assert.False(Directory.Exists(site.In("out")));
    }

    [Fact]
    public void A_damaged_pack_table_is_an_error_and_the_next_run_stores_anew()
    {
        using var site = new Site();
        var snapshot = site.Create();
        Damage.FlipByte(snapshot.PackTablePath, 30);
        site.Run("restore", snapshot.Id, "--to", site.In("out")).Fails(1, snapshot.Id, "damaged");
        site.Run("create").Ends(3).Says(snapshot.Id, "stored again");
        Tree.AssertSame(site.Storage, site.Newest().Restored("storage"), Likeness.Restored);
    }

    [Fact]
    public void A_missing_pack_is_stored_anew_by_the_next_run()
    {
        using var site = new Site();
        site.Create();
        site.Packs().ToList().ForEach(File.Delete);
        site.Run("create").Ends(3).Says("is missing", "stored again");
        site.Create();
        Tree.AssertSame(site.Storage, site.Newest().Restored("storage"), Likeness.Restored);
    }

    /// <summary>Without the right to list it, and without that to enter it.</summary>
    [Theory]
    [InlineData("a-rwx")]
    [InlineData("a-wx")]
    public void A_directory_that_stats_may_not_read_is_named(string mode)
    {
        using var site = new Site();
        site.Create();
        var before = site.BelongToOrdinaryUser();
        var directory = Path.GetDirectoryName(site.Packs()[0])!;
        Command.Shell($"chmod {mode} '{directory}'");
        var result = site.Run(["stats"], before: before);
        Command.Shell($"chmod u+rwx '{directory}'");
        result.Ends(1).Says($"the directory {directory} cannot be read: Permission denied");
    }
}
