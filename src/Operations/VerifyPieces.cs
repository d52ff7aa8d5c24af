using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Every piece that the looked-at snapshots name, each once: 48 bytes a piece in open addressing, since a repository may hold a
/// million of them. Filled first; then sorted in place and read pack by pack.
/// </summary>
internal sealed class VerifyPieces
{
    private NativeArray<Slot> slots = new(1024);
    private int count;
    private bool sorted;

    /// <exception cref="DamageError">No pack is long enough for such a piece.</exception>
    public void Add(int pack, in Piece piece)
    {
        if (piece.Offset > uint.MaxValue || piece.Length > uint.MaxValue)
        {
            throw new DamageError("has a file list that names a piece no pack is long enough for");
        }

        if (count >= slots.Items.Length / 8 * 7)
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
            (low, high) = slots.Items[middle].Pack < pack ? (middle + 1, high) : (low, middle);
        }

        for (; low < count && slots.Items[low].Pack == pack; low++)
        {
            yield return slots.Items[low].ToPiece();
        }
    }

    /// <summary>To be called before several threads read.</summary>
    public void Sort()
    {
        if (!sorted)
        {
            sorted = true;
            var items = slots.Items;
            var used = 0;
            foreach (ref readonly var slot in items)
            {
                if (slot.Used)
                {
                    items[used++] = slot;
                }
            }

            items[..used].Sort(static (a, b) =>
                a.Pack != b.Pack ? a.Pack.CompareTo(b.Pack)
                : a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset)
                : a.Entry.CompareTo(b.Entry));
        }
    }

    private void Grow()
    {
        var old = slots;
        slots = new NativeArray<Slot>(old.Items.Length / 2 * 3);
        count = 0;
        foreach (ref readonly var slot in old.Items)
        {
            if (slot.Used)
            {
                Insert(slot);
            }
        }

        old.Free();
    }

    private void Insert(in Slot slot)
    {
        // The high bits of a product spread a hash over any number of slots.
        var items = slots.Items;
        var i = (int)Math.BigMul(slot.Sha256.B, (ulong)items.Length, out _);
        while (items[i].Used)
        {
            if (items[i] == slot)
            {
                return;
            }

            i = i + 1 == items.Length ? 0 : i + 1;
        }

        items[i] = slot;
        count++;
    }

    private readonly record struct Slot(int Pack, int Entry, uint Offset, uint Length, Digest Sha256)
    {
        public bool Used => Length != 0;

        public Piece ToPiece() => new(Pack, Offset, Entry, Length, Sha256);
    }
}
