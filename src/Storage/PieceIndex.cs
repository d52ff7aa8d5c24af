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
/// more for the places of all: 12 bytes a slot, some 15 MB, beside the log of places on the disk. Both lie in shards that grow one
/// by one, so that growing never needs twice the table.
/// </remarks>
internal sealed class PieceIndex : IDisposable
{
    private const int ShardCount = 256;

    private readonly Action<PieceIndex> fill;
    private readonly NativeSet<Trace>[] traces = NewShards<Trace>();
    private readonly NativeSet<Slot>[] shards = NewShards<Slot>();
    private readonly PlaceLog places;
    private readonly HashSet<Digest> pending = [];
    private readonly HashSet<long> lengths = [];
    private readonly HashSet<long> pendingLengths = [];
    private bool knowsAllPlaces;
    private int waiting;

    /// <param name="fill">Adds what is stored already. Called at once, and again when all places must be known.</param>
    /// <param name="directory">Where the places of very many pieces may be written out.</param>
    public PieceIndex(Action<PieceIndex> fill, string directory)
    {
        this.fill = fill;
        places = new PlaceLog(directory);
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
    /// <remarks>
    /// No pack is so long that a place in it would not fit; were one, what lies there would be stored twice. So would be a content
    /// that shares 63 bits of its digest with another.
    /// </remarks>
    public void Add(in Piece piece)
    {
        if (piece.Offset > uint.MaxValue)
        {
            return;
        }

        var shard = shards[ShardOf(piece.Sha256)];
        lock (shard)
        {
            if (!shard.Find(new Slot(piece.Sha256)).IsUsed)
            {
                shard.Add(new Slot(piece.Sha256, places.Add(new PiecePlace(piece))));
            }
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

            if ((Find(sha256) ?? (LearnPlaces(sha256) ? Find(sha256) : null)) is { } found)
            {
                return new Piece(found.Pack, found.Offset, found.Entry, length, sha256);
            }

            pending.Add(sha256);
            return null;
        }
    }

    /// <summary>Ends a claim: with the piece if it was stored, with null if that failed.</summary>
    /// <exception cref="PosixError">Its place cannot be written down.</exception>
    public void Settle(Digest sha256, Piece? stored)
    {
        try
        {
            if (stored is { } piece)
            {
                Add(piece);
            }
        }
        finally
        {
            // Also where its place cannot be written down: who waits for it would wait for ever.
            lock (pending)
            {
                pending.Remove(sha256);
                WakeWaiting();
            }
        }
    }

    public void Dispose()
    {
        Array.ForEach(traces, shard => shard.Free());
        Array.ForEach(shards, shard => shard.Free());
        places.Dispose();
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

    private PiecePlace? Find(Digest sha256)
    {
        Slot slot;
        var shard = shards[ShardOf(sha256)];
        lock (shard)
        {
            slot = shard.Find(new Slot(sha256));
        }

        return slot.IsUsed && places.Get(slot.Number) is var place && place.IsOf(sha256) ? place : null;
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

    /// <summary>The same, and the number of its place.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    private readonly record struct Slot(ulong B, int Number) : INativeSlot<Slot>
    {
        public Slot(Digest sha256, int number = 0)
            : this(sha256.B | 1, number)
        {
        }

        public bool IsUsed => B != 0;

        public ulong Hash => B;

        public bool IsSameAs(in Slot other) => B == other.B;
    }
}
