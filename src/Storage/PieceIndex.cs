using System.Runtime.InteropServices;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Finds stored pieces by content. Built anew by each run that has something to store; never kept on disk. For any thread.
/// </summary>
/// <remarks>
/// Of most pieces it is enough to know that there are such: what is new is in no list, and where a piece lies matters only when
/// its content comes again. A million of those take some 10 MB. When one does come again, the lists are gone through once
/// more for the places of all: 32 bytes a slot, some 40 MB. Both lie in shards that grow one by one, so that growing never needs
/// twice the table.
/// </remarks>
internal sealed class PieceIndex
{
    private const int ShardCount = 256;

    private readonly Action<PieceIndex> fill;
    private readonly NativeSet<Trace>[] traces = NewShards<Trace>();
    private readonly NativeSet<Slot>[] shards = NewShards<Slot>();
    private readonly HashSet<Digest> pending = [];
    private readonly HashSet<long> lengths = [];
    private readonly HashSet<long> pendingLengths = [];
    private bool knowsAllPlaces;
    private int waiting;

    /// <param name="fill">Adds what is stored already. Called at once, and again when all places must be known.</param>
    public PieceIndex(Action<PieceIndex> fill)
    {
        this.fill = fill;
        fill(this);
    }

    /// <summary>Adds a piece that is stored and whose content will seldom come again. Only while the index is filled.</summary>
    public void AddTrace(in Piece piece)
    {
        if (knowsAllPlaces)
        {
            Add(piece);
        }
        else
        {
            traces[ShardOf(piece.Sha256)].Add(new Trace(piece.Sha256));
        }
    }

    /// <summary>Adds a piece that is stored; the first place known for a content stays.</summary>
    /// <remarks>No pack is so long that a place in it would not fit; were one, what lies there would be stored twice.</remarks>
    public void Add(in Piece piece)
    {
        if (piece.Offset > uint.MaxValue)
        {
            return;
        }

        var shard = shards[ShardOf(piece.Sha256)];
        lock (shard)
        {
            shard.Add(new Slot(piece.Sha256, piece.Pack, (uint)piece.Offset, piece.Entry));
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

            if (Find(sha256) is { IsUsed: true } found || (LearnPlaces(sha256) && (found = Find(sha256)).IsUsed))
            {
                return new Piece(found.Pack, found.Offset, found.Entry, length, sha256);
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

    private static NativeSet<T>[] NewShards<T>()
        where T : unmanaged, INativeSlot<T> => [.. Enumerable.Range(0, ShardCount).Select(_ => new NativeSet<T>())];

    private static int ShardOf(Digest sha256) => (int)(sha256.A >> 56);

    private Slot Find(Digest sha256)
    {
        var shard = shards[ShardOf(sha256)];
        lock (shard)
        {
            return shard.Find(new Slot(sha256));
        }
    }

    /// <summary>If there is a trace of this content, finds the places of everything; false if that is not worth another look.</summary>
    private bool LearnPlaces(Digest sha256)
    {
        if (knowsAllPlaces || !traces[ShardOf(sha256)].Find(new Trace(sha256)).IsUsed)
        {
            return false;
        }

        knowsAllPlaces = true;
        Array.ForEach(traces, shard => shard.Free());
        fill(this);
        return true;
    }

    /// <summary>64 bits of a digest. Were two contents to share them, the places would be learned for nothing.</summary>
    private readonly record struct Trace(ulong B) : INativeSlot<Trace>
    {
        public Trace(Digest sha256)
            : this(sha256.B | 1)
        {
        }

        public bool IsUsed => B != 0;

        public ulong Hash => B;

        public bool IsSameAs(in Trace other) => this == other;
    }

    /// <summary>A place by 160 of a digest's 256 bits: no two contents that anybody has, or could make, share those.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private readonly record struct Slot(ulong A, ulong B, uint C, int Pack, uint Offset, int Entry) : INativeSlot<Slot>
    {
        public Slot(Digest sha256, int pack = 0, uint offset = 0, int entry = 0)
            : this(sha256.A, sha256.B, (uint)(sha256.C >> 32), pack, offset, entry)
        {
        }

        public bool IsUsed => (A | B | C) != 0;

        public ulong Hash => B;

        public bool IsSameAs(in Slot other) => A == other.A && B == other.B && C == other.C;
    }
}
