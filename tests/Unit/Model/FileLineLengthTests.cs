using System.Buffers;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class FileLineLengthTests
{
    private const long Page = 64 * 1024;

    /// <summary>Nothing is longer than a database in pieces, or a file with as many holes as are kept.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(16_000, Page)]
    [InlineData(200_000, Page)]
    public void A_true_line_fits(int pieces, long length)
    {
        var line = Line(Entry() with { Pieces = [.. Enumerable.Repeat(new Piece(int.MaxValue, long.MaxValue, int.MaxValue, length, Digest.Of("x"u8)), pieces)], Size = pieces * length });
        Assert.InRange(line.Length, 0, FileLineLength.Longest(line));
        Assert.InRange(line.Length, 0, FileLineLength.Longest(line.AsSpan(0, Math.Min(line.Length, 1 << 22))));
    }

    [Fact]
    public void So_does_one_with_all_that_a_file_can_have()
    {
        var names = Enumerable.Repeat(new AccessEntry(AccessTag.User, 7, uint.MaxValue, new string('n', 32)), AccessList.MostEntries).ToArray();
        var line = Line(Entry() with
        {
            Path = Enumerable.Repeat((byte)1, EntryRules.LongestPath).ToArray(),
            Attributes = new ExtendedAttributes
            {
                Access = names,
                Default = names,
                Others = [.. Enumerable.Range(0, 15).Select(i => new NamedAttribute(Encoding.ASCII.GetBytes($"user.{i:00}{new string('a', 200)}"), new byte[AttributePlace.LongestValue]))],
            },
        });
        Assert.InRange(line.Length, 2 << 20, FileLineLength.Longest(line));
    }

    [Theory]
    [InlineData("{\"path\":\"st/aaaa")]
    [InlineData("    ")]
    [InlineData("{\"path\":\"a\",\"type\":\"file\",\"size\":4096,\"pieces\":[")]
    [InlineData("{\"path\":\"a\",\"type\":\"file\",\"size\":900000000000,\"mtime\":\"")]
    [InlineData("{\"path\":\"a\",\"pieces\":[[],\"size\":900000000000")]
    [InlineData("{\"path\":\"a\",\"size\":-5,\"pieces\":[")]
    public void What_is_no_line_of_a_large_file_is_a_few_megabytes_at_most(string begin) =>
        Assert.InRange(FileLineLength.Longest(Encoding.UTF8.GetBytes(begin)), 1, 6 << 20);

    [Fact]
    public void There_is_an_end_to_all_of_it() => Assert.Equal(1 << 29, FileLineLength.Longest(Encoding.UTF8.GetBytes($"{{\"path\":\"a\",\"size\":{long.MaxValue},\"pieces\":[")));

    private static FileEntry Entry() => new() { Path = "a/b"u8.ToArray(), Type = EntryType.File, Mode = 420, Uid = 0, Gid = 0, Modified = default, Changed = default, Inode = 1, Size = 0, Pieces = [] };

    private static byte[] Line(FileEntry entry)
    {
        var output = new ArrayBufferWriter<byte>();
        new FileLineWriter(output).Write(entry);
        return output.WrittenSpan.ToArray();
    }
}
