namespace VertexAr.Backup.EndToEnd;

/// <summary>Sources that are missing or not what they should be: one sentence, the exit code, and no snapshot.</summary>
public sealed class SourceErrorTests
{
    [Fact]
    public void A_missing_database_is_an_error()
    {
        using var site = new Site();
        File.Delete(site.Database);
        Refused(site, 1, site.Database, "does not exist", "databases");
    }

    [Fact]
    public void A_directory_in_place_of_the_database_is_an_error()
    {
        using var site = new Site();
        File.Delete(site.Database);
        Directory.CreateDirectory(site.Database);
        Refused(site, 1, site.Database, "is not a file");
    }

    [Fact]
    public void A_file_that_is_no_database_is_an_error()
    {
        using var site = new Site();
        File.WriteAllText(site.Database, "this is a letter, not a database");
        Refused(site, 1, site.Database, "is not a SQLite database");
    }

    [Fact]
    public void An_encrypted_database_is_an_error()
    {
        using var site = new Site();
        File.WriteAllBytes(site.Database, Content.Random(40_960, seed: 3));
        Refused(site, 1, site.Database, "is not a SQLite database", "encrypted");
    }

    [Fact]
    public void A_database_with_an_overwritten_page_is_an_error()
    {
        using var site = new Site();
        using (var file = File.OpenWrite(site.Database))
        {
            file.Position = 4096 * 7;
            file.Write(Content.Random(4096, seed: 3));
        }

        Refused(site, 1, site.Database, "is damaged", "restore");
    }

    [Fact]
    public void A_database_that_was_cut_short_is_an_error()
    {
        using var site = new Site();
        Command.Shell($"truncate -s 50000 '{site.Database}'");
        Refused(site, 1, site.Database, "is damaged");
    }

    [Fact]
    public void A_database_that_may_not_be_read_is_an_error()
    {
        using var site = new Site();
        var before = site.BelongToOrdinaryUser();
        Command.Shell($"chmod 000 '{site.Database}'");
        site.Run(["create"], before: before).Fails(1, site.Database, "cannot be", "ermission denied");
        Assert.Empty(site.Snapshots());
    }

    [Fact]
    public void A_missing_storage_tree_is_an_error()
    {
        using var site = new Site();
        Directory.Delete(site.Storage, recursive: true);
        Refused(site, 1, site.Storage, "does not exist", "storage");
        site.Create("database");
    }

    [Fact]
    public void A_file_in_place_of_the_storage_tree_is_an_error()
    {
        using var site = new Site();
        Directory.Delete(site.Storage, recursive: true);
        File.WriteAllText(site.Storage, "");
        Refused(site, 1, site.Storage, "is not a directory");
    }

    [Fact]
    public void Asking_for_what_is_not_configured_is_an_error()
    {
        using var site = new Site();
        site.Settings.Remove("databases");
        site.Run("create", "database").Fails(2, "names no database");
    }

    private static void Refused(Site site, int code, params string[] words)
    {
        site.Run("create").Fails(code, words);
        Assert.Empty(site.Snapshots());
        Assert.Empty(site.Packs());
    }
}
