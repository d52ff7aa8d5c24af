namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// A restore that was killed between two of its steps, and an application that went on working: it is finished or taken back all
/// the same, and nothing that the application wrote is lost.
/// </summary>
public sealed class RestoreKilledTests
{
    private const string Written = "the application wrote this";

    private static readonly string[] Files = ["f1", "f2", "f3", "f4", "f5", "f6"];

    [Theory]
    [InlineData("echo \"$W\" >tmp; mv tmp $F")]
    [InlineData("echo \"$W\" >>$F")]
    [InlineData("rm $F; mkdir $F; echo \"$W\" >$F/inside")]
    [InlineData("rm $F")]
    [InlineData("rm $F; ln -s x $F")]
    public void What_the_application_changes_is_kept_and_the_restore_ends(string change)
    {
        foreach (var end in new[] { "--continue", "--undo" })
        {
            foreach (var file in new[] { "f1", "f2", "f5", "f6", "gone", "new" })
            {
                using var site = KilledHalfDone();
                Command.Shell($"W='{Written} to {file}'; F={file}; {(change.Contains(">>", StringComparison.Ordinal) ? "true" : $"test -e {file} || touch {file}")}; {change}", site.Storage);
                site.Run("restore", end).Succeeds();
                site.Run("restore", end).Fails(1, "no unfinished restore");
                Assert.DoesNotContain("half done", site.Run("status").Output, StringComparison.Ordinal);
                foreach (var other in Files.Where(other => other != file))
                {
                    Assert.Equal(end == "--undo" ? $"live {other}\n" : $"saved {other}\n", File.ReadAllText(site.InStorage(other)));
                }

                if (change.Contains("$W", StringComparison.Ordinal))
                {
                    Assert.True(Command.Run("grep", "-rqs", $"{Written} to {file}", site.In("app")).Code == 0, $"{end}: what was written to {file} is lost");
                }

                site.Run("restore", "latest", "--yes").Succeeds();
                Assert.Equal(["cache", "f1", "f2", "f3", "f4", "f5", "f6", "gone"], Names(site));
            }
        }
    }

    [Fact]
    public void Nothing_is_ended_by_asking_what_would_be_done()
    {
        using var site = KilledHalfDone();
        var before = Tree.Describe(site.In("app"));
        site.Run("restore", "--undo", "--dry-run").Fails(2, "--dry-run");
        site.Run("restore", "--continue", "--dry-run").Fails(2, "--dry-run");
        Assert.Equal(before, Tree.Describe(site.In("app")));
    }

    [Fact]
    public void One_that_changed_nothing_is_named_and_only_a_command_that_does_something_removes_what_it_left()
    {
        using var site = new Site();
        site.Create("storage");
        site.Create("database");
        var journal = site.In("app/.storage.restore_20260101T000000.000Z.steps");
        File.WriteAllText(journal, "");
        Command.Shell($"chmod 600 '{journal}'");
        site.Run("status").Ends(1).Prints("killed before it changed anything", journal, "restore --undo");
        site.Run("restore", "latest", "--dry-run").Succeeds();
        Assert.True(File.Exists(journal));
        site.Run("restore", "--continue").Fails(1, "nothing to continue", "restore --undo");
        site.Run("restore", "--undo").Succeeds();
        Assert.False(File.Exists(journal));
        site.Run("status").Succeeds();
    }

    [Fact]
    public void One_that_another_user_began_is_ended_as_that_user()
    {
        Machine.NeedRoot("becoming another user");
        using var site = KilledHalfDone();
        var user = site.BelongToOrdinaryUser();
        foreach (var command in new[] { "--undo", "--continue" })
        {
            site.Run("restore", command).Fails(1, "begun by the user nobody", $"sudo -u 'nobody' vertex-ar-backup --config {site.Config} restore --undo");
        }

        site.Run("status").Ends(1).Prints("begun by the user nobody");
        site.Run(["restore", "--undo"], before: user).Succeeds();
        Assert.Equal("live f1\n", File.ReadAllText(site.InStorage("f1")));
    }

    [Fact]
    public void The_choice_that_is_made_is_said()
    {
        using var site = KilledHalfDone();
        Command.Shell("rm f5; echo newer >tmp; mv tmp f6", site.Storage);
        site.Run("restore", "--continue").Succeeds().Says("f5 was deleted", "f6 was replaced");
        Assert.Equal("saved f5\n", File.ReadAllText(site.InStorage("f5")));
        Assert.Equal("newer\n", File.ReadAllText(Path.Combine(Assert.Single(Directory.GetDirectories(site.In("app"), "storage.before_restore_*")), "f6")));
    }

    [Fact]
    public void An_undo_that_is_refused_leaves_the_other_way_open()
    {
        using var site = KilledHalfDone();
        Command.Shell("mkdir ../aside; mv * ../aside; rmdir ../storage; echo file >../storage", site.Storage);
        site.Run("restore", "--undo").Fails(1, site.Storage, "not a directory any more", "move");
        Command.Shell("rm storage; mkdir storage; mv aside/* storage; rmdir aside", site.In("app"));
        site.Run("restore", "--continue").Succeeds();
        Assert.Equal(["cache", "f1", "f2", "f3", "f4", "f5", "f6", "gone"], Names(site));
    }

    [Fact]
    public void What_came_with_an_older_time_is_kept_and_named()
    {
        using var site = new Site();
        site.Create("storage");
        site.Write("portraits/1/portrait.jpg", "ruined");
        Kill(site, site.In("app"), 2);
        Command.Shell("echo up >../up; touch -d 2001-01-01 ../up; cp -p ../up copied; mv ../up moved; : >empty; touch -d 2001-01-01 empty; ln -s x link; echo more >>2/portrait.jpg; touch -d 2001-01-01 2/portrait.jpg", site.InStorage("portraits"));
        site.Run("restore", "--undo").Succeeds().Says("portraits/copied", "portraits/moved", "portraits/empty", "portraits/link", "portraits/2/portrait.jpg");
        Assert.Equal("ruined", File.ReadAllText(site.InStorage("portraits/1/portrait.jpg")));
        var left = Assert.Single(Directory.GetDirectories(site.In("app"), ".storage.restore_*"));
        Assert.Equal(["2/portrait.jpg", "copied", "empty", "link", "moved"], Directory.GetFiles(Path.Combine(left, "portraits"), "*", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Path.Combine(left, "portraits"), path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_database_and_the_directory_above_it_are_as_they_were()
    {
        using var site = new Site(withMedia: false);
        site.Create("database");
        using (var database = site.OpenDatabase())
        {
            database.Execute("DELETE FROM account");
        }

        var above = Path.GetDirectoryName(site.Database)!;
        var dump = TestDatabase.Dump(site.Database);
        Command.Shell("touch -d 2002-02-02 .", above);
        var before = Directory.GetLastWriteTimeUtc(above);
        Kill(site, above, 2);
        site.Run("restore", "--undo").Succeeds();
        Assert.Equal(before, Directory.GetLastWriteTimeUtc(above));
        Assert.Equal(dump, TestDatabase.Dump(site.Database));
    }

    [Fact]
    public void After_some_files_the_directories_have_their_times_again()
    {
        using var site = new Site();
        site.Create("storage");
        site.Write("portraits/1/portrait.jpg", "ruined");
        site.Write("portraits/2/portrait.jpg", "ruined");
        Command.Shell("touch -d 2002-02-02 . portraits portraits/1 portraits/2; touch -d 2002-02-02 ..", site.Storage);
        var before = Tree.Describe(site.In("app"));
        Kill(site, site.InStorage("portraits/3"), 1, "--path", "/storage/portraits");
        Assert.NotEqual("ruined", File.ReadAllText(site.InStorage("portraits/2/portrait.jpg")));
        site.Run("restore", "--undo").Succeeds();
        Assert.Equal(before, Tree.Describe(site.In("app")));
    }

    [Fact]
    public void A_file_that_is_mounted_by_itself_keeps_what_was_written_to_it()
    {
        using var site = new Site(withMedia: false);
        Machine.NeedRoot("mounting a file");
        Command.Shell("echo saved >outside; touch storage/mounted; mount --bind outside storage/mounted", site.In("app"));
        try
        {
            site.TreeSettings["one_file_system"] = false;
            site.Write("z", "saved");
            site.Create("storage");
            Command.Shell("echo live >mounted; echo live >z", site.Storage);
            Kill(site, site.Storage);
            Assert.Equal("saved\n", File.ReadAllText(site.InStorage("mounted")));
            Command.Shell($"echo '{Written}' >>mounted", site.Storage);
            site.Run("restore", "--undo").Succeeds().Says("mounted was changed");
            Assert.Equal("live\n", File.ReadAllText(site.In("app/outside")));
            Command.Run("grep", "-rqs", Written, site.In("app")).Succeeds();
        }
        finally
        {
            Command.Run("umount", site.InStorage("mounted"));
        }
    }

    [Theory]
    [InlineData("--undo", "later")]
    [InlineData("--continue", "first")]
    public void A_file_that_is_no_database_may_be_open(string end, string content)
    {
        using var site = new Site(withMedia: false);
        var file = site.In("app/.env");
        File.WriteAllText(file, "first");
        site.Settings["storage"]!.AsArray().Add((System.Text.Json.Nodes.JsonNode)Site.Source("env", file));
        site.Create();
        File.WriteAllText(file, "later");
        Kill(site, site.In("app"));
        using var reader = Command.Start(["bash", "-c", "exec 9<\"$1\"; touch \"$2\"; sleep 60", "bash", file, site.In("is-open")]);
        for (var deadline = DateTime.UtcNow.AddSeconds(30); !File.Exists(site.In("is-open")); Thread.Sleep(20))
        {
            Assert.True(DateTime.UtcNow < deadline, "the file was not opened");
        }

        site.Run("restore", end).Succeeds();
        Assert.Equal(content, File.ReadAllText(file));
    }

    [Theory]
    [InlineData("--undo", 0)]
    [InlineData("--continue", 1)]
    public void One_that_was_killed_before_its_first_line_is_named_by_its_journal(string end, int code)
    {
        using var site = new Site();
        var journal = site.In("app/.storage.restore_20261123T020000.000Z.steps");
        File.WriteAllText(journal, "");
        var result = site.Run("restore", end).Ends(code);
        Assert.Contains(journal, result.Output + result.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("restore of  ", result.Output + result.Errors, StringComparison.Ordinal);
        Assert.Equal(code != 0, File.Exists(journal));
    }

    /// <summary>A disk on which each exchange takes longer than a command has after SIGTERM.</summary>
    [Theory]
    [InlineData("--continue", "saved f1\n", "saved f6\n")]
    [InlineData("--undo", "live f1\n", "live f6\n")]
    public void One_that_is_stopped_among_its_exchanges_is_ended_by_its_deadline_and_then_as_one_that_was_killed(string end, string first, string last)
    {
        Machine.NeedStrace();
        using var site = Changed();
        using (var strace = site.Start(
            ["restore", "latest", "--yes"],
            ["strace", "-f", "-qq", "-o", site.In("strace.log"), "-e", "trace=renameat2", "-P", site.Storage, "-e", "inject=renameat2:delay_exit=8000000:when=3+", "--"]))
        {
            for (var deadline = DateTime.UtcNow.AddSeconds(60); File.ReadAllText(site.InStorage("f3")) != "saved f3\n"; Thread.Sleep(20))
            {
                Assert.True(DateTime.UtcNow < deadline && !strace.HasEnded, "the third exchange was never done");
            }

            Command.Shell($"kill -TERM $(cat /proc/{strace.ProcessId}/task/{strace.ProcessId}/children)");
            strace.Wait().Ends(143);
        }

        Assert.Equal(("saved f1\n", "live f6\n"), (File.ReadAllText(site.InStorage("f1")), File.ReadAllText(site.InStorage("f6"))));
        site.Run("status").Ends(1).Prints("restore --continue", "restore --undo");
        site.Run("restore", end).Succeeds();
        Assert.Equal((first, last), (File.ReadAllText(site.InStorage("f1")), File.ReadAllText(site.InStorage("f6"))));
        Assert.DoesNotContain("half done", site.Run("status").Output, StringComparison.Ordinal);
    }

    /// <summary>Entries are exchanged one by one, since one stays; f1, f2 and f3 are done.</summary>
    private static Site KilledHalfDone()
    {
        var site = Changed();
        Kill(site, site.Storage, 4);
        Assert.Equal(("saved f2\n", "live f5\n"), (File.ReadAllText(site.InStorage("f2")), File.ReadAllText(site.InStorage("f5"))));
        return site;
    }

    private static Site Changed()
    {
        var site = new Site(withMedia: false);
        Directory.Delete(site.Storage, recursive: true);
        Directory.CreateDirectory(site.InStorage("cache"));
        Write("saved");
        site.Write("gone", "saved gone\n");
        site.Write("cache/c", "live");
        site.TreeSettings["exclude"] = new System.Text.Json.Nodes.JsonArray("cache/");
        site.Create("storage");
        Write("live");
        File.Delete(site.InStorage("gone"));
        site.Write("new", "live new\n");
        return site;

        void Write(string word)
        {
            for (var i = 1; i <= 6; i++)
            {
                site.Write($"f{i}", $"{word} f{i}\n");
            }
        }
    }

    private static string[] Names(Site site) => [.. Directory.GetFileSystemEntries(site.Storage).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>Kills a restore at a rename in a directory, before that is done; what the probe renames is not in it.</summary>
    private static void Kill(Site site, string directory, int at = 1, params string[] more)
    {
        Machine.NeedStrace();
        site.Run(
            ["restore", "latest", "--yes", .. more],
            before: ["strace", "-f", "-qq", "-o", site.In("strace.log"), "-e", "trace=renameat2", "-P", directory, "-e", $"inject=renameat2:signal=KILL:when={at}+", "--"]);
        site.Run("status").Ends(1).Prints("restore --continue", "restore --undo");
    }
}
