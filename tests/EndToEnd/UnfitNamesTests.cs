namespace VertexAr.Backup.EndToEnd;

/// <summary>Restoring to file systems that do not take every name, or take two names for one.</summary>
public sealed class UnfitNamesTests : IDisposable
{
    private const string Refused = "--rename-unfit restores such files under other names";

    private const string OtherContent = "echo old > plain; echo newer > newer; mkdir sub; echo x > sub/x; echo other > anna.JPG";

    private readonly Site site = new(withMedia: false);

    public UnfitNamesTests()
    {
        Command.Shell(
            """
            mkdir Photos PHOTOS a:b; echo one > Photos/one; echo two > PHOTOS/one; echo three > a:b/three; ln a:b/three a:b/th:ree; echo four > Anna.JPG; echo five > anna.jpg
            echo six > 'what?.txt'; echo seven > 'end.'; echo eight > 'blank '; echo nine > $'no\xfftext.txt'; echo ten > plain
            """,
            site.Storage);
        site.Create();
    }

    public void Dispose()
    {
        site.Dispose();
        PoorPlace.Forget(site);
    }

    [Theory]
    [InlineData("exfat", "to", "'PHOTOS'")]
    [InlineData("exfat", "in place", "'PHOTOS'")]
    [InlineData("ntfs with Windows' names", "to", "is no UTF-8")]
    [InlineData("ntfs with Windows' names", "in place", "does not take its name")]
    [InlineData("ntfs in small letters", "to", "makes 'photos' of its name")]
    [InlineData("rclone without capital letters", "to", "'PHOTOS'")]
    public void Names_that_a_place_does_not_take_are_named_and_refused_and_nothing_is_left(string place, string how, string why)
    {
        if (how == "to")
        {
            var there = PoorPlace.Mount(site, "there", place);
            site.Run("restore", "latest", "--to", Path.Combine(there, "out")).Fails(1, Refused, why, "nothing was changed");
            Assert.Empty(Directory.EnumerateFileSystemEntries(there));
        }
        else
        {
            MountStorage(place);
            var before = Names(site.Storage);
            site.Run("restore", "latest", "--only", "storage", "--yes").Fails(1, Refused, why, "nothing was changed", "--to DIR");
            Assert.Equal(before, Names(site.Storage));
        }
    }

    [Theory]
    [InlineData("exfat", "PHOTOS/ Photos~ a_b~ th_ree~ anna~ what_~ no_text~")]
    [InlineData("ntfs with Windows' names", "PHOTOS/ Photos/ a_b~ th_ree~ what_~ no_text~ end_~ blank_~")]
    [InlineData("ntfs in small letters", "photos/ photos~ a_b~ th_ree~ anna~ what_~ no_text~ end_~ blank_~")]
    [InlineData("rclone without capital letters", "PHOTOS/ Photos~ anna~")]
    public void With_rename_unfit_all_content_is_there_under_readable_names_and_both_are_listed(string place, string names)
    {
        var there = Path.Combine(PoorPlace.Mount(site, "there", place), "out");
        var restored = site.Run("restore", "latest", "--rename-unfit", "--json", "--to", there).Ends(3);
        Assert.Equal(Contents(site.Storage), Contents(Path.Combine(there, "storage")));
        Assert.All(names.Split(' '), name => Assert.Contains(Names(Path.Combine(there, "storage")), one => $"/{one}/".Contains("/" + name, StringComparison.Ordinal)));
        var renamed = Json.Lines(restored.Output)[^1]["renamed"]!.AsArray();
        Assert.All(renamed, one => Assert.True(Path.Exists(Path.Combine(there, (string)one!["now"]!)), one!.ToJsonString()));
        Assert.All(renamed, one => Assert.NotEqual((string)one!["path"]!, (string)one["now"]!));
        Assert.True(renamed.Count >= 2);
    }

    [Theory]
    [InlineData("exfat")]
    [InlineData("ntfs with Windows' names")]
    [InlineData("ntfs in small letters")]
    public void In_place_the_names_are_the_same_each_time(string place)
    {
        var saved = Contents(site.Storage);
        MountStorage(place);
        site.Run("restore", "latest", "--only", "storage", "--yes", "--rename-unfit").Ends(3).Says("was restored as", "where symlinks lead is as it was");
        Assert.Equal(saved, Contents(site.Storage));
        Command.Shell("rm -r .before_restore_*", site.Storage);
        var first = Names(site.Storage);
        site.Run("restore", "latest", "--only", "storage", "--yes", "--rename-unfit").Ends(3);
        Command.Shell("rm -r .before_restore_*", site.Storage);
        Assert.Equal(first, Names(site.Storage));
        Assert.Equal(saved, Contents(site.Storage));
    }

    [Fact]
    public void With_keep_going_they_are_left_out_and_the_rest_restored()
    {
        var there = Path.Combine(PoorPlace.Mount(site, "there", "exfat"), "out");
        var restored = site.Run("restore", "latest", "--keep-going", "--json", "--to", there).Ends(3);
        var left = Json.Lines(restored.Output)[^1]["not_written"]!.AsArray().Select(one => (string)one!["path"]!).ToList();
        Assert.Contains("storage/a:b/three", left);
        Assert.Contains("storage/anna.jpg", left);
        Assert.Equal(["Anna.JPG", "PHOTOS", "PHOTOS/one", "blank ", "end.", "plain"], Names(Path.Combine(there, "storage")).Where(name => name.Length > 0));
    }

    [Theory]
    [InlineData("exfat")]
    [InlineData("ntfs in small letters")]
    public void With_keep_going_in_place_what_is_restored_has_the_name_of_what_is_left_out(string place)
    {
        site.Write("Photos/two", "of the one of both that is left out");
        site.Create();
        Directory.Move(site.Storage, site.In("saved"));
        PoorPlace.Mount(site, "app/storage", place);
        Command.Shell("mkdir Photos; echo mine > Photos/two; echo ruined > Photos/one; echo ruined > anna.jpg", site.Storage);
        site.Run("restore", "latest", "--only", "storage", "--yes", "--keep-going").Ends(3).Says("storage/anna.jpg", "storage/Photos/two");
        Assert.Equal("two four mine", Command.Shell("echo $(cat PHOTOS/one Anna.JPG Photos/two)", site.Storage).Output.Trim());
        Assert.Equal("ruined ruined", Command.Shell("echo $(find .before_restore_* -type f -exec cat {} +)", site.Storage).Output.Trim());
        Assert.DoesNotContain(Names(site.Storage), name => name.Contains("restore_", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("exfat")]
    [InlineData("ntfs in small letters")]
    public void A_drill_finds_what_it_restored_under_other_names(string place)
    {
        site.Settings["drill"] = new System.Text.Json.Nodes.JsonObject { ["dir"] = PoorPlace.Mount(site, "there", place) };
        site.Run("drill").Succeeds().Says("storage/a:b was restored as storage/a_b~");
    }

    [Theory]
    [InlineData("mkdirat")]
    [InlineData("renameat2")]
    [InlineData("unlinkat")]
    public void Killed_at_any_moment_it_is_taken_back_or_finished(string call)
    {
        Machine.NeedStrace();
        var saved = Contents(site.Storage);
        MountStorage("ntfs with Windows' names");
        var old = Contents(site.Storage);
        var isKilled = false;
        foreach (var number in Enumerable.Range(0, 6).Select(number => 1 + (2 * number)))
        {
            var killed = site.Run(
                ["restore", "latest", "--only", "storage", "--yes", "--rename-unfit"],
                before: ["strace", "-f", "-qq", "-o", "/dev/null", "-e", $"trace={call}", "-e", $"inject={call}:signal=KILL:when={number}", "--"]);
            var ended = site.Run("restore", number % 4 == 1 ? "--undo" : "--continue");
            if (ended.Errors.Contains("there is nothing to continue", StringComparison.Ordinal))
            {
                site.Run("restore", "--undo").Succeeds();
            }

            // What got another name is no less renamed for it.
            var isFinished = killed.Code == 137 && ended.Output.Contains("is finished", StringComparison.Ordinal);
            Assert.Equal(isFinished ? 3 : ended.Code, ended.Code);
            isKilled |= killed.Code == 137;
            var now = Contents(site.Storage);
            Assert.True(now == old || now == saved, $"{call} {number}\n{killed}\n{ended}\n{now}");
            Assert.DoesNotContain(Directory.GetFileSystemEntries(site.Storage), path => Path.GetFileName(path).StartsWith(".restore_", StringComparison.Ordinal));
            Command.Shell("find . -mindepth 1 -delete; " + OtherContent, site.Storage);
        }

        Assert.True(isKilled, $"no restore was killed at {call}");
        site.Run("restore", "latest", "--only", "storage", "--yes", "--rename-unfit").Ends(3);
        Assert.Equal(saved, Contents(site.Storage));
    }

    private static List<string> Names(string top) => [.. Tree.Describe(top).Select(entry => entry.Path).Where(path => !path.Contains("before_restore", StringComparison.Ordinal)).Order(StringComparer.Ordinal)];

    private static string Contents(string top) => Command.Shell("find . -type f -not -path '*before_restore*' -exec cat {} + | sort", top).Output;

    /// <summary>In the place of the tree that was saved is such a place, with other content.</summary>
    private void MountStorage(string place)
    {
        Directory.Move(site.Storage, site.In("saved"));
        PoorPlace.Mount(site, "app/storage", place);
        Command.Shell(OtherContent, site.Storage);
    }
}
