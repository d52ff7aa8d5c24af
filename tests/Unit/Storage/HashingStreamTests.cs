using System.IO.Hashing;
using System.Security.Cryptography;
using CsCheck;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class HashingStreamTests : IDisposable
{
    private const int Buffer = HashingStream.WriteBytes + 1000;

    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    /// <summary>Each step writes so many bytes, holds so many and fills them in later, or hashes so many beside.</summary>
    [Fact]
    public void A_file_and_its_hashes_are_what_was_written_whatever_was_hashed_beside() =>
        Gen.Select(Gen.Enum<Step>(), Gen.Byte, Gen.Int[0, 100_000]).Array[0, 30].Sample(
            steps =>
            {
                var path = Path.Combine(temp.Root, Guid.NewGuid().ToString());
                var (expected, beside) = (new List<byte>(), new List<byte>());
                using var file = AtomicFile.Create(path);
                using var output = new HashingStream(file, Buffer);
                var other = new Sha256();
                foreach (var (step, fill, count) in steps)
                {
                    var bytes = new byte[count];
                    Array.Fill(bytes, fill);
                    switch (step)
                    {
                        case Step.Write:
                            output.Write(bytes);
                            expected.AddRange(bytes);
                            break;
                        case Step.Hold:
                            var begin = output.Hold(count);
                            output.Write(new byte[count]);
                            output.HashBeside(other, bytes);
                            beside.AddRange(bytes);
                            bytes.CopyTo(output.Held(begin, count));
                            expected.AddRange(bytes);
                            break;
                        default:
                            output.HashBeside(other, bytes);
                            beside.AddRange(bytes);
                            break;
                    }
                }

                var (sha256, xxh128) = output.Finish();
                var content = File.ReadAllBytes(path);
                File.Delete(path);
                return content.AsSpan().SequenceEqual(expected.ToArray())
                    && output.Length == content.Length
                    && sha256 == Digest.FromBytes(SHA256.HashData(content))
                    && xxh128 == XxHash128.HashToUInt128(content)
                    && other.Finish() == Digest.FromBytes(SHA256.HashData([.. beside]));
            },
            iter: 200);

    [Fact]
    public void What_was_written_is_hashed_beside_the_next_and_then_no_more()
    {
        using var file = AtomicFile.Create(Path.Combine(temp.Root, "file"));
        using var output = new HashingStream(file, Buffer);
        output.Write(new byte[1000]);
        Assert.Equal(1000, output.Waiting);
        _ = output.Hold(100);
        output.Write(new byte[100]);
        Assert.Equal(1000, output.Waiting);
        var other = new Sha256();
        output.HashBeside(other, new byte[5000]);
        Assert.InRange(output.Waiting, 0, 1000);
        Assert.Equal(Digest.Of(new byte[5000]), other.Finish());
        Assert.Equal(Digest.Of(new byte[1100]), output.Finish().Sha256);
    }

    [Fact]
    public void What_was_held_is_settled_once_it_is_written()
    {
        using var file = AtomicFile.Create(Path.Combine(temp.Root, "file"));
        using var output = new HashingStream(file, Buffer);
        _ = output.Hold(100);
        output.Write(new byte[100]);
        output.Write(new byte[Buffer]);
        Assert.Equal(100, output.Waiting);
    }

    private enum Step
    {
        Write,
        Hold,
        Beside,
    }
}
