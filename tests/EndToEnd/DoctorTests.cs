using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Whether the next run will work, and what mends it if not. The units and timers are the system test's.</summary>
public sealed class DoctorTests
{
    [Fact]
    public void On_a_site_where_all_is_well_nothing_fails()
    {
        using var site = new Site();
        var before = site.BelongToOrdinaryUser();
        site.Run(["doctor"], before: before).Succeeds().Prints("ok       configuration: ", "there is none yet; the first run makes it", "OpenSSL loads");
        site.Run(["create"], before: before).Succeeds();

        var said = site.Run(["doctor"], before: before).Succeeds().Prints(
            "ok       database 'app_data'", "ok       storage 'storage'", "ok       backup directory", "ok       space", "ok       repository: 1 snapshot", "ok       status", "ok       clock");

        Assert.DoesNotContain("failed  ", said.Output, StringComparison.Ordinal);
        site.Run(["create"], before: before).Succeeds();
    }

    [Theory]
    [InlineData("lock", "rm lock; mkdir lock", "file")]
    [InlineData("staging", "rmdir staging; touch staging", "directory")]
    [InlineData("staging", "rmdir staging; ln -s nowhere staging", "directory")]
    public void What_is_in_the_place_of_a_part_of_the_repository_is_named(string name, string script, string kind)
    {
        using var site = new Site(withMedia: false);
        site.Create();
        Command.Shell(script, site.Backups);
        site.Run("create").Ends(1);
        site.Run("doctor").Ends(1).Prints($"failed   repository: {site.Backups}/{name} is no {kind}, and runs fail for that", $"sudo mv {site.Backups}/{name} {site.Backups}/{name}.away");
    }

    [Fact]
    public void It_changes_nothing()
    {
        using var site = new Site();
        site.Create();
        var (before, repository) = (Content(), Tree.Describe(site.Backups));
        site.Run("doctor").Succeeds();
        Assert.Equal(before, Content());
        Assert.Equal(repository, Tree.Describe(site.Backups));

        // Beside a database SQLite makes files while it is open, and removes them: its directory's time changes.
        IEnumerable<string> Content() => Tree.Describe(site.Root).Select(entry => $"{entry.Path} {entry.Mode} {entry.Owner} {entry.Sha256}").ToList();
    }

    [Fact]
    public void Run_by_root_it_tries_with_the_rights_of_whom_backups_are_made_as()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site();
        site.BelongToOrdinaryUser();
        Command.Shell("chown 0:0 videos/clip.mp4; chmod 600 videos/clip.mp4", site.Storage);

        site.Run("doctor").Ends(1).Prints("ok       user: what follows was tried with the rights of nobody", "failed   storage 'storage': nobody may not read 1 place, among them storage/videos/clip.mp4", "setfacl");
    }

    [Fact]
    public void An_owner_without_a_name_is_one_all_the_same()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site();
        Command.Shell("chown -R 54321:54322 app backups; chmod 755 .", site.Root);
        site.Run("create").Succeeds();
        site.Run("doctor").Prints("ok       user: what follows was tried with the rights of 54321", $"ok       backup directory: {site.Backups} is writable");
    }

    [Fact]
    public void Another_user_is_sent_to_root()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site();
        Command.Shell("chown -R 54321:54322 app backups; chmod 755 . backups", site.Root);
        var said = site.Run(["doctor"], before: ["setpriv", "--reuid", "54323", "--regid", "54323", "--clear-groups"]).Ends(1)
            .Prints("failed   user: backups are made as 54321, and 54323 cannot try what that user may do", $"sudo vertex-ar-backup --config {site.Config} doctor");
        Assert.DoesNotContain("chown", said.Output, StringComparison.Ordinal);
    }

    /// <summary>A list for the whole tree would open all of it, and what comes later, for one file.</summary>
    [Fact]
    public void One_file_that_may_not_be_read_is_opened_alone()
    {
        Machine.NeedRoot("giving files away");
        using var site = new Site();
        site.BelongToOrdinaryUser();
        Command.Shell("chown 0:0 'videos/clip.mp4'; chmod 600 videos/clip.mp4", site.Storage);

        var mend = Failed(site, "storage 'storage'");
        Assert.Equal($"sudo setfacl -m u:nobody:r {site.InStorage("videos/clip.mp4")}", mend);
        Command.Shell(mend.Replace("sudo ", "", StringComparison.Ordinal));
        site.Run("doctor").Prints("ok       storage 'storage'");
    }

    [Fact]
    public void A_group_that_may_read_is_the_narrowest_remedy()
    {
        Machine.NeedRoot("giving files away");
        using var site = new Site();
        site.BelongToOrdinaryUser();
        Command.Shell("chown 0:www-data videos/clip.mp4; chmod 640 videos/clip.mp4", site.Storage);

        Assert.Equal("sudo usermod -aG www-data nobody", Failed(site, "storage 'storage'"));
    }

    [Theory]
    [InlineData("chmod 500 backups", "backup directory")]
    [InlineData("mv backups away; rm -r state", "backup directory")]
    [InlineData("chmod 500 backups/snapshots", "repository")]
    [InlineData("chmod 500 metrics", "metrics_file")]
    [InlineData("chown 0:0 config.json; chmod 600 config.json", "configuration file")]
    [InlineData("chown 0:0 token; chmod 600 token", "token file")]
    [InlineData("chmod 600 hook", "hooks")]
    public void What_is_wrong_is_mended_by_the_command_it_names(string trouble, string check)
    {
        Machine.NeedRoot("mending, and becoming the ordinary user,");
        using var site = NewSite();
        Directory.CreateDirectory(site.In("state"));
        site.BelongToOrdinaryUser();
        var state = new Dictionary<string, string?> { ["STATE_DIRECTORY"] = site.In("state") };
        site.Run(["create"], state).Succeeds();
        site.SaveSettings();
        Command.Shell($"chown {Machine.OrdinaryUser} config.json; chmod 640 config.json; {trouble}", site.Root);

        var mend = Mend(Program.Run(["doctor", "--json", "--config", site.Config], state).Ends(1), check);
        // Where the backup directory is gone, nobody can tell who owned it.
        Command.Shell(mend.Replace("sudo ", "", StringComparison.Ordinal), site.Root);

        Assert.DoesNotContain(Json.Lines(Program.Run(["doctor", "--json", "--config", site.Config], state).Output), line => IsFailed(line, check));
    }

    [Fact]
    public void What_is_missing_is_named()
    {
        using var site = NewSite();
        File.Move(site.Database, site.Database + ".away");
        Directory.Move(site.Storage, site.Storage + ".away");
        File.Delete(site.In("hook"));
        File.Delete(site.In("token"));
        Directory.Delete(site.In("metrics"));

        site.Run("doctor").Ends(1).Prints(
            "failed   database 'app_data': ", "failed   storage 'storage': ", "does not exist", "failed   hooks: there is no " + site.In("hook"),
            "failed   token file: ", "failed   metrics_file: ", "install -d");
    }

    [Fact]
    public void Every_error_of_the_configuration_is_named()
    {
        using var site = new Site();
        site.Settings["max_backup"] = 1;
        site.Settings["workers"] = 1000;
        site.Run("doctor").Ends(1).Prints("'max_backup' is unknown", "'workers' is 1000", "config check");
    }

    [Fact]
    public void Damage_is_found_and_space_that_lacks()
    {
        using var site = new Site();
        site.Create();
        File.Delete(site.Packs()[0]);
        site.Settings["min_free_mb"] = 2_000_000_000;
        site.Run("doctor").Ends(1).Prints("failed   repository: 1 damage", $"sudo vertex-ar-backup --config {site.Config} verify", "failed   space: ", "are lacking");
    }

    [Fact]
    public void A_file_that_is_no_database_is_told()
    {
        using var site = new Site();
        File.WriteAllText(site.Database, "this is a text, and not at all a database");
        site.Run("doctor").Ends(1).Prints("is not a SQLite database");
    }

    [Fact]
    public void Secrets_that_everybody_may_read_are_a_warning_and_are_not_shown()
    {
        using var site = NewSite();
        site.Settings["notify"]!["webhook_url"] = "https://hooks.example/T0/verysecret";
        site.SaveSettings();
        Command.Shell("chmod 644 config.json token", site.Root);

        var said = site.Run("doctor", "--quiet").Prints("warning  configuration file: ", "warning  token file: ", "chmod o-rwx");

        Assert.DoesNotContain("verysecret", said.Output + said.Errors, StringComparison.Ordinal);
        Assert.DoesNotContain("ok  ", said.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_clock_before_the_newest_snapshot_fails()
    {
        using var site = new Site();
        var snapshot = site.Create();
        Damage.Reseal(Path.Combine(site.Backups, "snapshots", snapshot.Id + ".json"), text => text.Replace("\"started_at\": \"20", "\"started_at\": \"21", StringComparison.Ordinal));
        site.Run("doctor").Ends(1).Prints("failed   clock: ", "before the newest snapshot");
    }

    private static Site NewSite()
    {
        var site = new Site();
        Directory.CreateDirectory(site.In("metrics"));
        File.WriteAllText(site.In("hook"), "#!/bin/sh\n");
        File.WriteAllText(site.In("token"), "1:secret");
        Command.Shell("chmod 755 hook; chmod 640 token", site.Root);
        site.Settings["metrics_file"] = site.In("metrics/vertex.prom");
        site.Settings["hooks"] = new JsonObject { ["after_create"] = new JsonArray(site.In("hook")) };
        site.Settings["notify"] = new JsonObject
        {
            ["on"] = new JsonArray(),
            ["telegram"] = new JsonObject { ["chat_id"] = "1", ["token_file"] = site.In("token"), ["api_url"] = "http://127.0.0.1:9" },
        };
        return site;
    }

    private static string Failed(Site site, string check) => Mend(site.Run("doctor", "--json").Ends(1), check);

    private static string Mend(Result said, string check) => (string)Json.Lines(said.Output).First(line => IsFailed(line, check))["mend"]!;

    private static bool IsFailed(JsonNode line, string check) => (string?)line["name"] == check && (string?)line["state"] == "failed";
}
