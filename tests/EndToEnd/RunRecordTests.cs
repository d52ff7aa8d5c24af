namespace VertexAr.Backup.EndToEnd;

/// <summary>What the repository remembers of runs, for health reports.</summary>
public sealed class RunRecordTests
{
    [Fact]
    public void Each_job_leaves_how_it_ended()
    {
        using var site = new Site();
        var snapshot = site.Create();
        site.Run("verify").Succeeds();
        site.Run("verify", "--deep").Succeeds();
        site.Run("rotate").Succeeds();

        Assert.Equal(["create-full", "rotate", "verify", "verify-deep"], Jobs(site));
        Assert.Equal("success", Ask(site, "create-full", ".last_success.outcome"));
        Assert.Equal(snapshot.Id, Ask(site, "create-full", ".last.snapshot"));
        Assert.Equal("null", Ask(site, "create-full", ".last_failure"));
        Assert.True(long.Parse(Ask(site, "verify-deep", ".last.bytes"), System.Globalization.CultureInfo.InvariantCulture) > 3_000_000, "the bytes that were looked at");
    }

    [Fact]
    public void A_failure_is_remembered_with_its_reason_beside_the_last_success()
    {
        using var site = new Site();
        site.Create();
        site.HideSources();
        var said = site.Run("create").Ends(1);

        Assert.Equal("failure", Ask(site, "create-full", ".last.outcome"));
        Assert.Contains(Ask(site, "create-full", ".last.error"), said.Errors, StringComparison.Ordinal);
        Assert.Equal("success", Ask(site, "create-full", ".last_success.outcome"));
    }

    [Fact]
    public void A_partial_snapshot_is_remembered_with_its_warnings()
    {
        using var site = new Site();
        Command.MakeSocket(site.InStorage("pipe"));
        var before = site.BelongToOrdinaryUser();
        Command.Shell($"chmod 000 '{site.InStorage("portraits/1")}'");
        site.Run(["create"], null, before).Ends(3);

        Assert.Equal("partial", Ask(site, "create-full", ".last.outcome"));
        Assert.Equal("2", Ask(site, "create-full", ".last.warnings"));
        Assert.Contains("portraits/1", Ask(site, "create-full", ".last.first_warnings|join(\" \")"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_dry_run_leaves_nothing()
    {
        using var site = new Site();
        site.Create();
        Directory.Delete(Path.Combine(site.Backups, "runs"), recursive: true);

        site.Run("create", "--dry-run").Succeeds();
        site.Run("rotate", "--dry-run").Succeeds();

        Assert.False(Directory.Exists(Path.Combine(site.Backups, "runs")));
    }

    private static IEnumerable<string> Jobs(Site site) =>
        Directory.EnumerateFiles(Path.Combine(site.Backups, "runs")).Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal);

    private static string Ask(Site site, string job, string query) =>
        Command.Run("jq", "-r", query, Path.Combine(site.Backups, "runs", job + ".json")).Output.Trim();
}
