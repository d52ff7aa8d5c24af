using System.Runtime.InteropServices;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// The pieces of some packs that the looked-at snapshots name, each once, pack by pack: 44 bytes a piece. A repository may hold
/// many millions, so packs are dealt with in turns of no more pieces than there is room for. Filled first; then each pack's
/// pieces are taken out.
/// </summary>
/// <param name="first">The turn begins with this pack; packs are numbered from 0.</param>
/// <param name="packCount">How many packs there are.</param>
/// <param name="most">Pieces to hold at once; more only for one pack.</param>
internal sealed class VerifyPieces(int first, int packCount, long most)
{
    private readonly NativeSet<Slot>?[] packs = new NativeSet<Slot>?[packCount];
    private long count;

    /// <summary>The packs before this one are those of this turn.</summary>
    public int End { get; private set; } = packCount;

    /// <exception cref="DamageError">No pack is long enough for such a piece.</exception>
    public void Add(int pack, in Piece piece)
    {
        if (piece.Offset > uint.MaxValue || piece.Length > uint.MaxValue)
        {
            throw new DamageError("has a file list that names a piece no pack is long enough for");
        }

        if (pack < first || pack >= End)
        {
            return;
        }

        var set = packs[pack] ??= new NativeSet<Slot>();
        count -= set.Count;
        set.Add(new Slot(piece.Entry, (uint)piece.Offset, (uint)piece.Length, piece.Sha256));
        count += set.Count;
        while (count > most && End > first + 1)
        {
            LeaveLastPack();
        }
    }

    /// <summary>The pieces of one pack, in the order in which they lie there. To be asked for once; several threads may, for different packs.</summary>
    public IEnumerable<Piece> Take(int pack)
    {
        if (packs[pack] is not { } set)
        {
            yield break;
        }

        packs[pack] = null;
        set.Gather().Sort(static (a, b) => a.Offset != b.Offset ? a.Offset.CompareTo(b.Offset) : a.Entry.CompareTo(b.Entry));
        for (var i = 0; i < set.Count; i++)
        {
            yield return set.Slots[i].ToPiece(pack);
        }

        set.Free();
    }

    /// <summary>Leaves a pack to a later turn.</summary>
    private void LeaveLastPack()
    {
        if (packs[--End] is { } set)
        {
            count -= set.Count;
            set.Free();
            packs[End] = null;
        }
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private readonly record struct Slot(int Entry, uint Offset, uint Length, Digest Sha256) : INativeSlot<Slot>
    {
        public bool IsUsed => Length != 0;

        public ulong Hash => Sha256.B;

        public bool IsSameAs(in Slot other) => this == other;

        public Piece ToPiece(int pack) => new(pack, Offset, Entry, Length, Sha256);
    }
}
