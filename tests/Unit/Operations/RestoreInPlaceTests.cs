using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>What happens between making ready and putting in place; the rest is tested by whole restores.</summary>
public sealed class RestoreInPlaceTests : IDisposable
{
    private readonly TempDirectory temp = new();
    private readonly RestoreInPlace place = new("20261126T020000Z", new RunProgress(_ => { }));
    private readonly RestoreTarget target;

    public RestoreInPlaceTests()
    {
        var source = new SourceSummary { Name = "app", Kind = SourceKind.Database, Path = temp["app.db"], Files = 1, Directories = 0, Symlinks = 0, Bytes = 8, NewBytes = 8 };
        target = new RestoreTarget(source, temp["app.db"]);
        temp.Write("scratch/app.db", "restored"u8);
        place.Prepare(target, temp["scratch"]);
    }

    public void Dispose()
    {
        place.Dispose();
        temp.Dispose();
    }

    [Fact]
    public void A_database_takes_a_name_that_nothing_has()
    {
        place.Swap();
        Assert.Equal("restored", File.ReadAllText(target.Target));
        place.Undo(new IOException());
        Assert.False(File.Exists(target.Target));
    }

    [Fact]
    public void What_came_there_meanwhile_is_not_replaced()
    {
        File.WriteAllText(target.Target, "the application's");
        var error = Assert.Throws<UserError>(place.Swap);
        Assert.Contains("app.db, which was not there, has been made", error.Message, StringComparison.Ordinal);
        place.Undo(error);
        Assert.Equal("the application's", File.ReadAllText(target.Target));
    }

    [Fact]
    public void What_came_there_meanwhile_stays_when_another_source_cannot_be_made_ready()
    {
        File.WriteAllText(target.Target, "the application's");
        place.Undo(new IOException());
        Assert.Equal("the application's", File.ReadAllText(target.Target));
    }
}
