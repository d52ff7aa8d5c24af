using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class ShrinkJudgementTests
{
    private const long KiB = 1 << 10;
    private const long MiB = 1 << 20;

    [Theory]
    [InlineData(50, 50 * KiB, 0, 0, "50 files (50 KiB) -> none")] // an unmounted disk
    [InlineData(1, 1, 0, 0, "1 file (1 B) -> none")] // of any size
    [InlineData(3, 300, 1, 100, "")] // in a handful of files half is soon lost
    [InlineData(9, 900, 5, 500, "")]
    [InlineData(10, 1000, 5, 500, "")] // half is not more than half
    [InlineData(10, 1000, 4, 1000, "10 files -> 4")]
    [InlineData(1000, 10 * MiB, 499, 10 * MiB, "1,000 files -> 499")]
    [InlineData(1000, 10 * MiB, 1000, 5 * MiB, "")]
    [InlineData(1000, 10 * MiB, 1000, (5 * MiB) - 1, "10 MiB -> 5 MiB")]
    [InlineData(1000, 10 * MiB, 400, MiB, "1,000 files -> 400|10 MiB -> 1 MiB")]
    [InlineData(3, 16 * KiB, 3, 1, "")] // little more than nothing
    [InlineData(3, 100, 3, 0, "100 B -> 0 B")] // but each was truncated
    [InlineData(1000, MiB, 5000, 9 * MiB, "")]
    [InlineData(0, 0, 0, 0, "")]
    [InlineData(0, 0, 7, 70, "")]
    public void A_tree_lost_what_it_has_no_more(long filesBefore, long bytesBefore, long filesNow, long bytesNow, string losses) =>
        Assert.Equal(losses, Losses(Tree(filesBefore, bytesBefore), Tree(filesNow, bytesNow)));

    [Theory]
    [InlineData(20, 20, 20, "20 files -> 0 of them, and 20 others")]
    [InlineData(20, 11, 11, "20 files -> 0 of them, and 11 others")]
    [InlineData(20, 30, 20, "")]
    [InlineData(20, 29, 20, "20 files -> 9 of them, and 20 others")]
    [InlineData(20, 9, 1, "20 files -> 9")]
    [InlineData(4, 1, 0, "4 files -> 1")]
    [InlineData(2, 2, 2, "")] // of a handful
    public void Others_in_their_place_do_not_stand_for_files_that_are_gone(long before, long now, long newFiles, string losses) =>
        Assert.Equal(losses, Losses(Tree(before, 0), Tree(now, 0), newFiles: newFiles));

    [Fact]
    public void A_tree_of_symlinks_has_content() => Assert.Equal(
        "4 files (0 B) -> none", Losses(Tree(0, 0) with { Symlinks = 4 }, Tree(0, 0)));

    [Theory]
    [InlineData(false, "database", 10, "")] // an earlier version saved the raw database with the tree
    [InlineData(false, "database", 0, "100 files (0 B) -> none")]
    [InlineData(false, "socket", 10, "100 files -> 10")]
    [InlineData(true, "database", 10, "100 files -> 10")]
    public void What_is_no_part_of_a_tree_any_more_is_not_lost(bool isRecorded, string leftOut, long now, string losses) => Assert.Equal(
        losses, Losses(Tree(100, 0) with { Exclude = isRecorded ? [] : null }, Tree(now, 0) with { Exclude = [], LeftOut = [new LeftOut(leftOut, null, 1)] }));

    [Theory]
    [InlineData(1, 100, 95, "100 files -> 95")]
    [InlineData(94, 100, 6, "")]
    [InlineData(93, 100, 6, "100 files -> 6")]
    [InlineData(100, 100, 1, "")] // only the loss of everything
    [InlineData(100, 100, 0, "100 files (0 B) -> none")]
    [InlineData(null, 100, 0, "")] // may be empty
    public void How_much_is_too_much_is_the_operators_to_say(int? percent, long before, long now, string losses) =>
        Assert.Equal(losses, Losses(Tree(before, 0), Tree(now, 0), percent));

    [Theory]
    [InlineData("a b c", 3, "a b c", 3, "")]
    [InlineData("a b c", 3, "a b c d", 3, "")]
    [InlineData("a b c", 3, "a c", 2, "gone: table b")]
    [InlineData("a b c", 3, "A B C", 3, "")] // SQLite's names have no case
    [InlineData("a b c", 3, "a d e f", 4, "gone: tables b, c")] // however many are new
    [InlineData("a b c d e f g", 7, "a", 1, "gone: tables b, c, d, e, f and 1 more")]
    [InlineData("a b c", 3, "", 0, "3 tables -> none")]
    [InlineData("a b c", 2, "a b c", 0, "2 tables with rows -> none")] // an application that was set up again
    [InlineData("a b c", 2, "a b c", 1, "")]
    public void A_table_that_is_gone_counts_whatever_the_size(string before, int filledBefore, string now, int filledNow, string losses) =>
        Assert.Equal(losses, Losses(Database(8 * KiB, before, filledBefore), Database(8 * KiB, now, filledNow), percent: 100));

    [Theory]
    [InlineData(100 * MiB, 100 * MiB, 60 * MiB, 20 * MiB, "60 MiB in use -> 20 MiB")] // rows deleted; the file keeps its size
    [InlineData(100 * MiB, 20 * MiB, 20 * MiB, 20 * MiB, "")] // a VACUUM
    [InlineData(100 * KiB, 30 * KiB, 20 * KiB, 8 * KiB, "")]
    public void Of_a_database_what_its_pages_hold_counts(long bytesBefore, long bytesNow, long usedBefore, long usedNow, string losses) => Assert.Equal(
        losses, Losses(Database(usedBefore, "a", 1) with { Bytes = bytesBefore }, Database(usedNow, "a", 1) with { Bytes = bytesNow }));

    [Fact]
    public void An_empty_file_is_no_database_any_more() =>
        Assert.Equal("8 KiB -> an empty file", Losses(Database(8 * KiB, "a", 1), Database(0, "", 0)));

    [Fact]
    public void A_database_that_was_empty_lost_nothing() => Assert.Equal("", Losses(Database(0, "", 0), Database(0, "", 0)));

    [Theory]
    [InlineData(10, 10 * MiB, 4 * MiB, "10 MiB -> 4 MiB")]
    [InlineData(10, 10 * MiB, 6 * MiB, "")]
    public void A_snapshot_that_did_not_note_what_was_in_use_is_compared_by_what_it_has(int tables, long before, long now, string losses) => Assert.Equal(
        losses, Losses(Database(0, "", 0) with { Bytes = before, Content = null }, Database(KiB, string.Join(' ', Enumerable.Range(0, tables)), 1) with { Bytes = now }));

    [Fact]
    public void Where_names_are_not_kept_tables_are_counted()
    {
        var many = Database(KiB, "a", 1);
        Assert.Equal("300 tables -> 299", Losses(many with { Content = new DatabaseContent(KiB, 300, 1, null) }, many with { Content = new DatabaseContent(KiB, 299, 1, null) }));
        Assert.Equal("300 tables -> 1", Losses(many with { Content = new DatabaseContent(KiB, 300, 1, null) }, many));
    }

    [Theory]
    [InlineData(600, 300, 460, "")]
    [InlineData(600, 400, 450, "200 KiB of rows -> 50 KiB")]
    [InlineData(600, 300, 400, "300 KiB of rows -> 100 KiB")]
    [InlineData(310, 300, 300, "")] // too little to speak of
    public void Pages_of_empty_tables_are_not_what_is_lost(int before, int empty, int now, string losses) => Assert.Equal(
        losses, Losses(WithEmpty(before, empty), WithEmpty(now, empty)));

    [Theory]
    [InlineData(12, 6, "")]
    [InlineData(12, 5, "12 tables with rows -> 5")]
    [InlineData(3, 1, "")] // a handful is soon emptied
    [InlineData(4, 0, "4 tables with rows -> none")]
    public void Tables_that_have_no_row_any_more_are_counted(int before, int now, string losses) =>
        Assert.Equal(losses, Losses(Database(KiB, "a", before), Database(KiB, "a", now)));

    [Fact]
    public void What_became_a_source_of_its_own_is_counted_with_the_tree_it_lies_in()
    {
        var before = Tree(100, 100 * MiB) with { Exclude = [] };
        var now = Tree(10, MiB) with { LeftOut = [new LeftOut("tree", "inner", 1)] };
        var inner = Tree(90, 99 * MiB) with { Name = "inner" };
        Assert.Equal("", Losses(before, ShrinkJudgement.WithNewSources(before, now, [now, inner])));
        Assert.Equal("100 files -> 10|100 MiB -> 1 MiB", Losses(before, ShrinkJudgement.WithNewSources(before, now, [now, inner with { Name = "other" }])));

        // It was one already: what it holds was no part of the tree then.
        var already = before with { LeftOut = now.LeftOut };
        Assert.Equal("100 files -> 10|100 MiB -> 1 MiB", Losses(already, ShrinkJudgement.WithNewSources(already, now, [now, inner])));
    }

    private static SourceSummary WithEmpty(int used, int empty) =>
        Database(used * KiB, "a", 1) with { Content = new DatabaseContent(used * KiB, 1, 1, ["a"], empty * KiB) };

    [Theory]
    // What the snapshots say of the source, oldest first: complete or partial, marked or accepted.
    [InlineData("c0 c1 c2", 2)]
    [InlineData("c0 c1 cm cm", 1)] // the second emptied night is measured like the first
    [InlineData("c0 c1 p p", 1)]
    [InlineData("c0 pm ca cm", 2)]
    [InlineData("c0 pa p", 1)] // what was accepted counts though something could not be read
    [InlineData("p p pm", 1)] // better than nothing
    [InlineData("cm pm", null)]
    [InlineData("", null)]
    public void A_source_is_compared_with_the_newest_snapshot_that_has_its_content(string snapshots, int? expected)
    {
        var all = snapshots.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select((word, i) => Snapshot(
            i, word[0] == 'c' ? SnapshotState.Complete : SnapshotState.Partial,
            Tree(i, i) with { Shrunk = word.EndsWith('m') ? Mark(false) : word.EndsWith('a') ? Mark(true) : null })).ToList();

        Assert.Equal(expected is { } i ? all[i].Header.Id : null, Yardstick(all, Tree(0, 0))?.Id);
    }

    [Theory]
    // What came in while the snapshots were partial is in these alone.
    [InlineData("c0 p p c3", "3")]
    [InlineData("c0 c1 p p", "1 3 2")]
    [InlineData("c0 p pm p", "0 3 1")]
    [InlineData("c0 p pa p", "2 3")]
    [InlineData("p p pm", "1")]
    public void A_source_is_also_compared_with_the_partial_snapshots_that_are_newer(string snapshots, string expected)
    {
        var all = snapshots.Split(' ').Select((word, i) => Snapshot(
            i, word[0] == 'c' ? SnapshotState.Complete : SnapshotState.Partial,
            Tree(i, i) with { Shrunk = word.EndsWith('m') ? Mark(false) : word.EndsWith('a') ? Mark(true) : null })).ToList();
        var now = Tree(0, 0);
        Assert.Equal(expected, string.Join(' ', ShrinkJudgement.Yardsticks(all, [], now.Name, now.Kind, now.Path).Select(one => one.Source.Files)));
    }

    [Fact]
    public void Snapshots_without_the_source_are_passed_over() => Assert.Equal(
        Id(1).ToString(),
        Yardstick([Snapshot(0, SnapshotState.Complete, Tree(1, 1)), Snapshot(1, SnapshotState.Complete, Tree(2, 2)), Snapshot(2, SnapshotState.Complete, Database(1, "a", 1))], Tree(0, 0))?.Id);

    [Fact]
    public void The_mark_of_another_source_does_not_count() => Assert.Equal(
        Id(1).ToString(),
        Yardstick([Snapshot(0, SnapshotState.Complete, Tree(1, 1)), Snapshot(1, SnapshotState.Complete, Database(1, "a", 1) with { Shrunk = Mark(false) }, Tree(2, 2))], Tree(0, 0))?.Id);

    [Theory]
    [InlineData("missing", true)]
    [InlineData("damaged", true)]
    [InlineData("partial", false)]
    public void A_source_that_could_not_be_had_is_no_measure_and_ends_no_hold(string state, bool isPassedOver)
    {
        List<Snapshot> all =
        [
            Snapshot(0, SnapshotState.Partial, Tree(50, 50)),
            Snapshot(1, SnapshotState.Partial, Tree(0, 0) with { Shrunk = Mark(false) }),
            Snapshot(2, SnapshotState.Partial, Tree(0, 0) with { State = SourceStates.FromWord(state)!.Value }),
        ];
        Assert.Equal(Id(isPassedOver ? 0 : 2).ToString(), Yardstick(all, Tree(0, 0))?.Id);
        Assert.Equal(isPassedOver ? 1 : 0, ShrinkHold.Of(all.Select(RetentionItem.Of)).Count);
    }

    [Fact]
    public void A_source_that_has_another_name_now_is_known_by_its_path()
    {
        List<Snapshot> all = [Snapshot(0, SnapshotState.Complete, Tree(50, 50) with { Name = "uploads" })];
        Assert.Equal(Id(0).ToString(), Yardstick(all, Tree(0, 0))?.Id);
        Assert.Null(Yardstick(all, Tree(0, 0) with { Path = "/elsewhere" }));
    }

    /// <summary>The first night at a new place, or on a machine with a new name, was marked; the second is as empty.</summary>
    [Fact]
    public void Where_all_of_ours_are_marked_the_first_of_them_says_which_snapshot_had_the_content()
    {
        var (other, later) = (Snapshot(0, SnapshotState.Complete, Tree(50, 50) with { Path = "/former" }), Snapshot(1, SnapshotState.Complete, Tree(60, 60) with { Path = "/former" }));
        var marked = Tree(0, 0) with { Shrunk = Mark(false) with { Since = Id(0).ToString() } };
        List<Snapshot> ours = [Snapshot(2, SnapshotState.Complete, marked), Snapshot(3, SnapshotState.Complete, marked)];
        Assert.Equal((Id(0).ToString(), 50), Yardstick(ours, Tree(0, 0), [other, later, .. ours]) is var (id, source) ? (id, source.Files) : default);
        Assert.Null(Yardstick(ours, Tree(0, 0), [later, .. ours]));
    }

    private static (string Id, SourceSummary Source)? Yardstick(IEnumerable<Snapshot> snapshots, SourceSummary now, IReadOnlyCollection<Snapshot>? all = null) =>
        ShrinkJudgement.Yardsticks(snapshots, all ?? [], now.Name, now.Kind, now.Path) is [var first, ..] ? first : null;

    private static string Losses(SourceSummary before, SourceSummary now, int? percent = 50, long newFiles = 0) =>
        string.Join('|', ShrinkJudgement.Losses(before, now, newFiles, new ShrinkLimit(percent)));

    private static ShrunkSource Mark(bool accepted) => new("20260101T000000Z", ["50 files -> none"], accepted);

    private static SourceSummary Tree(long files, long bytes) => new()
    {
        Name = "srv",
        Kind = SourceKind.Storage,
        Path = "/srv",
        Files = files,
        Directories = 1,
        Symlinks = 0,
        Bytes = bytes,
        NewBytes = 0,
    };

    private static SourceSummary Database(long used, string tables, int filled)
    {
        var names = tables.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return Tree(1, used) with
        {
            Name = "app",
            Kind = SourceKind.Database,
            Path = "/app.db",
            Content = used == 0 ? null : new DatabaseContent(used, names.Length, filled, names),
        };
    }

    private static SnapshotId Id(int night) => SnapshotId.At(new DateTimeOffset(2026, 11, 1, 2, 0, 0, TimeSpan.Zero).AddDays(night));

    private static Snapshot Snapshot(int night, SnapshotState state, params SourceSummary[] sources) => new(Id(night), new SnapshotHeader
    {
        FormatVersion = 1,
        Requires = [],
        Id = Id(night).ToString(),
        Type = SnapshotType.Full,
        State = state,
        Host = "h",
        Tool = "t",
        StartedAt = Id(night).Time,
        FinishedAt = Id(night).Time,
        Sources = sources,
        StoredBytes = 0,
        Warnings = WarningSummary.None,
        Files = new PartFile(1, default, 1),
        Packs = new PartFile(1, default, 1),
    });
}
