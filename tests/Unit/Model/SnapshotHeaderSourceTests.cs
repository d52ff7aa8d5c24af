using System.Text;
using System.Text.Json;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class SnapshotHeaderSourceTests
{
    private static readonly SourceSummary Plain = new()
    {
        Name = "s",
        Kind = SourceKind.Storage,
        Path = "/s",
        Files = 1,
        Directories = 1,
        Symlinks = 0,
        Bytes = 5,
        NewBytes = 5,
    };

    [Fact]
    public void What_a_tree_was_and_was_not_is_written_and_read()
    {
        var source = Plain with
        {
            Target = "/disk/s",
            Exclude = ["*.tmp", "!a.tmp"],
            OneFileSystem = false,
            LeftOut =
            [
                new LeftOut("database", "app", 3) { Paths = ["db/app.db"u8.ToArray(), [(byte)'d', (byte)'/', 0xFF]] },
                new LeftOut("excluded", null, 2),
                new LeftOut("a later version's word", null, 1),
            ],
            Absent = 4,
        };
        var read = Read(Write(source));
        Assert.Equal(("/disk/s", false, 4), (read.Target, read.OneFileSystem, read.Absent));
        Assert.Equal(source.Exclude, read.Exclude);
        Assert.Equal(source.LeftOut.Select(left => (left.Kind, left.Source, left.Count)), read.LeftOut.Select(left => (left.Kind, left.Source, left.Count)));
        Assert.Equal(source.LeftOut.SelectMany(left => left.Paths), read.LeftOut.SelectMany(left => left.Paths));
    }

    [Theory]
    [InlineData("../other", 1)]
    [InlineData("/etc", 1)]
    [InlineData("a", -1)]
    public void Paths_that_lead_out_of_the_tree_and_counts_below_zero_are_not_sane(string path, long absent)
    {
        var source = Plain with { LeftOut = [new LeftOut("mount", null, 1) { Paths = [Encoding.UTF8.GetBytes(path)] }], Absent = absent };
        Assert.False(Header(source).IsSane);
        Assert.True(Header(Plain with { LeftOut = [new LeftOut("mount", null, 1) { Paths = ["a"u8.ToArray()] }], Absent = 0 }).IsSane);
    }

    [Theory]
    [InlineData(4095, true)]
    [InlineData(4096, false)]
    public void Paths_are_no_longer_than_the_kernel_takes(int length, bool isSane)
    {
        var path = string.Concat(Enumerable.Repeat("/a", length / 2)) + new string('b', length % 2);
        Assert.Equal(isSane, Header(Plain with { Path = path }).IsSane);
        Assert.Equal(isSane, Header(Plain with { Target = path }).IsSane);
        Assert.Equal(isSane, (Header(Plain) with { Beside = [path] }).IsSane);
    }

    [Fact]
    public void That_it_is_a_single_file_is_written_and_read()
    {
        var read = Read(Write(Plain with { IsFile = true }));
        Assert.True(read is { IsFile: true, IsOneFile: true });
        Assert.True(Read(Write(Plain with { Kind = SourceKind.Database })) is { IsFile: false, IsOneFile: true });
        Assert.True(SnapshotFeatures.IsKnown(SnapshotFeatures.SingleFile));
    }

    [Fact]
    public void A_source_of_an_older_version_says_nothing_of_that()
    {
        var text = Write(Plain);
        Assert.DoesNotContain("exclude", text, StringComparison.Ordinal);
        Assert.DoesNotContain("file\"", text, StringComparison.Ordinal);
        Assert.False(Read(text).IsOneFile);
        var read = Read(text);
        Assert.Equal((null, null, null, 0), (read.Target, read.Exclude, read.OneFileSystem, read.LeftOut.Count));
    }

    private static SnapshotHeader Header(SourceSummary source) => new()
    {
        FormatVersion = 1,
        Requires = [],
        Id = "20261123T020000Z",
        Type = SnapshotType.Storage,
        State = SnapshotState.Partial,
        Host = "h",
        Tool = "t",
        StartedAt = default,
        FinishedAt = default,
        Sources = [source],
        StoredBytes = 0,
        Warnings = WarningSummary.None,
        Files = new PartFile(1, default, 1),
        Packs = new PartFile(1, default, 1),
    };

    private static string Write(SourceSummary source) =>
        Encoding.UTF8.GetString(JsonFields.Write(json => json.WriteItems("sources", [source], SnapshotHeaderJson.WriteSource), indented: false));

    private static SourceSummary Read(string text)
    {
        using var json = JsonDocument.Parse(text);
        return SnapshotHeaderJson.ReadSource(json.RootElement.GetProperty("sources")[0], null);
    }
}
