using System.Text.RegularExpressions;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>Snapshots are written as the day of the month, d(atabase), s(torage) or f(ull), with '-' if partial, '?' if partial without its storage, and '!' if the storage had lost its content.</summary>
public sealed class LatestSnapshotTests
{
    private static readonly SourceName[] Both = [new("app", SourceKind.Database), new("srv", SourceKind.Storage)];

    [Fact]
    public void What_is_offered_asks_for_the_same_paths()
    {
        var choice = LatestSnapshot.Choose(Snapshots("1f 2f-"), new LatestWish([], null, SourceKind.Storage) { Paths = " --path a/b" });
        Assert.EndsWith("restore 20261102T020000Z --only storage --path a/b' takes it", Assert.Single(choice.Notices), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1f 2f-", "ID2 --from-offsite --remote b' takes it")]
    [InlineData("1f 2d", "ID2 --from-offsite --remote b --only database' takes what it holds")]
    [InlineData("1s 2d", "ID1 --from-offsite --remote b --only storage' takes it")]
    public void What_is_offered_is_looked_for_in_the_same_place(string snapshots, string offered)
    {
        var choice = LatestSnapshot.Choose(Snapshots(snapshots), new LatestWish(Both) { Place = new OffsitePlace("b", null).Options });
        Assert.EndsWith($"restore {Regex.Replace(offered, "ID(.)", "2026110$1T020000Z")}", Assert.Single(choice.Notices), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1f 2d 3d 4d", "", "1", "ID4 is newer, but a database snapshot without 'srv': 'vertex-ar-backup restore ID4 --only database'")]
    [InlineData("1f 2d 3d 4d", "database", "4", "")]
    [InlineData("1f 2d 3d 4d", "storage", "1", "")]
    [InlineData("1f 2d 3s", "storage", "3", "")]
    [InlineData("1f 2f-", "", "1", "ID2 is newer, but partial: 'vertex-ar-backup restore ID2' takes it")]
    [InlineData("1f 2f-", "database", "1", "ID2 is newer, but partial: 'vertex-ar-backup restore ID2 --only database' takes it")]
    [InlineData("1f 2f?", "", "1", "ID2 is newer, but partial: 'vertex-ar-backup restore ID2' takes it")]
    [InlineData("1f 2f?", "storage", "1", "")]
    [InlineData("1f- 2f?", "storage", "", "ID1 is there, but partial: 'vertex-ar-backup restore ID1 --only storage' takes it")]
    [InlineData("1f? 2d-", "storage", "", "ID2 is there, but partial, and has no storage")]
    [InlineData("1f 2d- 3d", "", "1", "ID2 is newer, but partial|ID3 is newer, but a database snapshot without 'srv'")]
    [InlineData("1f 2d 3f", "", "3", "")]
    [InlineData("1f 2f!", "", "1", "ID2 is newer, but a source in it had lost its content: 'vertex-ar-backup restore ID2' takes it")]
    [InlineData("1f 2f!", "database", "2", "")]
    [InlineData("1f- 2d-", "", "", "ID2 is there, but partial: 'vertex-ar-backup restore ID2' takes it")]
    [InlineData("1d 2d", "", "2", "ID2 is without 'srv', and so is every complete snapshot")]
    [InlineData("1s 2d", "", "2", "ID2 is without 'srv', which is in ID1: 'vertex-ar-backup restore ID1 --only storage' takes it")]
    [InlineData("", "", "", "")]
    public void It_is_the_newest_complete_one_that_holds_what_is_wanted(string snapshots, string only, string chosen, string notices) =>
        Check(LatestSnapshot.Choose(Snapshots(snapshots), new LatestWish(Both, Only: SourceKinds.FromWord(only))), chosen, notices);

    [Theory]
    [InlineData("1f 2d", "database", "2", "")]
    [InlineData("1f 2d", "full", "1", "")]
    [InlineData("1d 2f-", "full", "", "ID2 is there, but partial")]
    public void A_type_is_looked_for_by_itself(string snapshots, string type, string chosen, string notices) =>
        Check(LatestSnapshot.Choose(Snapshots(snapshots), new LatestWish(Both, SnapshotTypes.FromWord(type))), chosen, notices);

    [Theory]
    [InlineData("1f 2d", "1", "ID2 is newer, but a database snapshot without 'srv'")]
    [InlineData("1d 2d", "2", "")]
    [InlineData("1s 2d", "2", "ID2 is without 'srv', which is in ID1")]
    public void Without_a_configuration_the_snapshots_say_what_there_is(string snapshots, string chosen, string notices)
    {
        Check(LatestSnapshot.Choose(Snapshots(snapshots), new LatestWish([])), chosen, notices);
        Check(LatestSnapshot.Choose(Snapshots(snapshots), new LatestWish([new("other", SourceKind.Storage)])), chosen, notices);
    }

    private static void Check(LatestChoice choice, string chosen, string notices)
    {
        Assert.Equal(chosen, choice.Chosen?.Id.ToString()[6..8].TrimStart('0') ?? "");
        var expected = notices.Split('|', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(expected.Length, choice.Notices.Count);
        foreach (var (words, notice) in expected.Zip(choice.Notices))
        {
            Assert.Contains(System.Text.RegularExpressions.Regex.Replace(words, "ID(\\d)", "2026110$1T020000Z"), notice, StringComparison.Ordinal);
        }
    }

    private static List<Snapshot> Snapshots(string days) => [.. days.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(day =>
    {
        var id = SnapshotId.Parse($"2026110{day[0]}T020000Z")!.Value;
        var type = day[1] switch { 'd' => SnapshotType.Database, 's' => SnapshotType.Storage, _ => SnapshotType.Full };
        return new Snapshot(id, new SnapshotHeader
        {
            FormatVersion = 1,
            Requires = [],
            Id = id.ToString(),
            Type = type,
            State = day[^1] is '-' or '?' ? SnapshotState.Partial : SnapshotState.Complete,
            Host = "host",
            Tool = "tool",
            StartedAt = default,
            FinishedAt = default,
            Sources = [.. Both.Where(source => type.Covers(source.Kind)).Select(source => source.Kind == SourceKind.Storage ? Summary(source, day.EndsWith('!')) with { State = day.EndsWith('?') ? SourceState.Missing : SourceState.Complete } : Summary(source, false))],
            StoredBytes = 0,
            Warnings = WarningSummary.None,
            Files = new PartFile(0, default, 0),
            Packs = new PartFile(0, default, 0),
        });
    })];

    private static SourceSummary Summary(SourceName source, bool isMarked) => new()
    {
        Name = source.Name,
        Kind = source.Kind,
        Path = "/srv/" + source.Name,
        Files = 0,
        Directories = 0,
        Symlinks = 0,
        Bytes = 0,
        NewBytes = 0,
        Shrunk = isMarked ? new ShrunkSource("20261101T020000Z", ["5 files -> none"], IsAccepted: false) : null,
    };
}
