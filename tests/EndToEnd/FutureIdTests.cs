namespace VertexAr.Backup.EndToEnd;

/// <summary>A snapshot in the repository, or in the second place, that is dated in the future: put there by somebody, or made with a wrong clock.</summary>
public sealed class FutureIdTests : IDisposable
{
    private const string Last = "99991231T235959Z";

    private readonly Site site = new();

    public FutureIdTests() => site.Settings["max_backups"] = 2;

    public void Dispose() => site.Dispose();

    [Theory]
    [InlineData(Last)]
    [InlineData("20991231T000000Z")]
    public void A_run_names_it_and_goes_on_and_it_is_rotated_away(string id)
    {
        var first = site.Create();
        Plant(id);
        site.Write("new.txt", "new");

        var run = site.Run("create").Succeeds().Says($"the clock is behind snapshot {id}", $"rm -f {site.Backups}/snapshots/{id}.*");
        Assert.DoesNotContain("internal error", run.Errors);
        var second = site.Snapshots()[1];
        Assert.True(string.CompareOrdinal(first.Id, second.Id) < 0 && string.CompareOrdinal(second.Id, "2099") < 0, second.Id);
        Assert.Equal(id, second.Header["older"]![0]!.GetValue<string>());
        Assert.Equal("new", File.ReadAllText(Path.Combine(Restored("latest"), "storage/new.txt")));

        site.Create();
        Assert.DoesNotContain(id, site.Snapshots().Select(snapshot => snapshot.Id));
        Assert.DoesNotContain("clock", site.Run("create").Succeeds().Errors);
        site.Run("verify", "--deep").Succeeds();
    }

    [Fact]
    public void What_to_type_is_what_removes_it()
    {
        site.Create();
        Plant(Last);
        var advice = site.Run("rotate").Succeeds().Says($"snapshot {Last} is dated in the future", "counts for nothing and stays").Errors;
        Command.Shell(advice.Split('\n').Single(line => line.Contains(Last, StringComparison.Ordinal))[advice.IndexOf("rm -f", StringComparison.Ordinal)..].Split('\n')[0]);
        Assert.Single(site.Snapshots());
        Assert.DoesNotContain("future", site.Run("rotate").Succeeds().Errors);
    }

    [Fact]
    public void Rotation_gives_up_nothing_for_it()
    {
        var kept = new[] { site.Create().Id, site.Create().Id };
        Plant(Last);
        site.Run("rotate").Succeeds();
        Assert.Equal([.. kept, Last], site.Snapshots().Select(snapshot => snapshot.Id));
    }

    /// <summary>One whose header is damaged is never rotated away, and names are not ahead for ever because of it.</summary>
    [Fact]
    public void One_that_is_damaged_does_not_count_for_names()
    {
        site.Create();
        Plant(Last);
        Damage.FlipByte(Path.Combine(site.Backups, $"snapshots/{Last}.json"), 40);
        site.Run("create").Succeeds().Says($"the clock is behind snapshot {Last}", "is damaged");
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds().Prints(site.Snapshots()[1].Id);
        site.Run("create").Succeeds();
        Assert.True(string.CompareOrdinal(site.Snapshots()[^2].Id, "2099") < 0);
    }

    /// <summary>In any zone: the last second of the year 9999 is the year 10000 in some.</summary>
    [Theory]
    [InlineData("UTC")]
    [InlineData("Pacific/Auckland")]
    public void The_latest_is_another_and_every_command_says_so_or_shows_it(string zone)
    {
        var snapshot = site.Create();
        Plant(Last);
        var environment = new Dictionary<string, string?> { ["TZ"] = zone };
        string[] named = [$"snapshot {Last} is dated in the future", "is passed over"];
        site.Run(["restore", "latest", "--to", site.In("out")], environment).Succeeds().Says(named).Prints(snapshot.Id);
        site.Run(["show", "latest"], environment).Succeeds().Says(named).Prints($"snapshot  {snapshot.Id}");
        site.Run(["verify", "latest"], environment).Succeeds();
        site.Run(["drill"], environment).Succeeds().Prints(snapshot.Id);
        site.Run(["status"], environment).Succeeds().Prints("healthy", $"snapshot {Last} is dated in the future", $"{snapshot.Id}  complete");
        site.Run(["doctor"], environment).Prints($"warning  clock: snapshot {Last} is dated in the future", "rm -f");
        site.Run(["list"], environment).Succeeds().Prints(snapshot.Id, Last);
        site.Run(["show", Last], environment).Succeeds().Prints(Last);
        site.Run(["create", "--dry-run"], environment).Succeeds();
    }

    /// <summary>Of a machine whose clock was not set yet, it is the clock that is wrong.</summary>
    [Fact]
    public void Where_all_are_in_the_future_the_newest_is_the_latest()
    {
        site.Create();
        site.Write("new.txt", "new");
        var newest = site.Create();
        var past = FakeClock.At(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero));
        site.Run(["restore", "latest", "--to", site.In("out")], past).Succeeds().Prints(newest.Id);
        site.Run(["rotate", "--max-backups", "1"], past).Succeeds();
        Assert.Equal(2, site.Snapshots().Count);

        site.Write("new.txt", "newer");
        site.Run(["create", "--no-rotate"], past).Succeeds();
        Assert.StartsWith("2020", site.Snapshots()[0].Id, StringComparison.Ordinal);
        Assert.Equal("newer", File.ReadAllText(Path.Combine(Restored("latest"), "storage/new.txt")));
        site.Write("new.txt", "newest");
        site.Create();
        Assert.Equal("newest", File.ReadAllText(Path.Combine(Restored("latest"), "storage/new.txt")));
        Assert.Equal("2020", site.Snapshots()[0].Id[..4]);
    }

    [Fact]
    public void It_is_not_brought_here_from_the_second_place()
    {
        var place = new SecondPlace(site);
        var snapshot = site.Create();
        Plant(Last, place.Top);
        var bare = Directory.CreateDirectory(site.In("bare")).FullName;
        string[] named = [$"snapshot {Last}", "is dated in the future", "rclone copy"];
        string[] here = ["--backup-dir", bare, .. place.Options];

        Program.Run(["offsite", "pull", Last, .. here], null).Ends(1).Says(named);
        Program.Run(["offsite", "pull", "latest", .. here], null).Succeeds();
        Program.Run(["offsite", "pull", .. here], null).Ends(1).Says(named);
        Assert.Equal([$"{snapshot.Id}.json"], Directory.EnumerateFiles(Path.Combine(bare, "snapshots"), "*.json").Select(Path.GetFileName));
        Program.Run(["restore", Last, "--from-offsite", "--to", site.In("refused"), .. here], null).Ends(1).Says(named);
        Assert.False(Directory.Exists(site.In("refused")));
        Program.Run(["restore", "latest", "--from-offsite", "--to", site.In("out"), .. here], null)
            .Succeeds().Says($"snapshot {Last} is dated in the future", "is passed over").Prints(snapshot.Id);
    }

    /// <summary>A copy of the newest snapshot under another ID, sealed as a program would that knows what it does.</summary>
    private void Plant(string id, string? repository = null)
    {
        var from = site.Snapshots()[^1].Id;
        var directory = Path.Combine(repository ?? site.Backups, "snapshots");
        foreach (var ending in new[] { ".json", ".files.jsonl.gz", ".packs.jsonl.gz" })
        {
            File.Copy(Path.Combine(directory, from + ending), Path.Combine(directory, id + ending));
        }

        Damage.Reseal(Path.Combine(directory, $"{id}.json"), text => text.Replace(from, id, StringComparison.Ordinal));
    }

    private string Restored(string id)
    {
        var target = site.In($"restored-{Guid.NewGuid():N}");
        site.Run("restore", id, "--to", target).Succeeds();
        return target;
    }
}
