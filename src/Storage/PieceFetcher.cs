using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Fetches pieces for one thread, and checks each against its SHA-256. Keeps the last few packs open where it stopped
/// reading: a snapshot's files are spread over few packs at a time, in order.
/// </summary>
internal sealed class PieceFetcher(Layout layout, IReadOnlyList<PackInfo> table, bool check) : IDisposable
{
    private const int MostOpen = 6;

    private readonly List<(int Pack, PackReader Reader)> open = [];
    private readonly Sha256 hash = new();
    private readonly byte[] buffer = new byte[128 * 1024];

    /// <summary>Hands on a piece's bytes. Whoever takes them must undo that if this throws: the check comes last.</summary>
    /// <exception cref="DamageError">The piece is not what was stored.</exception>
    public void Fetch(in Piece piece, Action<ReadOnlyMemory<byte>> take)
    {
        if (piece.Pack >= table.Count)
        {
            throw new DamageError("is in a pack that its snapshot's pack table does not have");
        }

        var reader = ReaderOf(piece.Pack);
        if (!check)
        {
            reader.Read(piece, buffer, take);
            return;
        }

        // A hash left over from a piece that failed must not count for the next.
        _ = hash.Finish();
        reader.Read(piece, buffer, bytes =>
        {
            hash.Append(bytes.Span);
            take(bytes);
        });
        if (hash.Finish() != piece.Sha256)
        {
            throw new DamageError($"does not match its SHA-256 in pack {table[piece.Pack].Sha256}");
        }
    }

    public void Dispose()
    {
        open.ForEach(o => o.Reader.Dispose());
        hash.Dispose();
    }

    private PackReader ReaderOf(int pack)
    {
        var at = open.FindIndex(o => o.Pack == pack);
        var found = at >= 0 ? open[at] : (pack, PackReader.Open(layout, table[pack].Sha256));
        if (at >= 0)
        {
            open.RemoveAt(at);
        }
        else if (open.Count >= MostOpen)
        {
            open[0].Reader.Dispose();
            open.RemoveAt(0);
        }

        open.Add(found);
        return found.Item2;
    }
}
