using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Every piece that the looked-at snapshots name, each once: 48 bytes a piece in open addressing, since a repository may hold a
/// million of them. Filled first; then sorted in place and read pack by pack.
/// </summary>
internal sealed class VerifyPieces
{
    private Slot[] slots = new Slot[1024];
    private int count;
    private bool sorted;

    /// <exception cref="DamageError">No pack is long enough for such a piece.</exception>
    public void Add(int pack, in Piece piece)
    {
        if (piece.Offset > uint.MaxValue || piece.Length > uint.MaxValue)
        {
            throw new DamageError("has a file list that names a piece no pack is long enough for");
        }

        if (count >= slots.Length / 8 * 7)
        {
            Grow();
        }

        Insert(new Slot(pack, piece.Entry, (uint)piece.Offset, (uint)piece.Length, piece.Sha256));
    }

    /// <summary>The pieces of one pack, in the order in which they lie there. Nothing can be added any more.</summary>
    public IEnumerable<Piece> Of(int pack)
    {
        Sort();
        var (low, high) = (0, count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = slots[middle].Pack < pack ? (middle + 1, high) : (low, middle);
        }

        for (; low < count && slots[low].Pack == pack; low++)
        {
            yield return slots[low].ToPiece();
        }
    }

    /// <summary>To be called before several threads read.</summary>
    public void Sort()
    {
        if (!sorted)
        {
            sorted = true;
            slots = Array.FindAll(slots, slot => slot.Used);
            Array.Sort(slots, static (a, b) =>
                a.Pack != b.Pack ? a.Pack.CompareTo(b.Pack)
                : a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset)
                : a.Entry.CompareTo(b.Entry));
        }
    }

    private void Grow()
    {
        var old = slots;
        slots = new Slot[old.Length * 2];
        count = 0;
        foreach (var slot in old.Where(slot => slot.Used))
        {
            Insert(slot);
        }
    }

    private void Insert(in Slot slot)
    {
        var i = (int)slot.Sha256.B & (slots.Length - 1);
        while (slots[i].Used)
        {
            if (slots[i] == slot)
            {
                return;
            }

            i = (i + 1) & (slots.Length - 1);
        }

        slots[i] = slot;
        count++;
    }

    private readonly record struct Slot(int Pack, int Entry, uint Offset, uint Length, Digest Sha256)
    {
        public bool Used => Length != 0;

        public Piece ToPiece() => new(Pack, Offset, Entry, Length, Sha256);
    }
}
