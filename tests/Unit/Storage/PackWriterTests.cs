using System.Formats.Tar;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class PackWriterTests : IDisposable
{
    private readonly TestRepository repository = new();

    public void Dispose() => repository.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(9)]
    public void Tar_lists_the_names_and_unpacks_the_content(int level)
    {
        using var writer = Begin(level);
        TestRepository.Put(writer, "storage/ä b.jpg", "one"u8.ToArray());
        TestRepository.Put(writer, "storage/" + new string('x', 200), new byte[5000]);
        TestRepository.Put(writer, "db/app.db", "two"u8.ToArray(), number: 7);
        var pack = repository.Layout.Pack(writer.Finish(repository.Layout).Sha256);

        var (exit, names) = Tools.Run("tar", "--quoting-style=literal", "-tzf", pack);
        Assert.Equal((0, $"storage/ä b.jpg\nstorage/{new string('x', 200)}\ndb/app.db/000007\n"), (exit, names));
        Assert.Equal(0, Tools.Run("gzip", "-t", pack).Exit);
        Assert.Equal((0, "two"), Tools.Run("tar", "-xzOf", pack, "db/app.db/000007"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Every_entry_is_where_the_writer_says(int level)
    {
        var sizes = new[] { 10, 3 << 20, 2 << 20, 100, 9 << 20, 1, 0, 511, 512, 513, 4 << 20, 5 };
        using var writer = Begin(level);
        var places = sizes.Select((size, i) => TestRepository.Put(writer, $"s/{i}", Content(i, size))).ToList();
        var info = writer.Finish(repository.Layout);
        var pack = repository.Layout.Pack(info.Sha256);
        Assert.True(places.Select(p => p.Offset).Distinct().Count() >= 4, "4 MiB of input begin a new member");
        for (var i = 0; i < sizes.Length; i++)
        {
            using var file = File.OpenRead(pack);
            file.Position = places[i].Offset;
            using var member = new GZipStream(file, CompressionMode.Decompress);
            using var tar = new TarReader(member);
            var entry = tar.GetNextEntry();
            for (var skip = places[i].Entry; skip > 0; skip--)
            {
                entry = tar.GetNextEntry();
            }

            Assert.Equal($"s/{i}", entry!.Name);
            using var content = new MemoryStream();
            entry.DataStream?.CopyTo(content);
            Assert.Equal(Content(i, sizes[i]), content.ToArray());
        }

        Assert.Equal(sizes.Sum(), info.ContentBytes);
    }

    [Fact]
    public void A_member_holds_four_mebibytes_unless_one_entry_is_larger()
    {
        using var writer = Begin(0);
        var places = Enumerable.Range(0, 9).Select(i => TestRepository.Put(writer, $"s/{i}", new byte[1 << 20])).ToList();
        Assert.Equal([0, 1, 2, 0, 1, 2, 0, 1, 2], places.Select(p => p.Entry));
    }

    [Fact]
    public void The_name_of_the_file_is_its_sha256_and_nothing_else_is_left()
    {
        using var writer = Begin(4);
        TestRepository.Put(writer, "s/a", "x"u8.ToArray());
        var info = writer.Finish(repository.Layout);
        var bytes = File.ReadAllBytes(repository.Layout.Pack(info.Sha256));
        Assert.Equal(Digest.Of(bytes), info.Sha256);
        Assert.Equal(XxHash128.HashToUInt128(bytes), info.Xxh128);
        Assert.Equal(bytes.Length, info.Bytes);
        Assert.Empty(Directory.GetFileSystemEntries(repository.Layout.Staging));
        Assert.Equal(AtomicFile.FileMode, Posix.StatusOrNull(repository.Layout.Pack(info.Sha256))!.Value.Permissions);
    }

    [Fact]
    public void A_pack_that_is_given_up_leaves_nothing()
    {
        using (var writer = Begin(4))
        {
            TestRepository.Put(writer, "s/a", new byte[1 << 20]);
        }

        Assert.Empty(Directory.GetFileSystemEntries(repository.Layout.Staging));
        Assert.Empty(Directory.GetFileSystemEntries(repository.Layout.Packs));
    }

    [Fact]
    public void Unpacked_files_can_be_read_and_written_by_their_owner()
    {
        using var writer = Begin(4);
        writer.Add(new PieceName("s/secret"u8, null, 0, new FileTime(-5, 0)), new PieceStream(1, to => to.Write("x"u8)));
        writer.Add(new PieceName("s/setuid"u8, null, 0x9ED, new FileTime(1L << 40, 0)), new PieceStream(1, to => to.Write("x"u8)));
        var (_, listing) = Tools.Run("tar", "-tvzf", repository.Layout.Pack(writer.Finish(repository.Layout).Sha256));
        Assert.Contains("-rw-------", listing, StringComparison.Ordinal);
        Assert.Contains("-rwxr-xr-x", listing, StringComparison.Ordinal);
    }

    [Fact]
    public void Awkward_names_make_entries_that_tar_takes()
    {
        using var writer = Begin(4);
        byte[][] paths = [[(byte)'s', (byte)'/', 0xFF], "s/a\nb"u8.ToArray(), "-s"u8.ToArray(), Encoding.UTF8.GetBytes("s/" + string.Join('/', Enumerable.Repeat(new string('é', 120), 16)))];
        foreach (var path in paths)
        {
            writer.Add(new PieceName(path, null, 0, default), new PieceStream(1, to => to.Write("x"u8)));
        }

        var pack = repository.Layout.Pack(writer.Finish(repository.Layout).Sha256);
        var into = repository.Temp.Make("unpacked");
        Assert.Equal((0, ""), Tools.Run("tar", "-xzf", pack, "-C", into));
        Assert.Equal(4, Directory.GetFiles(into, "*", SearchOption.AllDirectories).Length);
    }

    private PackWriter Begin(int level) =>
        new(Path.Combine(repository.Layout.Staging, "pack-0.tmp"), 0, new ZLibCompressionOptions { CompressionLevel = level });

    private static byte[] Content(int seed, int size)
    {
        var bytes = new byte[size];
#pragma warning disable CA5394 // The same content each time.
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }
}
