using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Operations;

public sealed class TreeGapsTests : IDisposable
{
    private const string Stamp = "20261126T020000.000Z";

    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void What_the_snapshot_lacks_though_it_was_there_stays_and_the_rest_of_its_directory_is_the_snapshots()
    {
        var gaps = TreeGaps.None;
        gaps.Add("gone"u8, "not in the snapshot");
        gaps.Add("private"u8, "not in the snapshot");
        gaps.Add("became/x"u8, "not in the snapshot");
        var before = Trees("data/gone data/private data/private/deep data/private/deep/key data/became data/became/x");
        var survey = Restore(gaps, _ => true);
        Assert.Equal(before, Trees("data/gone data/private data/private/deep data/private/deep/key data/became data/became/x"));
        Assert.Equal("new", File.ReadAllText(temp["data/changed"]));
        Assert.Empty(survey.Unsure);
        Assert.True(survey.IsLeftAlone("private/deep/key"u8) && survey.IsLeftAlone("gone"u8));
        Assert.False(survey.IsLeftAlone("became"u8) || survey.IsLeftAlone("go"u8) || survey.IsLeftAlone("changed"u8));
        Assert.Equal("old", File.ReadAllText(temp[$"data.before_restore_{Stamp}/changed"]));
    }

    [Fact]
    public void Of_a_snapshot_that_does_not_say_what_it_lacks_everything_stays_that_it_has_not()
    {
        var vague = TreeGaps.Of(Tree(SourceState.Partial), [], isPartial: true);
        Assert.True(vague.MayBeMore);
        var before = Trees("data/gone data/private data/private/deep/key data/became/x");
        var survey = Restore(vague, below => Posix.StatusOrNull($"{temp["fresh"]}/{Encoding.UTF8.GetString(below)}") is not null);
        Assert.Equal(["became/x", "gone", "private"], survey.Unsure.Select(Encoding.UTF8.GetString).Order(StringComparer.Ordinal));
        Assert.Equal(before, Trees("data/gone data/private data/private/deep/key data/became/x"));
        Assert.Equal("new", File.ReadAllText(temp["data/changed"]));
    }

    [Fact]
    public void A_snapshot_that_says_what_it_lacks_is_not_vague()
    {
        Gap[] one = [new Gap("s/private/key"u8.ToArray(), "cannot be opened")];
        Assert.False(TreeGaps.Of(Tree(SourceState.Partial) with { Absent = 1 }, one, isPartial: true).MayBeMore);
        Assert.False(TreeGaps.Of(Tree(SourceState.Complete), [], isPartial: false).MayBeMore);
        Assert.Contains("cannot be opened", TreeGaps.Of(Tree(SourceState.Partial) with { Absent = 1 }, one, isPartial: true).Why("private/key"u8), StringComparison.Ordinal);

        // A path too long for a list is counted and not named.
        Assert.True(TreeGaps.Of(Tree(SourceState.Partial) with { Absent = 2 }, one, isPartial: true).MayBeMore);
    }

    [Fact]
    public void What_was_left_out_is_known_by_its_path_and_a_database_by_its_log_too()
    {
        var source = Tree(SourceState.Complete) with
        {
            LeftOut = [new LeftOut("database", "app", 1) { Paths = ["db/app.db"u8.ToArray()] }, new LeftOut("mount", null, 1) { Paths = ["m"u8.ToArray()] }],
        };
        var gaps = TreeGaps.Of(source, [], isPartial: false);
        Assert.True(gaps.Why("m"u8) is not null && gaps.Why("db/app.db"u8) is not null);
        Assert.All(SqliteCompanions.Suffixes, suffix => Assert.NotNull(gaps.Why([.. "db/app.db"u8, .. suffix])));
        Assert.True(gaps.Why("db"u8) is null && gaps.Why("m/x"u8) is null && gaps.Why("m-wal"u8) is null);
        Assert.False(gaps.MayBeMore);
    }

    [Theory]
    [InlineData("mount", true)]
    [InlineData("database", true)]
    [InlineData("a later version's word", true)]
    [InlineData("excluded", false)]
    [InlineData("leftover", false)]
    [InlineData("socket", false)]
    public void What_was_left_out_without_its_path_makes_a_snapshot_vague_unless_it_is_known_when_it_is_seen(string kind, bool isVague) =>
        Assert.Equal(isVague, TreeGaps.Of(Tree(SourceState.Complete) with { LeftOut = [new LeftOut(kind, null, 2) { Paths = ["a"u8.ToArray()] }] }, [], isPartial: false).MayBeMore);

    /// <summary>Puts a restored tree in place of a live one that has more.</summary>
    private TreeSurvey Restore(TreeGaps gaps, Func<byte[], bool> isRestored)
    {
        temp.Write("fresh/changed", "new"u8);
        temp.Write("fresh/became", "a file"u8);
        var data = Posix.Bytes(temp["data"]);
        using var places = new NamedPlaces();
        var survey = TreeSurvey.Of(temp["data"], new TreeBoundary(Posix.StatusOrNull(temp["data"])!.Value, ForeignPlaces.None, false), gaps, isRestored);
        var planner = new RestorePlanner(places, Stamp);
        planner.ReplaceTree(
            survey,
            new Dictionary<string, RestoreRegion> { [""] = new(data, Posix.Bytes(temp["fresh"]), RestoreNames.Kept(data, Stamp), new RestoreProbe(temp[$".data.restore_{Stamp}.probe"])) },
            isMount: false);
        using var executor = new RestoreExecutor(RestoreAim.Run, text => Assert.Fail(text));
        executor.Run(planner.Steps);
        return survey;
    }

    /// <summary>Which files these are, in a live tree that is made for it.</summary>
    private string Trees(string names)
    {
        if (!Directory.Exists(temp["data"]))
        {
            temp.Write("data/changed", "old"u8);
            temp.Write("data/gone", "old"u8);
            temp.Write("data/private/deep/key", "old"u8);
            temp.Write("data/became/x", "old"u8);
        }

        return Tools.Run("sh", "-c", $"cd '{temp.Root}' && stat -c '%n %i %s' {names}").Output;
    }

    private static SourceSummary Tree(SourceState state) => new()
    {
        Name = "s",
        Kind = SourceKind.Storage,
        Path = "/s",
        Files = 1,
        Directories = 1,
        Symlinks = 0,
        Bytes = 5,
        NewBytes = 5,
        State = state,
    };
}
