using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class WriteBehindTests : IDisposable
{
    private const int Block = WriteBehind.BlockBytes;

    private readonly TempDirectory temp = new();
    private readonly WriteBehind behind = new(files: 2);

    public void Dispose()
    {
        behind.Dispose();
        temp.Dispose();
    }

    /// <summary>Around the block, and around what direct writes are made of; on a disk, and in memory, where there are none.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4096)]
    [InlineData(Block - 1)]
    [InlineData(Block)]
    [InlineData(Block + 1)]
    [InlineData((20 * Block) + 4097)]
    public void The_file_holds_what_was_written(int size)
    {
        foreach (var directory in new[] { temp.Root, "/dev/shm" })
        {
            var path = Path.Combine(directory, $"vertex-ar-backup-{Guid.NewGuid()}");
            var content = Noise(size);
            try
            {
                using (var file = AtomicFile.Create(path))
                using (var output = new HashingStream(behind.Begin(file)))
                {
                    output.Write(content);
                    Assert.Equal(Digest.Of(content), output.Finish().Sha256);
                    output.Wait();
                }

                Assert.Equal(content, File.ReadAllBytes(path));
            }
            finally
            {
                File.Delete(path);
            }
        }
    }

    [Fact]
    public void What_is_held_can_be_changed_until_more_is_written()
    {
        var content = Noise(3 * Block);
        using var file = AtomicFile.Create(temp["held"]);
        using var output = new HashingStream(behind.Begin(file));
        for (var done = 0; done < content.Length; done += 1000)
        {
            var part = content.AsSpan(done, Math.Min(1000, content.Length - done));
            var begin = output.Hold(part.Length);
            output.Write(new byte[part.Length]);
            part.CopyTo(output.Held(begin, part.Length));
        }

        Assert.Equal(Digest.Of(content), output.Finish().Sha256);
        output.Wait();
        Assert.Equal(content, File.ReadAllBytes(temp["held"]));
    }

    [Fact]
    public void Files_are_written_side_by_side()
    {
        var contents = new[] { Noise(9 * Block), Noise(8 * Block) };
        Parallel.For(0, 2, i =>
        {
            using var file = AtomicFile.Create(temp[$"{i}"]);
            using var output = new HashingStream(behind.Begin(file));
            foreach (var part in contents[i].Chunk(100_000))
            {
                output.Write(part);
            }

            output.Finish();
            output.Wait();
        });
        Assert.All([0, 1], i => Assert.Equal(contents[i], File.ReadAllBytes(temp[$"{i}"])));
    }

    [Fact]
    public void What_fails_is_told_to_its_own_file_and_costs_no_block()
    {
        for (var i = 0; i < 20; i++)
        {
            using var unwritable = Unwritable();
            using var output = new HashingStream(behind.Begin(unwritable));
            Assert.Throws<PosixError>(() =>
            {
                output.Write(new byte[2 * Block]);
                output.Finish();
                output.Wait();
            });
        }

        The_file_holds_what_was_written(3 * Block);
    }

    [Fact]
    public void A_file_that_is_given_up_is_not_written_to_any_more()
    {
        using var file = AtomicFile.Create(temp["given up"]);
        using (var output = new HashingStream(behind.Begin(file)))
        {
            output.Write(Noise(5 * Block));
        }

        var size = new FileInfo(temp["given up"]).Length;
        The_file_holds_what_was_written(3 * Block);
        Assert.Equal(4 * Block, size);
        Assert.Equal(size, new FileInfo(temp["given up"]).Length);
    }

    private static byte[] Noise(int size)
    {
        var bytes = new byte[size];
#pragma warning disable CA5394 // The same content each time.
        new Random(size).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }

    private SafeFileHandle Unwritable() => Posix.OpenToRead(Posix.Here, Posix.Bytes(temp.Write("unwritable", "x"u8)));
}
