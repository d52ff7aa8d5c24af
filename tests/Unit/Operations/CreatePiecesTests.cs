using CsCheck;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class CreatePiecesTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData(0, new long[0])]
    [InlineData(1, new[] { 1L })]
    [InlineData(65536, new[] { 65536L })]
    [InlineData(65537, new[] { 65536L, 1L })]
    public void A_database_is_cut_by_64_KiB(long size, long[] lengths) => Assert.Equal(lengths, CreatePieces.PlanDatabase(size).Select(p => p.Length));

    [Fact]
    public void A_file_is_one_piece_up_to_the_longest()
    {
        Assert.Equal([1 << 20], Plan(1 << 20, 1 << 20).Select(p => p.Length));
        Assert.Equal([1 << 20, 1], Plan((1 << 20) + 1, 1 << 20).Select(p => p.Length));
        Assert.Empty(Plan(0, 1 << 20));
    }

    [Fact]
    public void Holes_of_some_length_are_pieces_of_no_pack()
    {
        Assert.Equal(
            [(false, 65536L), (true, (10 << 20) - 65536L), (false, 65536L), (true, (5 << 20) - 65536L)],
            Plan(15 << 20, 1 << 30, 0, 10 << 20).Select(p => (p.IsHole, p.Length)));
    }

    [Fact]
    public void A_file_of_nothing_but_a_hole_has_no_content() => Assert.Equal([Piece.Hole(1 << 30)], Plan(1 << 30, 1 << 20));

    /// <summary>Data of 4 KiB every 128 KiB, in a file so large that such holes are too small to keep.</summary>
    [Fact]
    public void Small_holes_of_a_large_file_are_data()
    {
        Assert.Single(Plan(1L << 30, 2L << 30, [.. Enumerable.Range(0, (1 << 30) / (128 << 10)).Select(i => i * (128L << 10))]));
    }

    [Fact]
    public void Jobs_take_every_piece_once_in_order_and_are_no_larger_than_allowed()
    {
        Gen.Select(Gen.Long[1, 100].Array[1, 50], Gen.Long[1, 200]).Sample((lengths, most) =>
        {
            var pieces = lengths.Select(l => new Piece(0, 0, 0, l, default)).ToArray();
            var (next, offset) = (0, 0L);
            foreach (var (first, count, begin) in CreatePieces.Jobs(pieces, most))
            {
                Assert.Equal((next, offset), (first, begin));
                var bytes = pieces.Skip(first).Take(count).Sum(p => p.Length);
                Assert.True(count == 1 || (count > 1 && bytes <= most));
                (next, offset) = (next + count, offset + bytes);
            }

            Assert.Equal(pieces.Length, next);
        });
    }

    private Piece[] Plan(long size, long longest, params long[] data)
    {
        using var file = Posix.CreateNew(Posix.Here, Posix.Bytes(temp[Guid.NewGuid().ToString()]), 0x180);
        foreach (var at in data)
        {
            Posix.WriteAt(file, new byte[4096 * (data.Length > 2 ? 1 : 16)], at);
        }

        Posix.Truncate(file, size);
        if (data.Length == 0 && size <= 2 << 20)
        {
            Posix.WriteAt(file, new byte[size], 0);
        }

        return CreatePieces.Plan(file, Posix.Status(file), longest);
    }
}
