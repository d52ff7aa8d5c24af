using System.Runtime.InteropServices;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Every piece that the looked-at snapshots name, each once, pack by pack: 44 bytes a piece, since a repository may hold a
/// million of them. Filled first; then each pack's pieces are taken out.
/// </summary>
internal sealed class VerifyPieces
{
    private readonly NativeSet<Slot>?[] packs;

    /// <param name="packCount">Packs are numbered from 0.</param>
    public VerifyPieces(int packCount) => packs = new NativeSet<Slot>?[packCount];

    /// <exception cref="DamageError">No pack is long enough for such a piece.</exception>
    public void Add(int pack, in Piece piece)
    {
        if (piece.Offset > uint.MaxValue || piece.Length > uint.MaxValue)
        {
            throw new DamageError("has a file list that names a piece no pack is long enough for");
        }

        (packs[pack] ??= new NativeSet<Slot>()).Add(new Slot(piece.Entry, (uint)piece.Offset, (uint)piece.Length, piece.Sha256));
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

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private readonly record struct Slot(int Entry, uint Offset, uint Length, Digest Sha256) : INativeSlot<Slot>
    {
        public bool IsUsed => Length != 0;

        public ulong Hash => Sha256.B;

        public bool IsSameAs(in Slot other) => this == other;

        public Piece ToPiece(int pack) => new(pack, Offset, Entry, Length, Sha256);
    }
}
