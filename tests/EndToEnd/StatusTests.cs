using System.Globalization;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Healthy or not, and why.</summary>
public sealed class StatusTests
{
    [Fact]
    public void Healthy_backups_end_with_0_and_are_told_in_one_screen()
    {
        using var site = new Site();
        site.Create();
        site.Run("verify").Succeeds();

        var said = site.Run("status").Succeeds().Prints("healthy: " + site.Backups, "full", "complete", "just now", "verified", "free");

        Assert.DoesNotContain("problem", said.Output, StringComparison.Ordinal);
        Assert.InRange(said.Output.Split('\n').Length, 5, 24);
        Assert.Equal("", site.Run("status", "--quiet").Succeeds().Output);
    }

    [Fact]
    public void Without_a_repository_there_is_nothing_to_judge()
    {
        using var site = new Site();
        site.Run("status").Fails(10, "holds no repository yet");
    }

    [Fact]
    public void A_failed_run_is_unhealthy_until_the_next_that_succeeds()
    {
        using var site = new Site();
        site.Create();
        site.HideSources();
        site.Run("create").Ends(1);
        site.Run("status").Ends(1).Prints("NOT healthy", "problem: 'create full' failed just now", "does not exist", "check \"databases\"");

        site.ShowSources();
        site.Create();
        site.Run("status").Succeeds().Prints("made good since");
    }

    [Fact]
    public void An_old_snapshot_a_partial_one_and_damage_are_unhealthy()
    {
        using var site = new Site();
        var snapshot = site.Create();
        Damage.Reseal(HeaderOf(site, snapshot.Id), text => text.Replace("\"started_at\": \"20", "\"started_at\": \"19", StringComparison.Ordinal));
        site.Run("status").Ends(1).Prints("the newest snapshot of the databases and the storage was made", "26 hours are allowed", $"sudo vertex-ar-backup --config {site.Config} create");

        Damage.Reseal(HeaderOf(site, snapshot.Id), text => text.Replace("\"state\": \"complete\"", "\"state\": \"partial\"", StringComparison.Ordinal));
        site.Run("status").Ends(1).Prints("is partial", $"show {snapshot.Id}");

        Damage.FlipByte(HeaderOf(site, snapshot.Id), 40);
        site.Run("status").Ends(1).Prints($"the header of snapshot {snapshot.Id} does not match its checksum");
    }

    [Fact]
    public void A_database_snapshot_alone_leaves_the_storage_uncovered()
    {
        using var site = new Site();
        site.Create("database");
        site.Run("status").Ends(1).Prints("no snapshot covers the storage");

        site.Settings.Remove("storage");
        site.Run("status").Succeeds();
    }

    [Fact]
    public void Less_free_space_than_a_run_needs_is_unhealthy()
    {
        using var site = new Site();
        site.Create();
        site.Settings["min_free_mb"] = 2_000_000_000;
        site.Run("status").Ends(1).Prints("are free, and", "no run begins");
    }

    [Fact]
    public void A_wrong_configuration_is_unhealthy_and_what_was_saved_is_judged_all_the_same()
    {
        using var site = new Site();
        var snapshot = site.Create("database");
        site.Settings["max_backup"] = 3;
        site.Run("status").Ends(1).Prints("no run can begin", "'max_backup' is unknown", "config check", snapshot.Id);

        File.WriteAllText(site.Config, "{ broken");
        Program.Run("status", "--config", site.Config, "--backup-dir", site.Backups).Ends(1).Prints("not valid JSON");
    }

    [Fact]
    public void Everything_is_in_one_json_record()
    {
        using var site = new Site();
        var snapshot = site.Create();
        site.Settings["max_age_hours"] = new System.Text.Json.Nodes.JsonObject { ["storage"] = 192 };

        var status = Assert.Single(Json.Lines(site.Run("status", "--json").Succeeds().Output));

        Assert.True((bool)status["healthy"]!);
        Assert.Equal(snapshot.Id, (string?)status["newest"]!["full"]!["id"]);
        Assert.Null(status["newest"]!["storage"]);
        Assert.Equal((26 * 3600, 192 * 3600), ((int)status["covering"]!["database"]!["max_age_seconds"]!, (int)status["covering"]!["storage"]!["max_age_seconds"]!));
        Assert.Equal("success", (string?)status["runs"]!["create-full"]!["outcome"]);
        Assert.True((long)status["free_bytes"]! > 0, "free space");
        Assert.Equal("no snapshot was ever verified", (string?)status["remarks"]![0]!["text"]);
    }

    [Fact]
    public void A_thousand_snapshots_are_no_burden()
    {
        using var site = new Site(withMedia: false);
        var snapshot = site.Create();
        var header = File.ReadAllText(HeaderOf(site, snapshot.Id));
        for (var i = 0; i < 1000; i++)
        {
            var id = new DateTime(2025, 1, 1, 0, 0, 0, DateTimeKind.Utc).AddHours(i).ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);
            File.WriteAllText(HeaderOf(site, id), header);
            Damage.Reseal(HeaderOf(site, id), text => text.Replace(snapshot.Id, id, StringComparison.Ordinal));
        }

        var clock = System.Diagnostics.Stopwatch.StartNew();
        var status = Assert.Single(Json.Lines(site.Run("status", "--json").Succeeds().Output));

        Assert.Equal((1001, 0), ((int)status["snapshots"]!, (int)status["damaged_headers"]!));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(3), $"took {clock.Elapsed}");
    }

    private static string HeaderOf(Site site, string id) => Path.Combine(site.Backups, "snapshots", id + ".json");
}
