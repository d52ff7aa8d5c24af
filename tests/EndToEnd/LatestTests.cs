namespace VertexAr.Backup.EndToEnd;

/// <summary>Which snapshot 'latest' is.</summary>
public sealed class LatestTests
{
    [Fact]
    public void A_newer_snapshot_of_databases_alone_is_named_and_not_restored_in_place_of_the_site()
    {
        using var site = new Site();
        var full = site.Create();
        var database = site.Create("database");

        string[] named = [$"{database.Id} is newer, but a database snapshot without 'storage'", $"restore {database.Id} --only database"];
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds().Says(named);
        Assert.True(File.Exists(site.In("out/storage/videos/clip.mp4")));
        site.Run("show", "latest").Succeeds().Says(named).Prints($"snapshot  {full.Id}");
        Assert.Equal("", site.Run("restore", "latest", "--only", "database", "--to", site.In("db"), "--quiet").Succeeds().Errors);
        site.Run("restore", "latest", "--only", "storage", "--to", site.In("files")).Succeeds().Prints(full.Id);
        site.Run("restore", "latest", "--path", site.Database, "--to", site.In("one")).Succeeds().Prints(database.Id);

        // On a new machine there is no configuration.
        Program.Run(["restore", "latest", "--backup-dir", site.Backups, "--to", site.In("new")], null).Succeeds().Says(named).Prints(full.Id);
    }

    [Fact]
    public void A_directory_on_the_disk_wants_a_snapshot_that_has_all_sources_in_it()
    {
        using var site = new Site();
        Command.Shell("mkdir storage/db && mv app_data/app_data.db storage/db/", site.In("app"));
        site.Settings["databases"]![0]!["path"] = site.InStorage("db/app_data.db");
        var full = site.Create();
        var storage = site.Create("storage");
        site.Run("restore", "latest", "--path", site.InStorage("db"), "--to", site.In("one")).Succeeds().Prints(full.Id);
        TestDatabase.CheckCopy(site.In("one/app_data/app_data.db"));
        site.Run("restore", "latest", "--path", site.InStorage("videos"), "--to", site.In("other")).Succeeds().Prints(storage.Id);
    }

    [Fact]
    public void A_partial_one_is_named_and_taken_only_by_its_id()
    {
        using var site = new Site();
        var first = Partial(site);
        site.Run("restore", "latest", "--to", site.In("out")).Fails(1, "no snapshot is complete", $"restore {first.Id}'");
        site.Run("show", "latest").Succeeds().Prints(first.Id);

        var complete = site.Create();
        var second = Partial(site);
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds().Says($"{second.Id} is newer, but partial", $"restore {second.Id}'").Prints(complete.Id);
        site.Run("restore", second.Id, "--to", site.In("partial")).Succeeds();
    }

    private static Snapshot Partial(Site site)
    {
        var snapshot = site.Create();
        Damage.Reseal(snapshot.HeaderPath, text => text.Replace("\"complete\"", "\"partial\"", StringComparison.Ordinal));
        return snapshot;
    }
}
