using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Whether the files that a database names are in the same snapshot.</summary>
public sealed class ReferenceTests
{
    [Fact]
    public void A_file_that_is_named_and_not_there_is_a_warning_of_the_run_and_of_the_snapshot()
    {
        using var site = NewSite();
        using var database = site.OpenDatabase();
        Assert.DoesNotContain("not in this snapshot", site.Run("create").Succeeds().Errors, StringComparison.Ordinal);

        database.Execute("INSERT INTO media VALUES ('/opt/vertex-ar/storage/portraits/lost.jpg')");
        site.Run("create").Succeeds().Says("app_data/app_data.db: names 1 file that is not in this snapshot: storage/portraits/lost.jpg");
        Assert.Equal("complete", site.Newest().State);
        Assert.Contains("storage/portraits/lost.jpg: is not in this snapshot, and the database 'app_data' names it", site.Newest().Warnings);
        site.Run("show", "latest").Succeeds().Prints("portraits/lost.jpg");

        site.Write("portraits/lost.jpg", "found");
        Assert.DoesNotContain("not in this snapshot", site.Run("create").Succeeds().Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_was_renamed_is_missed_though_the_database_did_not_change()
    {
        using var site = NewSite();
        using var database = site.OpenDatabase();
        Thread.Sleep(100); // What changed just before a run is read again by the next one.
        site.Create();
        File.Move(site.InStorage("portraits/3/portrait.jpg"), site.InStorage("portraits/3/renamed.jpg"));
        site.Run("create").Succeeds().Says("names 1 file that is not in this snapshot: storage/portraits/3/portrait.jpg");
        Assert.Equal(0, site.Newest().Header["sources"]![0]!["new_bytes"]!.GetValue<long>());
        Assert.Equal(7, database.Number("SELECT count(*) FROM media"));
    }

    [Theory]
    [InlineData("SELECT path FROM medium", "no such table: medium")]
    [InlineData("DELETE FROM media", "only reads")]
    public void A_query_that_fails_does_not_fail_the_backup(string sql, string words)
    {
        using var site = NewSite();
        site.Settings["references"]![0]!["sql"] = sql;
        site.Run("create").Succeeds().Says("its references could not be checked", words);
        Assert.Equal("complete", site.Newest().State);
    }

    [Fact]
    public void What_another_source_in_the_tree_holds_is_not_missed()
    {
        using var site = NewSite();
        site.Write("logo.png", "logo");
        var storage = site.Settings["storage"]!.AsArray();
        storage.Add((JsonNode)Site.Source("users", site.InStorage("portraits")));
        storage.Add((JsonNode)Site.Source("logo", site.InStorage("logo.png")));
        using var database = site.OpenDatabase();
        database.Execute("INSERT INTO media VALUES ('/opt/vertex-ar/storage/portraits/../logo.png'), ('/opt/vertex-ar/storage/logo.png')");
        Assert.DoesNotContain("not in this snapshot", site.Run("create").Succeeds().Errors, StringComparison.Ordinal);

        database.Execute("INSERT INTO media VALUES ('/opt/vertex-ar/storage/portraits/5/../lost.jpg')");
        site.Run("create").Succeeds().Says("names 1 file that is not in this snapshot: users/lost.jpg");
    }

    [Fact]
    public void A_database_alone_is_not_blamed_for_files_that_it_is_saved_without()
    {
        using var site = NewSite();
        Assert.Equal("", site.Run("create", "database").Succeeds().Errors);
    }

    /// <summary>A database that names six portraits, as paths on the disk, and for one the file is not known.</summary>
    private static Site NewSite()
    {
        var site = new Site();
        using var database = site.OpenDatabase();
        database.Execute("CREATE TABLE media (path TEXT)");
        database.Execute("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5) "
            + "INSERT INTO media SELECT '/opt/vertex-ar/storage/portraits/' || i || '/portrait.jpg' FROM n UNION ALL SELECT NULL");
        site.Settings["references"] = new JsonArray(new JsonObject
        {
            ["database"] = "app_data",
            ["sql"] = "SELECT path FROM media",
            ["storage"] = "storage",
            ["strip_prefix"] = "/opt/vertex-ar/storage/",
        });
        return site;
    }
}
