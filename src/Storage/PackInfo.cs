using System.Globalization;
using System.Text.Json;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>A finished pack, held compactly: a repository of 10 TB has 160,000.</summary>
/// <param name="Sha256">Of the pack file; also its name.</param>
/// <param name="Bytes">Size of the pack file.</param>
/// <param name="Xxh128">Of the pack file: quicker to check than SHA-256.</param>
/// <param name="ContentBytes">Of all pieces in the pack, before compression.</param>
/// <param name="UsedBytes">Of files that a snapshot finds in the pack: those of a piece that several files share count for each, up to ContentBytes.</param>
internal sealed record PackInfo(Digest Sha256, long Bytes, UInt128 Xxh128, long ContentBytes, long UsedBytes)
{
    private const string NoLine = "holds a line that cannot be read";

    /// <exception cref="DamageError">The line is no object, or a field of it is not what it should be.</exception>
    public static PackInfo Read(ReadOnlyMemory<byte> line) => JsonFields.Read(line, Read, NoLine);

    /// <exception cref="DamageError">A field is not what it should be.</exception>
    public static PackInfo Read(JsonElement json) =>
        Digest.TryParse(json.Text("sha256"), out var sha256)
        && UInt128.TryParse(json.Text("xxh128"), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var xxh128)
        && new PackInfo(sha256, json.Number("bytes"), xxh128, json.Number("content_bytes"), json.Number("used_bytes")) is var pack
        && pack is { Bytes: > 0, ContentBytes: >= 0, UsedBytes: >= 0 }
            ? pack
            : throw new DamageError(NoLine);

    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("sha256", Sha256.ToString());
        json.WriteNumber("bytes", Bytes);
        json.WriteString("xxh128", Xxh128.ToString("x32", CultureInfo.InvariantCulture));
        json.WriteNumber("content_bytes", ContentBytes);
        json.WriteNumber("used_bytes", UsedBytes);
    }
}
