using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Sources;

public sealed class SourceOverlapsTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public SourceOverlapsTests()
    {
        temp.Make("backups");
        temp.Make("tree/inner/deep");
        temp.Write("tree/inner/app.db", "x"u8);
        temp.Write("other/app.db", "x"u8);
        Directory.CreateSymbolicLink(temp["link"], "tree/inner");
        File.CreateSymbolicLink(temp["db"], "link/app.db");
    }

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Places_side_by_side_do_not_overlap() => Assert.Empty(Find("backups", Tree("tree"), Database("other/app.db"), Tree("gone"), Database("tree/gone.db")));

    [Fact]
    public void A_database_and_a_tree_are_found_in_the_innermost_tree()
    {
        var found = Find("backups", Tree("tree"), Tree("link"), Database("db"));
        Assert.Equal([OverlapKind.TreeInTree, OverlapKind.DatabaseInTree], found.Select(overlap => overlap.Kind));
        Assert.Contains("the storage 'link'", found[0].Text, StringComparison.Ordinal);
        Assert.Contains("lies in the storage 'link'", found[1].Text, StringComparison.Ordinal);
        Assert.DoesNotContain(found, overlap => overlap.IsError);
    }

    [Fact]
    public void One_place_under_two_names_is_an_error()
    {
        Assert.Equal(0, Tools.Run("ln", temp["other/app.db"], temp["other/second.db"]).Exit);
        var found = Find("backups", Tree("tree/inner"), Tree("link"), Database("other/app.db"), Database("other/second.db"));
        Assert.Equal([OverlapKind.SamePlace, OverlapKind.SamePlace], found.Select(overlap => overlap.Kind));
        Assert.All(found, overlap => Assert.True(overlap.IsError));
    }

    [Fact]
    public void Backups_in_a_tree_are_named_and_sources_among_the_backups_are_an_error()
    {
        Assert.Equal([OverlapKind.BackupsInTree], Find("tree/inner/deep", Tree("tree")).Select(overlap => overlap.Kind));
        Assert.Equal([OverlapKind.InBackups], Find("link", Tree("tree/inner")).Select(overlap => overlap.Kind));
        Assert.Equal([OverlapKind.InBackups], Find("link", Database("tree/inner/app.db")).Select(overlap => overlap.Kind));
    }

    [Fact]
    public void A_tree_that_is_the_whole_file_system_is_named()
    {
        Assert.Equal(0, Tools.Run("ln", "-s", "/", temp["root"]).Exit);
        Assert.Contains(Find("backups", Tree("root")), overlap => overlap is { Kind: OverlapKind.WholeSystem, IsError: false });
        Assert.DoesNotContain(Find("backups", Tree("tree")), overlap => overlap.Kind == OverlapKind.WholeSystem);
    }

    [Theory]
    [InlineData("tree", "tree/inner/deep")]
    [InlineData("link", "tree/inner/deep")]
    [InlineData("tree/inner/deep", "link")]
    public void A_second_place_that_is_lost_with_the_backups_is_named(string backups, string second) =>
        Assert.Equal([(OverlapKind.SecondPlaceWithBackups, true, false)], SourceOverlaps.Find(temp[backups], [], [temp[second]]).Select(overlap => (overlap.Kind, overlap.IsWarning, overlap.IsError)));

    [Fact]
    public void A_second_place_beside_the_backups_is_not() => Assert.Empty(SourceOverlaps.Find(temp["backups"], [], [temp["tree"]]));

    private static SourcePlace Place(string path, SourceKind kind, string name) => new(name, kind, path);

    private SourcePlace Tree(string path) => Place(temp[path], SourceKind.Storage, path);

    private SourcePlace Database(string path) => Place(temp[path], SourceKind.Database, path);

    private IReadOnlyList<Overlap> Find(string backups, params SourcePlace[] sources) => SourceOverlaps.Find(temp[backups], sources, []);
}
