using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// A sealed JSON file that is signed: its last key but one, <c>signature</c>, is the signature of every byte before the comma in front of
/// that key. The checksum after it is over the signature too, so that readers without the public key need not know of it.
/// </summary>
internal static class SignedJson
{
    private static ReadOnlySpan<byte> Begin => ",\n  \"signature\": \""u8;

    /// <summary>What stands between the last key of an object that is still open, and its checksum.</summary>
    public static byte[] Signature(ReadOnlySpan<byte> open, SigningKey key) =>
        [.. Begin, .. Encoding.ASCII.GetBytes(Convert.ToBase64String(key.Sign(open))), (byte)'"'];

    /// <summary>What was signed of a file whose seal fits, and the signature; null if it is not signed.</summary>
    public static SignedContent? Split(ReadOnlyMemory<byte> file)
    {
        var open = file[..^SealedJson.SealSize];
        var begin = open.Span.LastIndexOf(Begin);
        if (begin < 0 || open.Length <= begin + Begin.Length || open.Span[^1] != (byte)'"')
        {
            return null;
        }

        // In base64 the same bytes can be written in several ways, of which one was written: nothing of a signed file may change.
        var text = Encoding.ASCII.GetString(open.Span[(begin + Begin.Length)..^1]);
        var signature = new byte[text.Length];
        return Convert.TryFromBase64String(text, signature, out var length) && Convert.ToBase64String(signature, 0, length) == text
            ? new SignedContent(open[..begin], signature[..length])
            : null;
    }
}

/// <summary>Bytes and what claims to be their signature, in DER.</summary>
internal sealed record SignedContent(ReadOnlyMemory<byte> Content, byte[] Signature);
