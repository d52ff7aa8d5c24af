using System.Globalization;
using System.Text;

namespace VertexAr.Backup.Tests.Fuzz;

/// <summary>Makes hostile input out of good input: a few edits each time, many of them of the kind that breaks parsers.</summary>
internal sealed class Mutation(int seed)
{
    private static readonly byte[][] Tokens =
    [
        .. new[]
        {
            "9223372036854775807", "-9223372036854775808", "99999999999999999999", "-1", "0", "1e999", "4294967296", "..", "/", "../", "//", "\0", "\"", "\\",
            "\\u0000", "\\ud800", "{", "}", "[", "]", "[[[[[[[[", ",", ":", "null", "true", "\n", "\u001b[2J", "é", "\"pack\":", "\"path\":\"/etc/passwd\"", "file", "hardlink", "symlink",
        }.Select(Encoding.UTF8.GetBytes),
        [0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0x1F, 0x8B, 8, 0], [0, 0, 0, 0], new byte[512],
    ];

#pragma warning disable CA5394 // The seed is printed and plays the same again.
    private readonly Random random = new(seed);

    /// <summary>Inputs for each target: a few thousand, or FUZZ_INPUTS.</summary>
    public static int Inputs => int.TryParse(Environment.GetEnvironmentVariable("FUZZ_INPUTS"), NumberStyles.None, CultureInfo.InvariantCulture, out var inputs) ? inputs : 3000;

    public int Below(int limit) => random.Next(limit);

    public T Of<T>(IReadOnlyList<T> items) => items[random.Next(items.Count)];

    public byte[] Of(byte[] good)
    {
        var bytes = new List<byte>(good);
        for (var edits = 1 + random.Next(4); edits > 0; edits--)
        {
            Edit(bytes);
        }

        return [.. bytes];
    }

    private void Edit(List<byte> bytes)
    {
        var at = random.Next(bytes.Count + 1);
        var length = Math.Min(random.Next(20), bytes.Count - at);
        switch (random.Next(8))
        {
            case 0 when at < bytes.Count:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < bytes.Count:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2:
                bytes.RemoveRange(at, length);
                break;
            case 3:
                bytes.InsertRange(random.Next(bytes.Count + 1), bytes.GetRange(at, length));
                break;
            case 4:
                bytes.RemoveRange(at, bytes.Count - at);
                break;
            case 5:
                // In place of a number or word, so that the rest still parses.
                var word = Word(bytes, at);
                bytes.RemoveRange(at, word);
                bytes.InsertRange(at, Of(Tokens));
                break;
            default:
                bytes.InsertRange(at, Of(Tokens));
                break;
        }
    }

    private static int Word(List<byte> bytes, int at)
    {
        var end = at;
        while (end < bytes.Count && char.IsAsciiLetterOrDigit((char)bytes[end]))
        {
            end++;
        }

        return end - at;
    }
#pragma warning restore CA5394
}
