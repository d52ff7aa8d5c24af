using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Stores pieces for one worker thread: looks each up by content first, and fills two packs of its own, one for content that
/// is worth compressing and one for content that is not.
/// </summary>
/// <param name="store">What the writers share.</param>
/// <param name="finish">Takes each pack that is full, or the last of its kind, to finish it.</param>
internal sealed class PieceWriter(PieceStore store, Action<PackWriter> finish) : IDisposable
{
    /// <summary>Up to here a piece is held in memory and hashed before it is stored.</summary>
    public const int InMemory = 1 << 20;

    /// <summary>
    /// So many packs of one kind are finished while one of the other kind is filled, at most. An unfinished pack is lost when
    /// the run is cut off, and a tree of media may take days to fill one with what is compressed.
    /// </summary>
    private const int Patience = 8;

    private readonly byte[] buffer = new byte[InMemory];
    private readonly Sha256 hash = new();
    private readonly OpenPack compressed = new();
    private readonly OpenPack stored = new();
    private int fullPacks;

    /// <summary>Stores the content unless it is there already.</summary>
    public StoredPiece Store(in PieceName name, PieceReader content)
    {
        if (content.Length <= InMemory)
        {
            var read = content.Fill(buffer);
            var bytes = buffer.AsMemory(0, (int)content.Length);
            bytes[read..].Span.Clear();
            return StoreInMemory(name, bytes) with { Whole = read == content.Length };
        }

        // A length that occurs nowhere need not be looked up: the content is read once, hashed while it is stored.
        return store.Index.TryClaimLength(content.Length) ? StoreUnseen(name, content) : StoreAfterHashing(name, content);
    }

    /// <summary>Ends the packs.</summary>
    public void Finish()
    {
        Finish(compressed);
        Finish(stored);
    }

    public void Dispose()
    {
        compressed.Pack?.Dispose();
        stored.Pack?.Dispose();
        hash.Dispose();
    }

    private StoredPiece StoreInMemory(in PieceName name, ReadOnlyMemory<byte> content)
    {
        hash.Append(content.Span);
        var sha256 = hash.Finish();
        if (store.Index.FindOrClaim(sha256, content.Length) is { } found)
        {
            return new StoredPiece(found, IsNew: false, Whole: true);
        }

        Piece? piece = null;
        try
        {
            var pack = PackFor(content.Span, content.Length);
            var (offset, entry) = pack.Add(name, new PieceStream(content.Length, to => to.Write(content.Span)));
            piece = new Piece(pack.Handle, offset, entry, content.Length, sha256);
        }
        finally
        {
            store.Index.Settle(sha256, piece);
        }

        return new StoredPiece(piece.Value, IsNew: true, Whole: true);
    }

    private StoredPiece StoreUnseen(in PieceName name, PieceReader content)
    {
        try
        {
            return StoreWhileHashing(name, content);
        }
        finally
        {
            store.Index.SettleLength(content.Length);
        }
    }

    /// <summary>Reads twice: another piece of this length exists, and most likely it is this one.</summary>
    private StoredPiece StoreAfterHashing(in PieceName name, PieceReader content)
    {
        var whole = content.Read(buffer, bytes => hash.Append(bytes.Span), out var error);
        var sha256 = hash.Finish();
        ThrowIf(error);
        if (store.Index.FindOrClaim(sha256, content.Length) is { } found)
        {
            return new StoredPiece(found, IsNew: false, whole);
        }

        StoredPiece? stored = null;
        try
        {
            stored = StoreWhileHashing(name, content);
            return stored.Value;
        }
        finally
        {
            // The file may have changed between the two readings; then the claim is not what was stored.
            store.Index.Settle(sha256, stored?.Piece.Sha256 == sha256 ? stored.Value.Piece : null);
        }
    }

    private StoredPiece StoreWhileHashing(in PieceName name, PieceReader content)
    {
        var sample = content.Fill(buffer);
        var pack = PackFor(buffer.AsSpan(0, sample), content.Length);
        var whole = false;
        SourceReadError? error = null;
        var (offset, entry) = pack.Add(name, new PieceStream(content.Length, to => whole = content.Read(buffer, Pass(to), out error)));
        var piece = new Piece(pack.Handle, offset, entry, content.Length, hash.Finish());
        ThrowIf(error);
        store.Index.Add(piece);
        return new StoredPiece(piece, IsNew: true, whole);
    }

    private Action<ReadOnlyMemory<byte>> Pass(Stream to) => bytes =>
    {
        hash.Append(bytes.Span);
        to.Write(bytes.Span);
    };

    private static void ThrowIf(SourceReadError? error)
    {
        if (error is not null)
        {
            throw error;
        }
    }

    private PackWriter PackFor(ReadOnlySpan<byte> sample, long length)
    {
        var compress = store.Options.Level > 0 && Compressibility.IsWorthCompressing(sample);
        var (own, other) = compress ? (compressed, stored) : (stored, compressed);
        if (own.Pack is { } open && open.InputBytes + length > store.Options.PackBytes)
        {
            Finish(own);
            if (fullPacks - other.Began >= Patience)
            {
                Finish(other);
            }
        }

        if (own.Pack is null)
        {
            own.Began = fullPacks;
            own.Pack = store.BeginPack(compress);
        }

        return own.Pack;
    }

    private void Finish(OpenPack open)
    {
        if (open.Pack is { } pack)
        {
            finish(pack);
            open.Pack = null;
            fullPacks++;
        }
    }

    /// <summary>The pack of one kind that is being filled, and how many were full before it was begun.</summary>
    private sealed class OpenPack
    {
        public PackWriter? Pack { get; set; }

        public int Began { get; set; }
    }
}

/// <summary>A piece in its place; whether it had to be stored, and whether the source had all the bytes it promised.</summary>
internal readonly record struct StoredPiece(Piece Piece, bool IsNew, bool Whole);
