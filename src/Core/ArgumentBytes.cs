using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>
/// What a program is given are bytes, of which the runtime makes text: each that is no UTF-8 becomes U+FFFD, and names that differ in it alone
/// become one. Here it becomes half a surrogate pair, which no text has (as in https://peps.python.org/pep-0383/).
/// </summary>
internal static class ArgumentBytes
{
    private const char Escape = '\udc00';

    private const char Replacement = '\ufffd';

    /// <summary>The arguments of this process with all their bytes, as far as the kernel tells them.</summary>
    /// <param name="args">As the runtime has them.</param>
    public static IReadOnlyList<string> Of(string[] args)
    {
        if (!args.Any(arg => arg.Contains(Replacement, StringComparison.Ordinal)))
        {
            return args;
        }

        try
        {
            var all = Split(File.ReadAllBytes("/proc/self/cmdline"));
            var given = all.GetRange(Math.Max(0, all.Count - args.Length), Math.Min(all.Count, args.Length));
            return given.Count == args.Length && given.Zip(args).All(pair => Shown(pair.First) == pair.Second) ? given : args;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return args;
        }
    }

    /// <summary>Text that stands for bytes.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (!bytes.IsEmpty)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var taken) == System.Buffers.OperationStatus.Done)
            {
                _ = text.Append(rune.ToString());
            }
            else
            {
                taken = 1;
                _ = text.Append((char)(Escape + bytes[0]));
            }

            bytes = bytes[taken..];
        }

        return text.ToString();
    }

    /// <summary>Whether all of it is text.</summary>
    public static bool IsText(string argument) => !argument.Where((_, i) => IsByte(argument, i)).Any();

    /// <summary>The bytes that it stands for.</summary>
    public static byte[] Bytes(string argument)
    {
        if (IsText(argument))
        {
            return Encoding.UTF8.GetBytes(argument);
        }

        var bytes = new List<byte>(argument.Length);
        for (var from = 0; from < argument.Length;)
        {
            var to = from;
            while (to < argument.Length && !IsByte(argument, to))
            {
                to++;
            }

            bytes.AddRange(Encoding.UTF8.GetBytes(argument[from..to]));
            if (to < argument.Length)
            {
                bytes.Add((byte)(argument[to] - Escape));
            }

            from = to + 1;
        }

        return [.. bytes];
    }

    /// <summary>As it is printed.</summary>
    public static string Shown(string argument) => Encoding.UTF8.GetString(Bytes(argument));

    private static bool IsByte(string text, int i) =>
        text[i] is >= (char)(Escape + 0x80) and <= (char)(Escape + 0xff) && (i == 0 || !char.IsHighSurrogate(text[i - 1]));

    private static List<string> Split(byte[] line)
    {
        var all = new List<string>();
        for (var rest = line.AsSpan(); rest.IndexOf((byte)0) is >= 0 and var end; rest = rest[(end + 1)..])
        {
            all.Add(Text(rest[..end]));
        }

        return all;
    }
}
