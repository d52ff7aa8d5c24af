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

    /// <summary>Each step writes so many bytes, or holds so many and fills them in later.</summary>
    [Fact]
    public void A_file_and_its_hashes_are_what_was_written() =>
        Gen.Select(Gen.Bool, Gen.Byte, Gen.Int[0, 100_000]).Array[0, 30].Sample(
            steps =>
            {
                var path = Path.Combine(temp.Root, Guid.NewGuid().ToString());
                var expected = new List<byte>();
                using var file = AtomicFile.Create(path);
                using var output = new HashingStream(file, Buffer);
                foreach (var (isHeld, fill, count) in steps)
                {
                    var bytes = new byte[count];
                    Array.Fill(bytes, fill);
                    expected.AddRange(bytes);
                    if (isHeld)
                    {
                        var begin = output.Hold(count);
                        output.Write(new byte[count]);
                        bytes.CopyTo(output.Held(begin, count));
                    }
                    else
                    {
                        output.Write(bytes);
                    }
                }

                var (sha256, xxh128) = output.Finish();
                var content = File.ReadAllBytes(path);
                File.Delete(path);
                return content.AsSpan().SequenceEqual(expected.ToArray())
                    && output.Length == content.Length
                    && sha256 == Digest.FromBytes(SHA256.HashData(content))
                    && xxh128 == XxHash128.HashToUInt128(content);
            },
            iter: 200);
}
