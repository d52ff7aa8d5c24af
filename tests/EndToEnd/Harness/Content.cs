using System.Security.Cryptography;
using System.Text;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Content for test files: the same for the same seed.</summary>
internal static class Content
{
    /// <summary>Like a picture or a video: does not compress.</summary>
    public static byte[] Random(int length, int seed)
    {
        var bytes = new byte[length];
#pragma warning disable CA5394 // Nobody must be unable to guess it.
        new Random(seed).NextBytes(bytes);
#pragma warning restore CA5394
        return bytes;
    }

    /// <summary>Like a log or a marker file: compresses well.</summary>
    public static byte[] Text(int length, int seed)
    {
        var text = new StringBuilder();
        for (var line = 0; text.Length < length; line++)
        {
            text.Append(seed).Append(" feature ").Append(line % 97).Append(" at ").Append(line * 31 % 1009).Append('\n');
        }

        return Encoding.ASCII.GetBytes(text.ToString(0, length));
    }

    public static string Sha256(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content));
}
