using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What is kept, what goes, and what that frees.</summary>
public sealed class RotationTests
{
    [Fact]
    public void The_newest_of_each_type_stay_and_all_of_them_restore()
    {
        using var site = new Site();
        site.Settings["max_backups"] = 2;
        var kept = new List<string>();
        for (var i = 0; i < 4; i++)
        {
            site.Write("videos/changing.mp4", Content.Random(300_000, seed: i));
            kept.Add(site.Create("storage").Id);
            kept.Add(site.Create("database").Id);
        }

        Assert.Equal(kept.Skip(4), site.Snapshots().Select(s => s.Id));
        foreach (var (snapshot, seed) in site.Snapshots().Where(s => s.Type == "storage").Zip([2, 3]))
        {
            Assert.Equal(Content.Random(300_000, seed), File.ReadAllBytes(Path.Combine(snapshot.Restored("storage"), "videos/changing.mp4")));
        }
    }

    [Fact]
    public void Of_many_runs_in_one_second_the_last_is_the_newest()
    {
        using var site = new Site(withMedia: false);
        site.Settings["max_backups"] = 1;
        for (var i = 0; i < 6; i++)
        {
            site.Write("counter", $"{i}");
            Assert.Equal($"{i}", File.ReadAllText(Path.Combine(site.Create("storage").Restored("storage"), "counter")));
        }
    }

    [Fact]
    public void Packs_that_nobody_needs_are_freed_in_the_same_run_and_counted()
    {
        const int size = 4 << 20;
        using var site = new Site();
        site.Settings["pack_size_mb"] = 1;
        site.Write("videos/large.mp4", Content.Random(size, seed: 9));
        site.Create("storage");
        File.Delete(site.InStorage("videos/large.mp4"));
        site.Create("storage", "--no-rotate", "--accept-shrink");
        var before = site.PackBytes();

        site.Run("rotate", "--max-backups", "1").Succeeds().Prints("removed 1 snapshot, freed 4");
        Assert.InRange(before - site.PackBytes(), size, size + 10_000);
        Assert.Single(site.Snapshots());
        Tree.AssertSame(site.Storage, site.Newest().Restored("storage"), Likeness.Restored);
        site.Run("verify", "--deep").Succeeds();
    }

    [Fact]
    public void A_dry_run_gives_reasons_and_deletes_nothing()
    {
        using var site = new Site();
        for (var i = 0; i < 3; i++)
        {
            site.Create("database", "--no-rotate");
        }

        var before = Tree.Describe(site.Backups).Where(e => e.Path is not ("lock" or "leases"));
        var lines = site.Run("rotate", "--max-backups", "1", "--dry-run").Succeeds().Output.TrimEnd('\n').Split('\n');
        Assert.Contains(lines, line => line.Contains(site.Newest().Id, StringComparison.Ordinal) && line.Contains("keep", StringComparison.Ordinal) && line.Contains("newest 1", StringComparison.Ordinal));
        Assert.Equal(2, lines.Count(line => line.Contains("remove", StringComparison.Ordinal) && line.Contains("no rule keeps it", StringComparison.Ordinal)));
        Assert.Equal(before, Tree.Describe(site.Backups).Where(e => e.Path is not ("lock" or "leases")));
    }

    [Fact]
    public void Daily_snapshots_are_kept_beside_the_newest()
    {
        using var site = new Site();
        var first = site.Create("--no-rotate").Id;
        var second = site.Create("--no-rotate").Id;
        var json = Json.Lines(site.Run("rotate", "--max-backups", "1", "--keep-daily", "5", "--dry-run", "--json").Succeeds().Output);
        var decisions = Assert.Single(json)["snapshots"]!.AsArray();
        Assert.Contains(decisions, d => (string)d!["id"]! == second && d["reasons"]!.AsArray().Any(r => (string)r! == "daily"));
        Assert.Contains(decisions, d => (string)d!["id"]! == first);
    }

    [Fact]
    public void A_backup_that_lacks_a_source_deletes_nothing()
    {
        using var site = new Site();
        site.Create("--no-rotate");
        site.Create("--no-rotate");
        site.Settings["max_backups"] = 1;
        File.Move(site.Database, site.Database + ".away");
        site.Run("create").IsPartial("does not exist");
        Assert.Equal(3, site.Snapshots().Count);
        File.Move(site.Database + ".away", site.Database);
        site.Create();
        Assert.Single(site.Snapshots());
    }

    [Fact]
    public void A_partial_snapshot_never_drives_out_the_last_complete_one()
    {
        using var site = new Site();
        site.Settings["max_backups"] = 1;
        var before = site.BelongToOrdinaryUser();
        site.Run(["create"], before: before).Succeeds();
        var complete = site.Newest().Id;
        Command.Shell("chmod 000 nft_markers", site.Storage);
        for (var i = 0; i < 2; i++)
        {
            site.Run(["create"], before: before).IsPartial("storage/nft_markers");
        }

        Assert.Equal(2, site.Snapshots().Count);
        Assert.Contains(site.Snapshots(), s => s.Id == complete);
    }

    [Fact]
    public void Nothing_is_deleted_under_a_reader()
    {
        using var site = new Site();
        site.Create("--no-rotate");
        site.Create("--no-rotate");
        site.Run(["rotate", "--max-backups", "1"], before: ["flock", "-s", Path.Combine(site.Backups, "snapshots")])
            .Ends(11).Says("left to the next run");
        Assert.Equal(2, site.Snapshots().Count);
    }

    [Fact]
    public void Damage_stops_the_deletion_of_packs_but_is_said()
    {
        using var site = new Site();
        var bad = site.Create("--no-rotate");
        File.Delete(site.InStorage("videos/clip.mp4"));
        site.Create("--no-rotate", "--accept-shrink");
        site.Create("--no-rotate");
        Damage.FlipByte(bad.HeaderPath, 100);
        var packs = site.Packs();
        site.Run("rotate", "--max-backups", "1").Succeeds().Says("no pack was deleted", $"snapshot {bad.Id} is damaged");
        Assert.Equal(packs, site.Packs());
    }

    [Fact]
    public void Half_used_packs_are_copied_forward_so_that_waste_is_bounded()
    {
        using var site = new Site(withMedia: false);
        site.Settings["max_backups"] = 1;
        for (var i = 0; i < 20; i++)
        {
            site.Write($"{i}.jpg", Content.Random(100_000, seed: i));
        }

        site.Create("storage");
        for (var i = 1; i < 20; i++)
        {
            File.Delete(site.InStorage($"{i}.jpg"));
        }

        site.Create("storage", "--accept-shrink");
        site.Create("storage");
        Assert.InRange(site.PackBytes(), 100_000, 300_000);
        Assert.Equal(Content.Random(100_000, seed: 0), File.ReadAllBytes(Path.Combine(site.Newest().Restored("storage"), "0.jpg")));
    }

    [Fact]
    public void Zero_in_the_configuration_is_refused()
    {
        using var site = new Site();
        site.Settings["max_backups"] = JsonValue.Create(0);
        site.Run("rotate").Fails(2, "max_backups");
    }
}
