using System.Runtime.Intrinsics.X86;
using System.Security.Cryptography;
using CsCheck;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public static class Sha256Tests
{
    [Fact]
    public static void Parts_hash_like_the_whole_as_the_framework_does_it() => Gen.Byte.Array[0, 300].Array[0, 8].Sample(parts =>
    {
        var hash = new Sha256();
        foreach (var part in parts)
        {
            hash.Append(part);
        }

        return hash.Finish() == Digest.FromBytes(SHA256.HashData([.. parts.SelectMany(p => p)]));
    });

    [Fact]
    public static void Finishing_begins_anew()
    {
        var hash = new Sha256();
        hash.Append("abc"u8);
        Assert.Equal(Digest.Of("abc"u8), hash.Finish());
        Assert.Equal(Digest.Of([]), hash.Finish());
    }

    [Fact]
    public static void Two_at_a_time_hash_as_one_after_the_other() =>
        Gen.Select(Gen.Byte.Array[0, 700], Gen.Byte.Array[0, 700], Gen.Bool).Array[0, 6].Sample(steps =>
        {
            var (one, other) = (new Sha256(), new Sha256());
            var (ones, others) = (new List<byte>(), new List<byte>());
            foreach (var (bytes, more, isOneAlone) in steps)
            {
                ones.AddRange(bytes);
                others.AddRange(more.AsSpan(0, one.AppendBeside(bytes, other, more)));
                if (isOneAlone)
                {
                    // The other stands within a block then.
                    other.Append([1]);
                    others.Add(1);
                }
            }

            return one.Finish() == Digest.FromBytes(SHA256.HashData([.. ones])) && other.Finish() == Digest.FromBytes(SHA256.HashData([.. others]));
        });

    [Fact]
    public static void Beside_a_hash_go_whole_blocks_of_another()
    {
        Assert.SkipUnless(X86Base.IsSupported && (X86Base.CpuId(7, 0).Ebx & (1 << 29)) != 0, "this processor has no instructions for SHA-256");
        Assert.Equal(128, new Sha256().AppendBeside(new byte[200], new Sha256(), new byte[191]));
        Assert.Equal(64, new Sha256().AppendBeside(new byte[100], new Sha256(), new byte[1000]));
    }
}
