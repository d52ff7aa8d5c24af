using System.Buffers.Binary;

namespace VertexAr.Backup.Core;

/// <summary>A SHA-256, held in place.</summary>
internal readonly record struct Digest(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>Bytes.</summary>
    public const int Size = 32;

    /// <summary>Characters of the text form: lower-case hexadecimal.</summary>
    public const int TextSize = 64;

    public static Digest Of(ReadOnlySpan<byte> content) => Sha256.Of(content);

    public static Digest FromBytes(ReadOnlySpan<byte> hash) => new(
        BinaryPrimitives.ReadUInt64BigEndian(hash),
        BinaryPrimitives.ReadUInt64BigEndian(hash[8..]),
        BinaryPrimitives.ReadUInt64BigEndian(hash[16..]),
        BinaryPrimitives.ReadUInt64BigEndian(hash[24..]));

    public static bool TryParse(ReadOnlySpan<byte> text, out Digest digest)
    {
        Span<byte> hash = stackalloc byte[Size];
        var ok = text.Length == TextSize
            && !text.ContainsAnyInRange((byte)'A', (byte)'F')
            && Convert.FromHexString(text, hash, out _, out _) == System.Buffers.OperationStatus.Done;
        digest = ok ? FromBytes(hash) : default;
        return ok;
    }

    public static bool TryParse(string text, out Digest digest) => TryParse(System.Text.Encoding.ASCII.GetBytes(text), out digest);

    public void CopyTo(Span<byte> hash)
    {
        BinaryPrimitives.WriteUInt64BigEndian(hash, A);
        BinaryPrimitives.WriteUInt64BigEndian(hash[8..], B);
        BinaryPrimitives.WriteUInt64BigEndian(hash[16..], C);
        BinaryPrimitives.WriteUInt64BigEndian(hash[24..], D);
    }

    /// <summary>Writes the text form into <see cref="TextSize"/> bytes.</summary>
    public void Format(Span<byte> text)
    {
        Span<byte> hash = stackalloc byte[Size];
        CopyTo(hash);
        _ = Convert.TryToHexStringLower(hash, text, out _);
    }

    public override string ToString()
    {
        Span<byte> hash = stackalloc byte[Size];
        CopyTo(hash);
        return Convert.ToHexStringLower(hash);
    }
}
