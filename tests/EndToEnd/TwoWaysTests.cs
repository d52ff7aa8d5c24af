namespace VertexAr.Backup.EndToEnd;

/// <summary>Two ways to one repository: what one alone may do for hours, and the moment at which a snapshot gets its name.</summary>
public sealed class TwoWaysTests : IDisposable
{
    private readonly Site site = new();

    public TwoWaysTests()
    {
        site.Settings["workers"] = 1;
        site.Create();
    }

    public void Dispose()
    {
        site.Dispose();
        PoorPlace.Forget(site);
    }

    /// <summary>Whatever the place can: a rename that refuses, a hard link, or neither.</summary>
    [Theory]
    [InlineData("a disk", "json")]
    [InlineData("a disk", "files.jsonl.gz")]
    [InlineData("a disk", "packs.jsonl.gz")]
    [InlineData("sshfs", "json")]
    [InlineData("sshfs", "files.jsonl.gz")]
    [InlineData("sshfs", "packs.jsonl.gz")]
    [InlineData("exfat", "json")]
    [InlineData("exfat", "packs.jsonl.gz")]
    public void What_has_the_name_of_a_new_snapshot_by_now_is_not_replaced(string where, string suffix)
    {
        site.Settings["backup_dir"] = where switch
        {
            "sshfs" => Share(),
            "exfat" => PoorPlace.Mount(site, "stick", "exfat"),
            _ => site.Backups,
        };
        var there = (string)site.Settings["backup_dir"]!;
        site.Run("create").Succeeds();
        var last = site.Write("last", "new");
        string theirs;
        using (var run = StoppedRun.At(site, "openat", last))
        {
            var id = Path.GetFileName(Directory.EnumerateDirectories(Path.Combine(there, "staging")).Single());
            theirs = Path.Combine(there, $"snapshots/{id}.{suffix}");
            File.WriteAllText(theirs, "of the other side");
            run.Continue().Succeeds();
        }

        Assert.Equal("of the other side", File.ReadAllText(theirs));
        File.Delete(theirs);
        site.Run("verify", "--deep").Succeeds();
        Assert.True(site.Run("restore", "latest", "--only", "storage", "--to", site.In("out")).Code is 0 or 3);
        Assert.Equal("new", File.ReadAllText(site.In("out/storage/last")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(there, "leases")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(there, "staging")));
    }

    [Fact]
    public void Who_copies_by_the_other_way_to_the_second_place_is_told_of_who_does_already()
    {
        var place = new SecondPlace(site);
        var other = Share();
        using (var run = Copying())
        {
            site.Run("offsite", "push", "--backup-dir", other).Fails(11, $"another run is copying {other} to the second place (offsite push, process {run.ProgramId} on {Environment.MachineName}, since 2", "lapses 5 minutes after");
            site.Run("create", "--no-offsite", "--backup-dir", other).Succeeds();
            run.Continue().Succeeds();
        }

        site.Run("offsite", "push").Succeeds();
        place.AssertIsCopy();
    }

    [Fact]
    public void A_copy_that_stood_still_too_long_sends_nothing_more()
    {
        var place = new SecondPlace(site);
        var other = Share();
        using (var run = Copying())
        {
            Command.Shell("touch -d '-10 minutes' *.json", Path.Combine(site.Backups, "leases"));
            site.Run("offsite", "push", "--backup-dir", other).Succeeds();
            run.Continue().Fails(1, "was taken away: another run took it for dead");
        }

        place.AssertIsCopy();
        site.Run("offsite", "push", "--backup-dir", other).Succeeds();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(site.Backups, "leases")));
    }

    [Theory]
    [InlineData("json")]
    [InlineData("files.jsonl.gz")]
    [InlineData("packs.jsonl.gz")]
    public void What_came_by_the_other_way_while_packs_were_fetched_is_not_replaced(string suffix)
    {
        var (place, id, bare) = Copied();
        var theirs = Path.Combine(bare, $"snapshots/{id}.{suffix}");
        place.ReplaceRclone($$"""
            names=$(printf '%s\n' "$@" | grep -A 1 -x -e --files-from-raw | tail -n 1)
            [[ $verb = copy ]] && grep -q '^packs/' "$names" && echo theirs > '{{theirs}}'
            """);

        Pull(bare).Ends(1).Says($"snapshot {id} could not be brought here", "one of its name has come here meanwhile");

        Assert.Equal("theirs\n", File.ReadAllText(theirs));
        Assert.Equal([theirs], Directory.GetFiles(Path.Combine(bare, "snapshots")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(bare, "leases")));
        File.Delete(theirs);
        place.Settings.Remove("rclone");
        IsBroughtTo(bare);
    }

    /// <summary>What was fetched has the time at which it came here, and not the one that it has there, long ago.</summary>
    [Fact]
    public void A_pull_that_was_killed_before_the_header_is_no_obstacle()
    {
        var (place, id, bare) = Copied();
        Command.Shell("find . -type f -exec touch -d '-1 hour' {} +", place.Top);
        using (var run = StoppedRun.At(site, "openat", Path.Combine(bare, Path.GetRelativePath(site.Backups, site.Packs()[0])), arguments: ["offsite", "pull", "--backup-dir", bare]))
        {
            run.Signal("KILL");
            run.Continue();
        }

        string[] left = [Path.Combine(bare, $"snapshots/{id}.files.jsonl.gz"), Path.Combine(bare, $"snapshots/{id}.packs.jsonl.gz")];
        Assert.Equal(left, Directory.GetFiles(Path.Combine(bare, "snapshots")).Order(StringComparer.Ordinal));
        Assert.Equal("", Command.Run("find", Path.Combine(bare, "snapshots"), Path.Combine(bare, "packs"), "-type", "f", "-mmin", "+30").Output);
        IsBroughtTo(bare);
    }

    [Theory]
    [InlineData("files.jsonl.gz")]
    [InlineData("packs.jsonl.gz")]
    public void What_a_killed_run_left_under_the_name_of_a_snapshot_is_replaced_once_it_is_old(string suffix)
    {
        var (_, id, bare) = Copied();
        Pull(bare).Succeeds();
        Command.Shell($"rm {id}.*; echo other > {id}.{suffix}", Path.Combine(bare, "snapshots"));

        Pull(bare).Ends(1).Says("one of its name has come here meanwhile");
        Assert.Equal([Path.Combine(bare, $"snapshots/{id}.{suffix}")], Directory.GetFiles(Path.Combine(bare, "snapshots")));
        Command.Shell($"touch -d '-6 minutes' {id}.{suffix}", Path.Combine(bare, "snapshots"));
        IsBroughtTo(bare);
    }

    /// <summary>The moment between the last look at the packs and the name of the header. What was there before is read once, to be believed.</summary>
    [Fact]
    public void A_pull_that_stood_still_too_long_publishes_nothing()
    {
        var (_, id, _) = Copied();
        Command.Shell("rm snapshots/*", site.Backups);
        using (var run = StoppedRun.At(site, "openat", site.Packs()[0], arguments: ["offsite", "pull"], number: 2))
        {
            Command.Shell("touch -d '-10 minutes' *.json", Path.Combine(site.Backups, "leases"));
            site.Run("create", "--no-offsite", "--backup-dir", Share()).Succeeds();
            run.Continue().Fails(1, "was taken away: another run took it for dead");
        }

        Assert.False(File.Exists(Path.Combine(site.Backups, $"snapshots/{id}.json")));
        Assert.Single(site.Snapshots());
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(site.Backups, "leases")));
        site.Run("offsite", "pull").Succeeds();
        Assert.Equal(2, site.Snapshots().Count);
        site.Run("verify", "--deep").Succeeds();
    }

    [Theory]
    [InlineData("the same")]
    [InlineData("sshfs")]
    public void Two_who_import_do_not_import_the_same(string way)
    {
        var old = new PythonSystem(site);
        var archive = old.Create("database", "20240107_030000");
        var other = way == "the same" ? site.Backups : Share();

        // The fifth time that it is opened: it was checked, and there is a directory to unpack it into.
        using (var run = StoppedRun.At(site, "openat", archive, arguments: ["import", old.Backups], number: 5))
        {
            site.Run("import", old.Backups, "--backup-dir", other).Fails(11, $"another run is importing into {other}");
            site.Run("import", old.Backups, "--dry-run", "--backup-dir", other).Succeeds();
            site.Run("create", "--backup-dir", other).Succeeds();
            Assert.Single(Directory.EnumerateDirectories(Path.Combine(site.Backups, "staging")));
            run.Continue().Succeeds().Prints("imported 1 backup");
        }

        site.Run("import", old.Backups, "--backup-dir", other).Succeeds().Prints("1 imported before");
        Assert.Equal(3, site.Snapshots().Count);
        site.Run("verify", "--deep").Succeeds();
    }

    /// <summary>Stopped when it begins to look at what there is to copy. Not at a file that rclone opens too, which would be stopped as well.</summary>
    private StoppedRun Copying() => StoppedRun.At(site, "getdents64", Path.Combine(site.Backups, "snapshots"), arguments: ["offsite", "push"]);

    /// <summary>The one snapshot is in the second place, and is to be brought into an empty directory.</summary>
    private (SecondPlace Place, string Id, string Bare) Copied()
    {
        var place = new SecondPlace(site);
        site.Run("offsite", "push").Succeeds();
        return (place, site.Newest().Id, Directory.CreateDirectory(site.In("bare")).FullName);
    }

    private Result Pull(string bare) => site.Run("offsite", "pull", "--backup-dir", bare);

    private void IsBroughtTo(string bare)
    {
        Pull(bare).Succeeds().Prints("1 snapshot");
        Command.Run("diff", "-r", Path.Combine(site.Backups, "snapshots"), Path.Combine(bare, "snapshots")).Succeeds();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(bare, "leases")));
        Program.Run("verify", "--deep", "--backup-dir", bare).Succeeds();
    }

    /// <summary>Over SFTP names are remembered for 20 seconds: what the other side did meanwhile is not in them.</summary>
    [Fact]
    public void A_list_of_snapshots_that_a_share_remembers_is_not_believed()
    {
        site.Settings["max_backups"] = 1;
        site.Run("create").Succeeds();
        var share = Share();
        Command.Shell("find backups -type f -exec touch -d '-1 hour' {} +", site.Root);
        site.Run("list", "--backup-dir", share).Succeeds();
        var newest = site.Create();
        site.Run("verify", "--backup-dir", share).Succeeds().Prints("1 snapshot");
        site.Run("list", "--backup-dir", share).Succeeds();
        site.Write("later", "more");
        site.Create();
        site.Run("rotate", "--backup-dir", share).Succeeds();
        site.Run("verify", "--deep").Succeeds();
        Assert.NotEqual(newest.Id, Assert.Single(site.Snapshots()).Id);
    }

    /// <summary>
    /// Where the directory of headers may not be changed from here, the share cannot be made to ask the server: one header is listed and gone,
    /// and one is there and not listed, with the packs that it needs.
    /// </summary>
    [Fact]
    public void No_pack_goes_while_a_share_lists_a_snapshot_that_is_gone()
    {
        Machine.NeedRoot("mounting a file system");
        site.Settings["max_backups"] = 1;
        var gone = site.Create();
        var share = Share();
        site.Run("list", "--backup-dir", share).Succeeds().Prints(gone.Id);
        site.Write("later", Content.Random(100_000, seed: 4));
        var newest = site.Create();
        Assert.NotEqual(gone.Id, newest.Id);
        Command.Shell("find backups -type f -exec touch -d '-1 hour' {} +; mount --bind backups/snapshots backups/snapshots; mount -o remount,bind,ro backups/snapshots", site.Root);
        try
        {
            var packs = site.Packs();

            site.Run("rotate", "--backup-dir", share).Says("no pack was deleted: a snapshot is damaged or was just removed from elsewhere");

            Assert.Equal(packs, site.Packs());
        }
        finally
        {
            Command.Run("umount", site.In("backups/snapshots"));
        }

        site.Run("verify", "--deep").Succeeds().Prints("1 snapshot");
        Assert.Equal(newest.Id, Assert.Single(site.Snapshots()).Id);
    }

    private string Share() =>
        site.MountFuse("share", "printf '#!/bin/sh\\nexec /usr/lib/openssh/sftp-server\\n' > ssh; chmod 755 ssh; sshfs -o ssh_command=\"$PWD/ssh\" host:\"$PWD/backups\" \"$1\"");
}
