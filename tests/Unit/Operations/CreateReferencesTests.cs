using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;
using VertexAr.Backup.Tests.Storage;

namespace VertexAr.Backup.Tests.Operations;

public sealed class CreateReferencesTests : IDisposable
{
    private readonly Site site = new();

    public CreateReferencesTests()
    {
        site.Write("a.jpg", [1]);
        site.Write("d/b.jpg", [2]);
        site.Sql("CREATE TABLE media (path); INSERT INTO media VALUES ('a.jpg'), ('/d//b.jpg'), (NULL), ('')");
    }

    public void Dispose() => site.Dispose();

    [Fact]
    public void Nothing_is_said_where_all_that_is_named_is_there()
    {
        Assert.Equal(0, Take().Warnings.Count);
        Assert.Equal(0, Take().Warnings.Count); // Of the live database: it did not change.
    }

    [Fact]
    public void What_is_missing_is_one_warning_with_count_and_first_names_and_the_snapshot_is_complete()
    {
        site.Sql("INSERT INTO media SELECT 'lost/' || value || '.jpg' FROM generate_series(1, 30) UNION ALL SELECT 'lost/1.jpg'".Replace(
            "generate_series(1, 30)", "(WITH RECURSIVE n(value) AS (SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 30) SELECT value FROM n)", StringComparison.Ordinal));
        var header = Take();
        Assert.Equal((SnapshotState.Complete, 21), (header.State, header.Warnings.Count));
        Assert.Equal(
            new PathWarning("app/app.db", "names 30 files that are not in this snapshot: tree/lost/1.jpg, tree/lost/2.jpg, tree/lost/3.jpg and 27 more"),
            header.Warnings.First[0]);
        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"tree/lost/{i}.jpg"), header.Warnings.First[1..].Select(w => w.Path));
        Assert.Single(site.Notices, notice => notice.Severity == Severity.Warning);
    }

    [Fact]
    public void A_file_that_goes_is_missed_though_the_database_is_as_it_was()
    {
        Assert.Equal(0, Take().Warnings.Count);
        File.Move(site.Temp["tree/a.jpg"], site.Temp["tree/renamed.jpg"]);
        Assert.Equal("names 1 file that is not in this snapshot: tree/a.jpg", Take().Warnings.First[0].Reason);
        File.Move(site.Temp["tree/renamed.jpg"], site.Temp["tree/a.jpg"]);
        Assert.Equal(0, Take().Warnings.Count);
    }

    [Fact]
    public void Directories_and_links_are_found_too()
    {
        File.CreateSymbolicLink(site.Temp["tree/l"], "a.jpg");
        site.Sql("INSERT INTO media VALUES ('d/'), ('l')");
        Assert.Equal(0, Take().Warnings.Count);
    }

    [Theory]
    [InlineData("SELECT absent FROM media", "no such column: absent")]
    [InlineData("SELEKT", "syntax error")]
    [InlineData("DELETE FROM media", "only reads")]
    public void A_query_that_fails_is_a_warning_in_SQLites_words(string sql, string words)
    {
        foreach (var _ in new[] { "of the copy", "of the live database" })
        {
            var header = Take(sql);
            Assert.Equal(SnapshotState.Complete, header.State);
            var warning = Assert.Single(header.Warnings.First);
            Assert.Contains("its references could not be checked", warning.Reason, StringComparison.Ordinal);
            Assert.True(warning.Reason.Contains(words, StringComparison.Ordinal), warning.Reason);
        }

        Assert.Equal(4, Count());
    }

    [Fact]
    public void A_query_that_fails_leaves_the_answers_of_the_others()
    {
        File.Delete(site.Temp["tree/a.jpg"]);
        site.Clock.Advance(TimeSpan.FromDays(1));
        var header = site.CreateNow(Plan("SELECT nothing") with { References = [Query("SELECT nothing"), Query("SELECT path FROM media")] }).Header;
        Assert.Equal(3, header.Warnings.Count);
        Assert.Contains(header.Warnings.First, w => w.Path == "tree/a.jpg");
    }

    [Theory]
    [InlineData("database")]
    [InlineData("storage")]
    public void Only_a_full_snapshot_can_tell(string type)
    {
        File.Delete(site.Temp["tree/a.jpg"]);
        Assert.Equal(0, site.Create(Plan("SELECT path FROM media") with { Type = SnapshotTypes.FromWord(type)!.Value }).Header.Warnings.Count);
    }

    [Fact]
    public void No_file_of_it_stays()
    {
        Take();
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
    }

    [Fact]
    public void A_live_database_that_changed_while_it_was_asked_is_not_trusted()
    {
        using var repository = new TestRepository();
        using var staging = RunStaging.Begin(repository.Held, TestRepository.First, DateTimeOffset.UnixEpoch, []);
        using var writer = new FileListWriter(staging.List);
        var list = new CreateList(writer, staging, new PackRegistry(), site.Progress);
        using var references = new CreateReferences([Query("SELECT path FROM media")], site.Temp.Root, list, () => { }, new SqliteQueryLimits(TimeSpan.FromMinutes(1)), TestContext.Current.CancellationToken);
        bool Ask(bool isUnchanged) => references.AskLive("app", "app/app.db"u8.ToArray(), site.Database, TimeSpan.Zero, site.Clock, () => isUnchanged);
        Assert.False(Ask(isUnchanged: false));
        references.Report();
        Assert.Equal(0, list.Warnings.Count);
        Assert.True(Ask(isUnchanged: true));
        references.Report();
        Assert.Equal(3, list.Warnings.Count);
    }

    private long Count()
    {
        using var connection = SqliteFile.Open(site.Database, Microsoft.Data.Sqlite.SqliteOpenMode.ReadOnly);
        return SqliteFile.Scalar<long>(connection, "SELECT count(*) FROM media");
    }

    private static ReferenceQuery Query(string sql) => new("app", sql, "tree", "", "");

    private CreatePlan Plan(string sql) => site.Plan with { Type = SnapshotType.Full, References = [Query(sql)] };

    private SnapshotHeader Take(string sql = "SELECT path FROM media") => site.Create(Plan(sql)).Header;
}
