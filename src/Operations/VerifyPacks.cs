using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Reads packs from end to end on several threads: the file against its XXH128 and SHA-256, and every piece that a snapshot names against its own.</summary>
internal sealed class VerifyPacks(Layout layout, RunProgress progress, CancellationToken stop)
{
    private readonly Lock reporting = new();
    private readonly Dictionary<Digest, string> damagedPacks = [];
    private readonly HashSet<PieceKey> damagedPieces = [];

    /// <summary>What is wrong with a pack as a file; packs that are whole are not in it.</summary>
    public IReadOnlyDictionary<Digest, string> DamagedPacks => damagedPacks;

    /// <summary>Pieces that cannot be read as they were written.</summary>
    public IReadOnlySet<PieceKey> DamagedPieces => damagedPieces;

    /// <param name="packs">All packs.</param>
    /// <param name="first">The first to read.</param>
    /// <param name="pieces">The pieces that snapshots name, by the packs' places in the list; those of its turn are read.</param>
    /// <param name="workers">Threads.</param>
    public void Run(IReadOnlyList<PackInfo> packs, int first, VerifyPieces pieces, int workers)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = workers, CancellationToken = stop };
        Parallel.For(first, pieces.End, options, number =>
        {
            var pack = packs[number];
            if (PackFile.Trouble(layout, pack, progress.AddBytes, stop) is { } reason)
            {
                lock (reporting)
                {
                    damagedPacks[pack.Sha256] = reason;
                }
            }

            CheckPieces(pack.Sha256, pieces.Take(number));
        });
    }

    private void CheckPieces(Digest pack, IEnumerable<Piece> pieces)
    {
        using var fetcher = new PieceFetcher(layout, [new PackInfo(pack, 0, 0, 0, 0)], check: true);
        foreach (var piece in pieces)
        {
            stop.ThrowIfCancellationRequested();
            try
            {
                fetcher.Fetch(piece with { Pack = 0 }, _ => { });
            }
            catch (DamageError)
            {
                lock (reporting)
                {
                    damagedPieces.Add(PieceKey.Of(pack, piece));
                }
            }
        }
    }
}

/// <summary>A piece in its place.</summary>
internal readonly record struct PieceKey(Digest Pack, long Offset, int Entry, Digest Sha256)
{
    public static PieceKey Of(Digest pack, in Piece piece) => new(pack, piece.Offset, piece.Entry, piece.Sha256);
}
