using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>A finished pack, held compactly: a repository of 10 TB has 160,000.</summary>
internal readonly record struct PackInfo(Digest Sha256, long Bytes, UInt128 Xxh128, long ContentBytes, long UsedBytes)
{
    /// <exception cref="DamageError">A field is not what it should be.</exception>
    public static PackInfo From(PackLine line) =>
        Digest.TryParse(line.Sha256, out var sha256)
        && UInt128.TryParse(line.Xxh128, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var xxh128)
        && line.Bytes > 0 && line.ContentBytes >= 0 && line.UsedBytes >= 0
            ? new PackInfo(sha256, line.Bytes, xxh128, line.ContentBytes, line.UsedBytes)
            : throw new DamageError("holds a line that cannot be read");

    public PackLine ToLine() => new()
    {
        Sha256 = Sha256.ToString(),
        Bytes = Bytes,
        Xxh128 = Xxh128.ToString("x32", CultureInfo.InvariantCulture),
        ContentBytes = ContentBytes,
        UsedBytes = UsedBytes,
    };
}
