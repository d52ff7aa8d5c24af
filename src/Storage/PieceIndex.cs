using System.Runtime.InteropServices;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Finds stored pieces by content. 36 bytes a slot in open addressing, in shards that grow one by one, so that a million
/// pieces take some 50 MB and growing never needs twice the table. Built anew by each run that has something to store;
/// never kept on disk. For any thread.
/// </summary>
internal sealed class PieceIndex
{
    private const int ShardCount = 256;

    private readonly Shard[] shards = [.. Enumerable.Range(0, ShardCount).Select(_ => new Shard())];
    private readonly HashSet<Digest> pending = [];
    private readonly HashSet<long> lengths = [];
    private readonly HashSet<long> pendingLengths = [];
    private int waiting;

    /// <summary>Adds a piece that is stored; the first place known for a content stays.</summary>
    public void Add(in Piece piece)
    {
        var shard = ShardOf(piece.Sha256);
        lock (shard)
        {
            shard.Add(piece);
        }
    }

    /// <summary>Notes that a long piece of this length exists: only such a length needs a look-up before storing.</summary>
    public void NoteLength(long length)
    {
        lock (pending)
        {
            lengths.Add(length);
        }
    }

    /// <summary>
    /// True if no long piece of this length is known, and then the caller stores one unseen and must <see cref="SettleLength"/>;
    /// until then, whoever looks for content of this length waits.
    /// </summary>
    public bool TryClaimLength(long length)
    {
        lock (pending)
        {
            return lengths.Add(length) && pendingLengths.Add(length);
        }
    }

    public void SettleLength(long length)
    {
        lock (pending)
        {
            pendingLengths.Remove(length);
            WakeWaiting();
        }
    }

    /// <summary>
    /// The piece with this content, wherever it is stored; or null, and then the caller has claimed it and must
    /// <see cref="Settle"/> it. While another thread stores the same content, or what may be the same, waits for its place.
    /// </summary>
    public Piece? FindOrClaim(Digest sha256, long length)
    {
        lock (pending)
        {
            while (pending.Contains(sha256) || pendingLengths.Contains(length))
            {
                waiting++;
                Monitor.Wait(pending);
                waiting--;
            }

            var shard = ShardOf(sha256);
            lock (shard)
            {
                if (shard.Find(sha256, length) is { } found)
                {
                    return found;
                }
            }

            pending.Add(sha256);
            return null;
        }
    }

    /// <summary>Ends a claim: with the piece if it was stored, with null if that failed.</summary>
    public void Settle(Digest sha256, Piece? stored)
    {
        if (stored is { } piece)
        {
            Add(piece);
        }

        lock (pending)
        {
            pending.Remove(sha256);
            WakeWaiting();
        }
    }

    private void WakeWaiting()
    {
        if (waiting > 0)
        {
            Monitor.PulseAll(pending);
        }
    }

    private Shard ShardOf(Digest sha256) => shards[(int)(sha256.A >> 56)];

    /// <summary>
    /// A part of the table. It keeps 192 of a digest's 256 bits: no two contents that anybody has, or could make, share those.
    /// </summary>
    private sealed class Shard
    {
        private NativeArray<Slot> slots = new(16);
        private int count;

        public Piece? Find(Digest sha256, long length)
        {
            var slot = slots.Items[Seek(slots.Items, sha256)];
            return slot.Used ? new Piece(slot.Pack, slot.Offset, slot.Entry, length, sha256) : null;
        }

        /// <summary>No pack is so long that a place in it would not fit; were one, what lies there would be stored twice.</summary>
        public void Add(in Piece piece)
        {
            if (piece.Offset > uint.MaxValue)
            {
                return;
            }

            if (count >= slots.Items.Length / 8 * 7)
            {
                Grow();
            }

            ref var slot = ref slots.Items[Seek(slots.Items, piece.Sha256)];
            if (!slot.Used)
            {
                slot = new Slot(piece.Sha256.A, piece.Sha256.B, piece.Sha256.C, piece.Pack, (uint)piece.Offset, piece.Entry);
                count++;
            }
        }

        /// <summary>By half, so that three slots of five are used even just after growing.</summary>
        private void Grow()
        {
            var old = slots;
            slots = new NativeArray<Slot>(old.Items.Length / 2 * 3);
            foreach (ref readonly var slot in old.Items)
            {
                if (slot.Used)
                {
                    slots.Items[Seek(slots.Items, new Digest(slot.A, slot.B, slot.C, 0))] = slot;
                }
            }

            old.Free();
        }

        /// <summary>Where the digest is, or where it would go.</summary>
        private static int Seek(ReadOnlySpan<Slot> slots, in Digest sha256)
        {
            // The high bits of a product spread a hash over any number of slots.
            var i = (int)Math.BigMul(sha256.B, (ulong)slots.Length, out _);
            while (slots[i].Used && !slots[i].Is(sha256))
            {
                i = i + 1 == slots.Length ? 0 : i + 1;
            }

            return i;
        }
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private readonly record struct Slot(ulong A, ulong B, ulong C, int Pack, uint Offset, int Entry)
    {
        public bool Used => (A | B | C) != 0;

        public bool Is(in Digest sha256) => A == sha256.A && B == sha256.B && C == sha256.C;
    }
}
