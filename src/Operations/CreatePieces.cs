using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>Plans how a file is cut: where its holes are, and no piece longer than allowed.</summary>
internal static class CreatePieces
{
    /// <summary>Shorter holes are stored as the zeros they read as.</summary>
    private const long ShortestHole = 64 * 1024;

    /// <summary>A file of very many holes keeps only the larger ones, so that its line in the list stays short.</summary>
    private const int MostHoles = 4096;

    /// <summary>A database's pieces: long enough to compress, short enough that a changed page costs little. A multiple of every page size.</summary>
    private const int DatabasePiece = 64 * 1024;

    /// <summary>Cuts the copy of a database by its pages, holes or not.</summary>
    public static Piece[] PlanDatabase(long size)
    {
        var pieces = new List<Piece>();
        AddData(pieces, size, DatabasePiece);
        return [.. pieces];
    }

    /// <returns>Pieces that have a length and no place yet; holes are what they are.</returns>
    public static Piece[] Plan(SafeFileHandle file, FileStatus status, long longest)
    {
        var pieces = new List<Piece>();
        if (!status.MayHaveHoles || status.Size < ShortestHole)
        {
            AddData(pieces, status.Size, longest);
            return [.. pieces];
        }

        var worthwhile = Math.Max(ShortestHole, status.Size / MostHoles);
        var at = 0L;
        foreach (var (begin, end) in Holes(file, status.Size).Where(hole => hole.End - hole.Begin >= worthwhile))
        {
            AddData(pieces, begin - at, longest);
            pieces.Add(Piece.Hole(end - begin));
            at = end;
        }

        AddData(pieces, status.Size - at, longest);
        return [.. pieces];
    }

    /// <summary>Groups pieces into jobs; small pieces go together up to about a gzip member.</summary>
    public static List<(int First, int Count, long Offset)> Jobs(Piece[] pieces, long jobBytes)
    {
        var jobs = new List<(int First, int Count, long Offset)>();
        var (first, offset, bytes, begin) = (0, 0L, 0L, 0L);
        for (var i = 0; i < pieces.Length; i++)
        {
            if (bytes > 0 && bytes + pieces[i].Length > jobBytes)
            {
                jobs.Add((first, i - first, begin));
                (first, bytes, begin) = (i, 0, offset);
            }

            bytes += pieces[i].Length;
            offset += pieces[i].Length;
        }

        jobs.Add((first, pieces.Length - first, begin));
        return jobs;
    }

    private static void AddData(List<Piece> pieces, long length, long longest)
    {
        for (; length > 0; length -= longest)
        {
            pieces.Add(new Piece(0, 0, 0, Math.Min(length, longest), default));
        }
    }

    private static IEnumerable<(long Begin, long End)> Holes(SafeFileHandle file, long size)
    {
        for (var at = 0L; at < size;)
        {
            var hole = Posix.SeekHole(file, at);
            if (hole >= size)
            {
                yield break;
            }

            var data = Posix.SeekData(file, hole);
            at = data < 0 || data > size ? size : data;
            yield return (hole, at);
        }
    }
}
