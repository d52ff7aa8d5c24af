using System.Security.Cryptography;
using CsCheck;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public static class Sha256Tests
{
    [Fact]
    public static void Parts_hash_like_the_whole() => Gen.Byte.Array[0, 300].Array[0, 8].Sample(parts =>
    {
        using var hash = new Sha256();
        foreach (var part in parts)
        {
            hash.Append(part);
        }

        return hash.Finish() == Digest.FromBytes(SHA256.HashData([.. parts.SelectMany(p => p)]));
    });

    [Fact]
    public static void Finishing_begins_anew()
    {
        using var hash = new Sha256();
        hash.Append("abc"u8);
        Assert.Equal(Digest.Of("abc"u8), hash.Finish());
        Assert.Equal(Digest.Of([]), hash.Finish());
    }
}
