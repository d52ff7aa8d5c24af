using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;
using VertexAr.Backup.Tests.Operations;

namespace VertexAr.Backup.Tests.Storage;

public sealed class PieceWriterTests : IDisposable
{
    private readonly TestRepository repository = new();
    private readonly PackRegistry packs = new();
    private readonly PieceStore store;
    private readonly PieceWriter writer;
    private int seed;

    public PieceWriterTests()
    {
        store = new PieceStore(repository.Held, repository.Layout.Staging, new StoreOptions(4 << 20, 4, 0), packs, _ => { });
        writer = Begin(store);
    }

    public void Dispose()
    {
        writer.Dispose();
        store.Dispose();
        repository.Dispose();
    }

    [Theory]
    [InlineData(100)]
    [InlineData(PieceWriter.InMemory)]
    [InlineData(PieceWriter.InMemory + 1)]
    public void Content_is_stored_once_wherever_it_comes_from(int length)
    {
        var first = Store("s/a", Site.Noise(1, length));
        var second = Store("s/b", Site.Noise(1, length));
        Assert.True(first is { IsNew: true, Whole: true } && second is { IsNew: false, Whole: true });
        Assert.Equal(first.Piece, second.Piece);
        Assert.Equal(Digest.Of(Site.Noise(1, length)), first.Piece.Sha256);
    }

    [Fact]
    public void A_pack_is_named_by_its_hash_which_was_made_beside_those_of_pieces()
    {
        int[] lengths = [1, 100, 65_535, 300_000, PieceWriter.InMemory, PieceWriter.InMemory + 1, 3_000_000];
        for (var i = 0; i < 28; i++)
        {
            var length = lengths[i % lengths.Length];
            Store("s/a", i % 3 == 0 ? new byte[length + i] : Site.Noise(++seed, length));
        }

        writer.Finish();
        var files = Directory.GetFiles(repository.Layout.Packs, "*", SearchOption.AllDirectories);
        Assert.True(files.Length > 3, $"only {files.Length} packs");
        Assert.All(files, file => Assert.Equal(Path.GetFileName(file), Layout.PackName(Digest.Of(File.ReadAllBytes(file)))));
    }

    [Fact]
    public void A_pack_that_fills_slowly_is_finished_in_between()
    {
        var early = Store("s/text", new byte[100]);
        Fill(packs: 8);
        Assert.Contains(null, TableWith(early));
        Fill(packs: 1);
        Assert.DoesNotContain(null, TableWith(early));

        void Fill(int packs)
        {
            for (var i = 0; i < packs * 4; i++)
            {
                Store("s/noise", Site.Noise(++seed, PieceWriter.InMemory - 512));
            }
        }

        List<PackInfo?> TableWith(StoredPiece piece)
        {
            var line = packs.UseInList(piece.Piece.Pack, 0);
            return [packs.Table()[line]];
        }
    }

    [Theory]
    [InlineData(100)]
    [InlineData(PieceWriter.InMemory + 1)]
    public void Other_content_of_the_same_length_is_other_content(int length)
    {
        Store("s/a", Site.Noise(1, length));
        Assert.True(Store("s/b", Site.Noise(2, length)).IsNew);
    }

    [Theory]
    [InlineData(100)]
    [InlineData(PieceWriter.InMemory + 1)]
    [InlineData(3 * PieceWriter.InMemory)]
    public void A_file_that_shrinks_ends_in_zeros_and_is_said_to(int length)
    {
        var content = Site.Noise(1, length);
        var stored = Store("s/a", content[..(length / 2)], length);
        Array.Clear(content, length / 2, length - (length / 2));
        Assert.False(stored.Whole);
        Assert.Equal((length, Digest.Of(content)), (stored.Piece.Length, stored.Piece.Sha256));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(PieceWriter.InMemory + 1)]
    public void A_source_that_cannot_be_read_leaves_the_pack_sound(int length)
    {
        using (var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(repository.Temp.Root)))
        {
            Assert.Throws<SourceReadError>(() => writer.Store(new PieceName("s/bad"u8, null, 0, default), new PieceReader(directory, 0, length)));
        }

        var good = Store("s/good", Site.Noise(1, 5000));
        var later = Store("s/later", Site.Noise(2, length));
        writer.Finish();
        Assert.True(good.IsNew && later.IsNew);
        Assert.All(packs.Written(), pack => Assert.Equal(0, Tools.Run("tar", "-tzf", repository.Layout.Pack(pack)).Exit));
    }

    [Fact]
    public void What_compresses_and_what_does_not_go_into_packs_of_their_own()
    {
        var dense = Store("s/a.jpg", Site.Noise(1, 50_000));
        var plain = Store("s/a.txt", new byte[50_000]);
        Assert.NotEqual(dense.Piece.Pack, plain.Piece.Pack);
        writer.Finish();
        Assert.Equal([1_000, 51_000], packs.Written().Select(p => new FileInfo(repository.Layout.Pack(p)).Length).Order().Select(size => size < 1000 ? 1_000 : size < 53_000 ? 51_000 : size));
    }

    [Fact]
    public void Level_zero_compresses_nothing()
    {
        using var uncompressed = new PieceStore(repository.Held, repository.Layout.Staging, new StoreOptions(4 << 20, 0, 0), packs, _ => { });
        using var plain = Begin(uncompressed);
        using var file = Open(new byte[50_000]);
        plain.Store(new PieceName("s/a"u8, null, 0, default), new PieceReader(file, 0, 50_000));
        plain.Finish();
        Assert.True(new FileInfo(repository.Layout.Pack(Assert.Single(packs.Written()))).Length > 50_000);
    }

    [Fact]
    public void A_pack_ends_before_it_is_larger_than_allowed()
    {
        for (var i = 0; i < 7; i++)
        {
            Store($"s/{i}", Site.Noise(i, 1 << 20));
        }

        writer.Finish();
        Assert.Equal(3, packs.FinishedCount);
    }

    [Fact]
    public void The_index_is_filled_when_it_is_first_needed()
    {
        var fills = 0;
        using var lazy = new PieceStore(repository.Held, repository.Layout.Staging, new StoreOptions(1, 0, 0), packs, _ => fills++);
        Assert.Equal(0, fills);
        Assert.Null(lazy.Index.FindOrClaim(default, 1));
        _ = lazy.Index;
        Assert.Equal(1, fills);
    }

    [Fact]
    public void No_pack_is_begun_on_a_disk_with_too_little_space()
    {
        using var full = new PieceStore(repository.Held, repository.Layout.Staging, new StoreOptions(1, 0, long.MaxValue), packs, _ => { });
        using var any = Begin(full);
        using var file = Open([1]);
        Assert.Throws<SpaceError>(() => any.Store(new PieceName("s/a"u8, null, 0, default), new PieceReader(file, 0, 1)));
        Assert.Null(full.Index.FindOrClaim(Digest.Of([1]), 1));
    }

    private static PieceWriter Begin(PieceStore store) => new(store, pack =>
    {
        using (pack)
        {
            store.FinishPack(pack);
        }
    });

    private StoredPiece Store(string path, byte[] content, long length = -1)
    {
        using var file = Open(content);
        return writer.Store(new PieceName(System.Text.Encoding.UTF8.GetBytes(path), null, 0x1A4, default), new PieceReader(file, 0, length < 0 ? content.Length : length));
    }

    private Microsoft.Win32.SafeHandles.SafeFileHandle Open(byte[] content)
    {
        var path = repository.Temp.Write(Guid.NewGuid().ToString(), content);
        return Posix.OpenToRead(Posix.Here, Posix.Bytes(path));
    }
}
