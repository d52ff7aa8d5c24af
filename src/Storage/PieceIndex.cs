using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Finds stored pieces by content. Forty bytes a piece in open addressing, in shards that grow one by one, so that a million
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
            shard.Add(piece.Sha256, new Place(piece.Pack, piece.Entry, piece.Offset));
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
                if (shard.Find(sha256) is { } place)
                {
                    return new Piece(place.Pack, place.Offset, place.Entry, length, sha256);
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

    private readonly record struct Place(int Pack, int Entry, long Offset);

    /// <summary>
    /// A part of the table. It keeps 192 of a digest's 256 bits: no two contents that anybody has, or could make, share those.
    /// </summary>
    private sealed class Shard
    {
        private Slot[] slots = new Slot[16];
        private int count;

        public Place? Find(Digest sha256)
        {
            for (var i = Start(sha256); slots[i].Used; i = (i + 1) & (slots.Length - 1))
            {
                if (slots[i].Is(sha256))
                {
                    return slots[i].Place;
                }
            }

            return null;
        }

        public void Add(Digest sha256, Place place)
        {
            if (Find(sha256) is not null)
            {
                return;
            }

            if (count >= slots.Length * 7 / 8)
            {
                Grow();
            }

            Insert(new Slot(sha256.A, sha256.B, sha256.C, place));
            count++;
        }

        private void Grow()
        {
            var old = slots;
            slots = new Slot[old.Length * 2];
            foreach (var slot in old.Where(slot => slot.Used))
            {
                Insert(slot);
            }
        }

        private void Insert(in Slot slot)
        {
            var i = (int)slot.B & (slots.Length - 1);
            while (slots[i].Used)
            {
                i = (i + 1) & (slots.Length - 1);
            }

            slots[i] = slot;
        }

        private int Start(Digest sha256) => (int)sha256.B & (slots.Length - 1);
    }

    private readonly record struct Slot(ulong A, ulong B, ulong C, Place Place)
    {
        public bool Used => (A | B | C) != 0;

        public bool Is(Digest sha256) => A == sha256.A && B == sha256.B && C == sha256.C;
    }
}
