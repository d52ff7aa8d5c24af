using System.Text;
using System.Text.Json;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// A small JSON file that proves itself: its last key, <c>checksum</c>, is the SHA-256 of every byte before the comma in
/// front of that key. Nothing else vouches for a header, so it vouches for itself.
/// </summary>
internal static class SealedJson
{
    private static ReadOnlySpan<byte> Seal => ",\n  \"checksum\": \""u8;

    private static ReadOnlySpan<byte> End => "\"\n}\n"u8;

    /// <summary>Bytes at the end of each file that the checksum takes.</summary>
    public static int SealSize => Seal.Length + Digest.TextSize + End.Length;

    /// <param name="fields">Writes the keys.</param>
    /// <param name="key">Signs them; null not to.</param>
    public static byte[] Write(Action<Utf8JsonWriter> fields, SigningKey? key = null)
    {
        var body = JsonFields.Write(fields, indented: true);
        var open = body[..body.LastIndexOf((byte)'}')].TrimEnd((byte)'\n');
        byte[] signed = key is null ? open.ToArray() : [.. open, .. SignedJson.Signature(open, key)];
        return [.. signed, .. Seal, .. Encoding.ASCII.GetBytes(Digest.Of(signed).ToString()), .. End];
    }

    /// <exception cref="DamageError">The bytes are not what <see cref="Write"/> made.</exception>
    public static void Check(ReadOnlySpan<byte> file)
    {
        if (file.Length <= SealSize)
        {
            throw new DamageError("is cut short");
        }

        var open = file[..^SealSize];
        var seal = file[^SealSize..];
        Span<byte> digest = stackalloc byte[Digest.TextSize];
        Digest.Of(open).Format(digest);
        if (!seal.StartsWith(Seal) || !seal.EndsWith(End) || !seal.Slice(Seal.Length, Digest.TextSize).SequenceEqual(digest))
        {
            throw new DamageError("does not match its checksum");
        }
    }

    /// <exception cref="DamageError">The bytes are not what <see cref="Write"/> made, or not of this type.</exception>
    public static T Read<T>(ReadOnlyMemory<byte> file, Func<JsonElement, T> read)
    {
        Check(file.Span);
        return JsonFields.Read(file, read, "lacks a field that this version needs", "holds a field that this version cannot read");
    }
}
