using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class PieceIndexTests : IDisposable
{
    private readonly PieceIndex index = new(_ => { }, Path.GetTempPath());

    public void Dispose() => index.Dispose();

    [Fact]
    public void Finds_every_piece_of_very_many_and_no_other()
    {
        var known = new Dictionary<Digest, Piece>();
        for (var i = 0; i < 100_000; i++)
        {
            var piece = new Piece(i % 977, i * 31L, i % 7, 5, Digest.Of(BitConverter.GetBytes(i)));
            known.Add(piece.Sha256, piece);
            index.Add(piece);
        }

        Assert.All(known.Values, piece => Assert.Equal(piece, index.FindOrClaim(piece.Sha256, 5)));
        for (var i = 100_000; i < 110_000; i++)
        {
            Assert.Null(index.FindOrClaim(Digest.Of(BitConverter.GetBytes(i)), 5));
        }
    }

    [Fact]
    public void The_first_place_of_a_content_stays()
    {
        var first = new Piece(1, 2, 3, 4, Digest.Of("a"u8));
        index.Add(first);
        index.Add(first with { Pack = 9 });
        Assert.Equal(first, index.FindOrClaim(first.Sha256, 4));
    }

    [Fact]
    public void A_content_is_never_taken_for_one_that_shares_most_of_its_digest()
    {
        var first = new Piece(1, 0, 0, 1, new Digest(7, 1 << 20, 1UL << 32, 0));
        index.Add(first);
        Digest[] others = [first.Sha256 with { A = 7 ^ 1 }, first.Sha256 with { B = (1 << 20) + 1 }, first.Sha256 with { C = 2UL << 32 }];
        foreach (var other in others)
        {
            Assert.Null(index.FindOrClaim(other, 1));
            index.Settle(other, new Piece(2, 0, 0, 1, other));
        }

        Assert.Equal(first, index.FindOrClaim(first.Sha256, 1));
    }

    [Fact]
    public void Several_threads_store_each_content_once()
    {
        const int contents = 2000;
        var stored = new int[contents];
        var threads = Enumerable.Range(0, 8).Select(seed => new Thread(() =>
        {
            foreach (var i in Enumerable.Range(0, contents).OrderBy(i => (i * 7919 * (seed + 1)) % contents))
            {
                var digest = Digest.Of(BitConverter.GetBytes(i));
                if (index.FindOrClaim(digest, 4) is { } found)
                {
                    Assert.Equal(i, found.Pack);
                    continue;
                }

                Interlocked.Increment(ref stored[i]);
                index.Settle(digest, new Piece(i, 0, 0, 4, digest));
            }
        })).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        Assert.All(stored, times => Assert.Equal(1, times));
    }

    [Fact]
    public void Whoever_wants_a_claimed_content_waits_for_its_place()
    {
        var digest = Digest.Of("a"u8);
        Assert.Null(index.FindOrClaim(digest, 1));
        Piece? found = null;
        var waiting = new Thread(() => found = index.FindOrClaim(digest, 1));
        waiting.Start();
        WaitUntilAsleep(waiting);
        Assert.Null(found);
        index.Settle(digest, new Piece(3, 0, 0, 1, digest));
        waiting.Join();
        Assert.Equal(3, found!.Value.Pack);
    }

    [Fact]
    public void A_claim_that_came_to_nothing_goes_to_the_next()
    {
        var digest = Digest.Of("a"u8);
        Assert.Null(index.FindOrClaim(digest, 1));
        var next = new Thread(() =>
        {
            Assert.Null(index.FindOrClaim(digest, 1));
            index.Settle(digest, new Piece(4, 0, 0, 1, digest));
        });
        next.Start();
        WaitUntilAsleep(next);
        index.Settle(digest, null);
        next.Join();
        Assert.Equal(4, index.FindOrClaim(digest, 1)!.Value.Pack);
    }

    [Fact]
    public void A_claim_whose_place_cannot_be_written_down_goes_to_the_next()
    {
        using var full = new PieceIndex(_ => { }, "/nonexistent");
        for (var i = 0; i < PlaceLog.InMemory; i++)
        {
            full.Add(new Piece(i, 0, 0, 1, Digest.Of(BitConverter.GetBytes(i))));
        }

        var digest = Digest.Of("a"u8);
        Assert.Null(full.FindOrClaim(digest, 1));
        Piece? found = new Piece(1, 0, 0, 1, digest);
        var next = new Thread(() => found = full.FindOrClaim(digest, 1)) { IsBackground = true };
        next.Start();
        WaitUntilAsleep(next);
        Assert.Throws<PosixError>(() => full.Settle(digest, new Piece(4, 0, 0, 1, digest)));
        Assert.True(next.Join(TimeSpan.FromMinutes(1)));
        Assert.Null(found);
    }

    [Fact]
    public void A_length_is_claimed_by_the_first_who_has_one()
    {
        Assert.True(index.TryClaimLength(5));
        Assert.False(index.TryClaimLength(5));
        index.NoteLength(6);
        Assert.False(index.TryClaimLength(6));
    }

    [Fact]
    public void Whoever_wants_content_of_a_claimed_length_waits_until_it_is_stored()
    {
        var digest = Digest.Of("a"u8);
        Assert.True(index.TryClaimLength(9));
        Piece? found = null;
        var waiting = new Thread(() => found = index.FindOrClaim(digest, 9));
        waiting.Start();
        WaitUntilAsleep(waiting);
        index.Add(new Piece(3, 0, 0, 9, digest));
        index.SettleLength(9);
        waiting.Join();
        Assert.Equal(3, found!.Value.Pack);
    }

    [Fact]
    public void Places_of_what_seldom_comes_again_are_learned_when_it_does()
    {
        Piece[] pieces = [.. Enumerable.Range(0, 1000).Select(i => new Piece(i, i, i, 4, Digest.Of(BitConverter.GetBytes(i))))];
        var fills = 0;
        using var seldom = new PieceIndex(made =>
        {
            fills++;
            Array.ForEach(pieces, piece => made.AddTrace(piece));
        }, Path.GetTempPath());
        var other = new Piece(7, 0, 0, 4, Digest.Of("new"u8));
        Assert.Null(seldom.FindOrClaim(other.Sha256, 4));
        seldom.Settle(other.Sha256, other);
        Assert.Equal(other, seldom.FindOrClaim(other.Sha256, 4));
        Assert.Equal(1, fills);

        Assert.All(pieces, piece => Assert.Equal(piece, seldom.FindOrClaim(piece.Sha256, 4)));
        Assert.Equal(other, seldom.FindOrClaim(other.Sha256, 4));
        Assert.Null(seldom.FindOrClaim(Digest.Of("newer"u8), 4));
        Assert.Equal(2, fills);
    }

    /// <summary>It is waiting as soon as the kernel says so; how long that takes does not matter.</summary>
    private static void WaitUntilAsleep(Thread thread)
    {
        while (!thread.ThreadState.HasFlag(ThreadState.WaitSleepJoin))
        {
            Thread.Yield();
        }
    }
}
