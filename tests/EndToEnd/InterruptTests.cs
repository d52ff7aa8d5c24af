namespace VertexAr.Backup.EndToEnd;

/// <summary>Runs that are stopped in the middle: nothing is half done, and what was stored is not stored again.</summary>
public sealed class InterruptTests
{
    private const string Last = "zzz-last.mp4";

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public void A_signal_ends_the_run_cleanly_and_the_next_one_continues_it(string signal, int code)
    {
        using var site = NewSite();
        var stored = Interrupt(site, signal, run => run.Ends(code).Says("interrupted"));
        Finish(site, stored);
    }

    [Fact]
    public void A_killed_run_leaves_nothing_to_clean_up_by_hand()
    {
        using var site = NewSite();
        var stored = Interrupt(site, "KILL", run => Assert.NotEqual(0, run.Code));
        Finish(site, stored);
    }

    [Fact]
    public void An_interrupt_while_a_locked_database_is_waited_for_ends_the_run()
    {
        using var site = new Site();
        File.Delete(site.Database);
        using var database = new TestDatabase(site.Database, "delete");
        database.Fill(rows: 10);
        database.Execute("BEGIN EXCLUSIVE");
        using var run = site.Start(["create", "database"]);
        Assert.True(SpinWait.SpinUntil(() => Directory.Exists(Path.Combine(site.Backups, "packs")), TimeSpan.FromSeconds(30)), "the run never began");
        run.Signal("TERM");
        run.Wait().Ends(143);
        Assert.Empty(site.Snapshots());
    }

    /// <summary>With a snapshot to go by: a first run would look at everything twice.</summary>
    private static Site NewSite()
    {
        var site = new Site(withMedia: false);
        site.Settings["workers"] = 1;
        site.Settings["pack_size_mb"] = 1;
        site.Create();
        for (var i = 0; i < 20; i++)
        {
            site.Write($"{i}.jpg", Content.Random(400_000, seed: i));
        }

        site.Write(Last, Content.Random(200_000_000, seed: 100));
        return site;
    }

    /// <summary>
    /// Stops the run when it begins to read its last and largest file; returns the packs that it had finished. A run of the tree
    /// only: nothing is listed before a database is checked, and that may take longer than storing twenty files.
    /// </summary>
    private static IReadOnlyList<string> Interrupt(Site site, string signal, Action<Result> check)
    {
        var (old, before) = (site.Newest(), site.Packs());
        IReadOnlyList<string> stored;
        using (var run = StoppedRun.At(site, "pread64", site.InStorage(Last), slow: true, ["create", "storage"]))
        {
            stored = [.. site.Packs().Except(before)];
            // The list may be behind the workers, but not until the end of the last file.
            run.ContinueUntil(() => CountNamed(stored, Checkpoints(site)) == stored.Count);
            run.Signal(signal);
            check(run.Continue());
        }

        Assert.Equal(old.Id, Assert.Single(site.Snapshots()).Id);
        TestDatabase.CheckCopy(Path.Combine(old.Recover(), "app_data/app_data.db"));
        return stored;
    }

    private static string Checkpoints(Site site) =>
        string.Concat(Directory.GetFiles(Path.Combine(site.Backups, "staging"), "checkpoints.jsonl", SearchOption.AllDirectories).Select(File.ReadAllText));

    private static int CountNamed(IReadOnlyList<string> packs, string text) =>
        packs.Count(pack => text.Contains(Path.GetFileName(pack)[..64], StringComparison.Ordinal));

    private static void Finish(Site site, IReadOnlyList<string> stored)
    {
        Assert.True(stored.Count > 5, $"only {stored.Count} packs were finished");
        site.Run("create").Succeeds().Says("continuing the run that was cut off");

        var named = Command.Shell($"zcat '{site.Newest().PackTablePath}' | jq -r .sha256").Output;
        Assert.True(CountNamed(stored, named) == stored.Count, "the packs were not adopted");
        Tree.AssertSame(site.Storage, site.Newest().Restored("storage"), Likeness.Restored);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(site.Backups, "staging")));
        site.Run("verify", "--deep").Succeeds();
    }
}
