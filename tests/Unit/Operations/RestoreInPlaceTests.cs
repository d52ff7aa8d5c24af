using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>What happens between making ready and putting in place; the rest is tested by whole restores.</summary>
public sealed class RestoreInPlaceTests : IDisposable
{
    private const string Stamp = "20261126T020000.000Z";

    private readonly TempDirectory temp = new();
    private readonly List<string> warnings = [];

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_database_takes_a_name_that_nothing_has()
    {
        using var place = Begin(Database());
        place.Plan(new HashSet<string> { "app" }, onlyFiles: false, TestContext.Current.CancellationToken);
        place.Run(RestoreOutcome.Whole);
        Assert.Equal("restored", File.ReadAllText(temp["app.db"]));
        Assert.Equal(["app.db"], Names());
    }

    [Fact]
    public void What_came_there_meanwhile_is_not_replaced()
    {
        using var place = Begin(Database());
        place.Plan(new HashSet<string> { "app" }, onlyFiles: false, TestContext.Current.CancellationToken);
        File.WriteAllText(temp["app.db"], "the application's");
        var error = Assert.Throws<UserError>(() => place.Run(RestoreOutcome.Whole));
        Assert.Contains("app.db", error.Message, StringComparison.Ordinal);
        place.TakeBack(error);
        Assert.Equal("the application's", File.ReadAllText(temp["app.db"]));
        Assert.Equal(["app.db"], Names());
    }

    [Fact]
    public void What_came_there_meanwhile_stays_when_another_source_cannot_be_made_ready()
    {
        using var place = Begin(Database());
        File.WriteAllText(temp["app.db"], "the application's");
        place.TakeBack(new IOException());
        Assert.Equal("the application's", File.ReadAllText(temp["app.db"]));
        Assert.Equal(["app.db"], Names());
    }

    private RestoreTarget Database()
    {
        var source = new SourceSummary { Name = "app", Kind = SourceKind.Database, Path = temp["app.db"], Files = 1, Directories = 0, Symlinks = 0, Bytes = 8, NewBytes = 8 };
        return new RestoreTarget(source, temp["app.db"]) { Place = temp["app.db"] };
    }

    private RestoreInPlace Begin(params RestoreTarget[] targets)
    {
        var place = new RestoreInPlace(targets, RestoreNeighbours.None, "snapshot X", Stamp, new RunProgress(notice => warnings.Add(notice.Text)));
        place.Begin();
        foreach (var root in place.Roots.Values)
        {
            File.WriteAllText(Path.Combine(root.Path, "app.db"), "restored");
            // What is restored has the time that it had; what is newer than the restore was written by somebody else.
            File.SetLastWriteTimeUtc(Path.Combine(root.Path, "app.db"), new DateTime(2001, 2, 3, 0, 0, 0, DateTimeKind.Utc));
        }

        return place;
    }

    private string[] Names() => [.. Directory.GetFileSystemEntries(temp.Root).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];
}
