using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class VerifyPiecesTests
{
    [Fact]
    public void Each_piece_comes_once_and_in_its_packs_order()
    {
        var pieces = new VerifyPieces(0, 2, 100);
        foreach (var piece in new[] { Piece(0, 9, 0), Piece(1, 0, 0), Piece(0, 0, 1), Piece(0, 0, 0), Piece(0, 9, 0) })
        {
            pieces.Add(piece.Pack, piece);
        }

        Assert.Equal([Piece(0, 0, 0), Piece(0, 0, 1), Piece(0, 9, 0)], pieces.Take(0));
        Assert.Equal([Piece(1, 0, 0)], pieces.Take(1));
        Assert.Empty(pieces.Take(1));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(50)]
    [InlineData(1000)]
    public void All_packs_come_in_turns_of_no_more_pieces_than_there_is_room_for(int most)
    {
        const int packs = 20;
        Piece[] all = [.. Enumerable.Range(0, 200).Select(i => Piece(i * 7919 % packs, i, 0))];
        var (seen, turns, done) = (new List<Piece>(), 0, 0);
        while (done < packs)
        {
            var pieces = new VerifyPieces(done, packs, most);
            Array.ForEach(all, piece => pieces.Add(piece.Pack, piece));
            List<Piece> turn = [.. Enumerable.Range(done, pieces.End - done).SelectMany(pieces.Take)];
            Assert.True(turn.Count <= most || pieces.End == done + 1, $"{turn.Count} pieces of more than one pack");
            seen.AddRange(turn);
            (turns, done) = (turns + 1, pieces.End);
        }

        Assert.Equal(all.OrderBy(p => p.Pack).ThenBy(p => p.Offset), seen);
        Assert.Equal(most >= all.Length, turns == 1);
    }

    private static Piece Piece(int pack, long offset, int entry) => new(pack, offset, entry, 5, Digest.Of(BitConverter.GetBytes((pack << 16) + (int)offset + entry)));
}
