using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A storage that is one file.</summary>
public sealed class FileSourceTests
{
    [Fact]
    public void A_single_file_is_saved_and_comes_back_to_its_place()
    {
        using var site = Make();
        var snapshot = site.Create();
        Assert.Equal("complete", snapshot.State);
        Assert.True(snapshot.Files().ContainsKey("env/.env"));
        Assert.False(snapshot.Files().ContainsKey("env"));
        site.Run("show", "latest").Succeeds().Prints(Env(site));

        File.WriteAllText(Env(site), "KEY=later");
        Command.Run("chmod", "604", Env(site)).Succeeds();
        site.Run("restore", "latest", "--only", "storage", "--yes").Succeeds().Prints(".env.before_restore_");

        Assert.Equal("KEY=first", File.ReadAllText(Env(site)));
        Assert.Equal("600", Command.Run("stat", "-c", "%a", Env(site)).Succeeds().Output.Trim());
        Assert.Equal("KEY=later", File.ReadAllText(Assert.Single(Directory.GetFiles(site.In("app"), ".env.before_restore_*"))));
        Assert.Equal([], Directory.GetFileSystemEntries(site.In("app"), "*.restore_*"));

        File.Delete(Env(site));
        site.Run("restore", "latest", "--path", Env(site), "--yes").Succeeds();
        Assert.Equal("KEY=first", File.ReadAllText(Env(site)));
    }

    [Fact]
    public void It_is_restored_elsewhere_verified_drilled_and_recovered_like_any_other()
    {
        using var site = Make();
        var snapshot = site.Create();
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds();
        site.Run("restore", "latest", "--path", "env/.env", "--to", site.In("one")).Succeeds().Prints("1 file,");
        site.Run("verify", "--deep").Succeeds();
        site.Run("drill").Succeeds();
        string[] copies = [site.In("out/env/.env"), site.In("one/env/.env"), Path.Combine(snapshot.Recover(), "env/.env")];
        Assert.All(copies, copy => Assert.Equal("KEY=first", File.ReadAllText(copy)));
    }

    [Fact]
    public void Mode_and_owner_come_back_with_it_and_the_old_file_is_kept_as_it_was()
    {
        Machine.NeedRoot("giving files away");
        using var site = Make();
        Command.Shell("chown 12:34 .env; chmod 640 .env", site.In("app"));
        site.Create("storage");
        Command.Shell("printf KEY=later >new; chown 56:78 new; chmod 604 new; mv new .env", site.In("app"));

        site.Run("restore", "latest", "--only", "storage", "--yes").Succeeds();
        Assert.Equal("12:34 640", Describe(Env(site)));
        Assert.Equal("56:78 604", Describe(Assert.Single(Directory.GetFiles(site.In("app"), ".env.before_restore_*"))));
    }

    [Fact]
    public void A_link_to_it_stays_and_its_target_is_restored()
    {
        using var site = Make();
        Directory.CreateDirectory(site.In("shared"));
        File.Move(Env(site), site.In("shared/real.env"));
        File.CreateSymbolicLink(Env(site), "../shared/real.env");
        var snapshot = site.Create("storage");
        Assert.True(snapshot.Files().ContainsKey("env/.env"));
        site.Run("show", "latest").Succeeds().Prints($"env is a link: {Env(site)} -> {site.In("shared/real.env")}");
        foreach (var path in new[] { Env(site), site.In("shared/real.env"), "env/.env" })
        {
            File.WriteAllText(site.In("shared/real.env"), "KEY=later");
            site.Run("restore", "latest", "--path", path, "--yes").Succeeds();
            Assert.Equal("../shared/real.env", new FileInfo(Env(site)).LinkTarget);
            Assert.Equal("KEY=first", File.ReadAllText(site.In("shared/real.env")));
        }

        Assert.Equal(3, Directory.GetFiles(site.In("shared"), "real.env.before_restore_*").Length);
        Assert.Equal("KEY=first", File.ReadAllText(Path.Combine(snapshot.Recover(), "env/.env")));
    }

    [Fact]
    public void One_that_is_missing_is_named_and_everything_else_is_saved()
    {
        using var site = Make();
        site.Create();
        File.Delete(Env(site));
        site.Run("create").IsPartial("'env'", Env(site), "does not exist");
        var partial = site.Newest();
        Assert.Equal(["app_data", "env", "storage"], partial.Header["sources"]!.AsArray().Select(source => source!["name"]!.GetValue<string>()));
        Assert.False(partial.Files().ContainsKey("env/.env"));
        TestDatabase.CheckCopy(Path.Combine(partial.Restored("app_data"), "app_data.db"));

        site.Run("restore", "latest", "--path", Env(site), "--yes").Succeeds();
        Assert.Equal("KEY=first", File.ReadAllText(Env(site)));
    }

    [Fact]
    public void One_that_cannot_be_read_is_named_by_create_config_check_and_doctor()
    {
        Machine.NeedRoot("becoming another user");
        using var site = Make();
        var before = site.BelongToOrdinaryUser();
        site.Run(["doctor"], before: before).Succeeds().Prints($"ok       storage 'env': {Env(site)} can be read");
        Command.Shell("chown 0:0 .env; chmod 600 .env", site.In("app"));
        site.Run(["create"], before: before).IsPartial("'env'", Env(site), "Permission denied");
        site.Run(["config", "check"], before: before).Succeeds().Says("'env'", Env(site), "Permission denied");
        site.Run("doctor").Ends(1).Prints("failed   storage 'env': ", "Permission denied", $"sudo setfacl -m u:nobody:r {Env(site)}");
        Command.Run("setfacl", "-m", "u:nobody:r", Env(site)).Succeeds();
        site.Run(["create"], before: before).Succeeds();
    }

    [Fact]
    public void In_a_tree_it_is_saved_once_and_restoring_the_tree_leaves_it_alone()
    {
        using var site = Make();
        site.Write("conf/.env", "KEY=inner"u8.ToArray());
        site.Write("conf/other", "other"u8.ToArray());
        site.Settings["storage"]!.AsArray().Add((JsonNode)Site.Source("inner", site.In("app/storage/conf/.env")));
        site.Run("config", "check").Succeeds().Prints("the storage 'inner'", "lies in the storage 'storage'");
        var snapshot = site.Create();
        Assert.Equal(["inner/.env"], snapshot.Files().Keys.Where(path => path.StartsWith("inner", StringComparison.Ordinal)));
        Assert.True(snapshot.Files().ContainsKey("storage/conf/other"));
        Assert.False(snapshot.Files().ContainsKey("storage/conf/.env"));
        site.Run("show", "latest").Succeeds().Prints("left out of storage: 1 file (saved as 'inner')");

        File.WriteAllText(site.In("app/storage/conf/.env"), "KEY=later");
        File.WriteAllText(site.In("app/storage/conf/other"), "later");
        site.Run("restore", "latest", "--path", "storage", "--yes").Succeeds();
        Assert.Equal(("KEY=later", "other"), Contents(site));
        File.WriteAllText(site.In("app/storage/conf/other"), "later");
        site.Run("restore", "latest", "--only", "storage", "--yes").Succeeds();
        Assert.Equal(("KEY=inner", "other"), Contents(site));
    }

    [Fact]
    public void It_comes_back_from_the_second_place()
    {
        using var site = Make();
        var place = new SecondPlace(site);
        site.Create();
        place.AssertIsCopy();
        var bare = Directory.CreateDirectory(site.In("bare")).FullName;
        Program.Run(["restore", "latest", "--from-offsite", "--path", "env/.env", "--to", site.In("one"), "--backup-dir", bare, .. place.Options], null).Succeeds();
        Assert.Equal("KEY=first", File.ReadAllText(site.In("one/env/.env")));

        File.WriteAllText(Env(site), "KEY=later");
        Program.RunOnTerminal("y", ["restore", "latest", "--from-offsite", "--path", Env(site), "--as-in-snapshot", "--allow", Path.GetDirectoryName(Env(site))!, "--backup-dir", bare, .. place.Options]).Succeeds();
        Assert.Equal("KEY=first", File.ReadAllText(Env(site)));
    }

    private static (string Inner, string Other) Contents(Site site) =>
        (File.ReadAllText(site.In("app/storage/conf/.env")), File.ReadAllText(site.In("app/storage/conf/other")));

    private static string Describe(string path) => Command.Run("stat", "-c", "%u:%g %a", path).Succeeds().Output.Trim();

    private static string Env(Site site) => site.In("app/.env");

    /// <summary>As one file, or in a tree that excludes logs: what it has in its log is in neither.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_database_without_its_log_is_never_complete(bool isOneFile)
    {
        using var site = new Site(withMedia: false);
        var path = site.InStorage("thumbs.sqlite");
        using var database = new TestDatabase(path);
        database.Fill(rows: 50);
        site.TreeSettings["exclude"] = new JsonArray("*-wal", "*-shm");
        if (isOneFile)
        {
            site.Settings["storage"] = new JsonArray(Site.Source("thumbs", path));
        }

        site.Run("create", "storage").IsPartial("thumbs.sqlite", "its SQLite log is not saved with it", "databases");
        database.Dispose();
        site.Create("storage");
    }

    private static Site Make()
    {
        var site = new Site();
        File.WriteAllText(Env(site), "KEY=first");
        Command.Run("chmod", "600", Env(site)).Succeeds();
        site.Settings["storage"]!.AsArray().Add((JsonNode)Site.Source("env", Env(site)));
        return site;
    }
}
