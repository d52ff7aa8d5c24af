using System.IO.Compression;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class StoredGzipTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    /// <summary>Around the longest block, and around the buffer below.</summary>
    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(65535, 65535)]
    [InlineData(65536, 65536)]
    [InlineData(131070, 1000)]
    [InlineData(262144, 512)]
    [InlineData(3_000_001, 1 << 20)]
    public void Gzip_reads_what_was_written(int size, int write)
    {
        var content = new byte[size];
#pragma warning disable CA5394 // The same content each time.
        new Random(size).NextBytes(content);
#pragma warning restore CA5394
        var path = Write(output =>
        {
            using var member = new StoredGzip(output);
            foreach (var part in content.Chunk(write))
            {
                member.Write(part);
            }
        });

        Assert.Equal((0, ""), Tools.Run("gzip", "-t", path));
        Assert.Equal(content, Unpack(path));
        // What the format takes: at most five bytes for each 65,535, and 18 at the ends.
        Assert.Equal(size + 18 + (5 * Math.Max(1, (size + 65534) / 65535)), new FileInfo(path).Length);
    }

    [Fact]
    public void A_block_that_ends_with_the_buffer_has_its_header()
    {
        const int memberHeader = 10;
        const int longestBlock = 5 + 65535;
        const int before = HashingStream.WriteBytes - longestBlock - memberHeader;
        var content = new byte[longestBlock];
        Array.Fill(content, (byte)'x');
        var path = Write(output =>
        {
            output.Write(new byte[before]);
            using var member = new StoredGzip(output);
            member.Write(content);
        });

        File.WriteAllBytes(path, File.ReadAllBytes(path)[before..]);
        Assert.Equal(content, Unpack(path));
    }

    [Fact]
    public void Members_follow_each_other()
    {
        var path = Write(output =>
        {
            foreach (var word in "one two three".Split(' '))
            {
                using var member = new StoredGzip(output);
                member.Write(System.Text.Encoding.ASCII.GetBytes(word));
            }
        });

        Assert.Equal((0, "onetwothree"), Tools.Run("zcat", path));
    }

    [Fact]
    public void What_changed_on_disk_does_not_match_the_checksum()
    {
        var path = Write(output =>
        {
            using var member = new StoredGzip(output);
            member.Write(new byte[1000]);
        });
        var bytes = File.ReadAllBytes(path);
        bytes[500] ^= 1;
        File.WriteAllBytes(path, bytes);
        Assert.NotEqual(0, Tools.Run("gzip", "-t", path).Exit);
    }

    private static byte[] Unpack(string path)
    {
        using var file = File.OpenRead(path);
        using var gzip = new GZipStream(file, CompressionMode.Decompress);
        using var content = new MemoryStream();
        gzip.CopyTo(content);
        return content.ToArray();
    }

    private string Write(Action<HashingStream> write)
    {
        var path = Path.Combine(temp.Root, "x.gz");
        using var file = AtomicFile.Create(path);
        using var output = new HashingStream(file);
        write(output);
        output.Finish();
        return path;
    }
}
