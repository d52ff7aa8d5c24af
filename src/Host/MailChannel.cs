using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Host;

/// <summary>
/// Mail through the machine's sendmail, which reads the receiver out of the head (-t). No line of the head holds text of
/// others but encoded, so that none of it can become a line of its own.
/// </summary>
internal sealed class MailChannel(string to, string sendmail) : IChannel
{
    // RFC 5322 allows 998 bytes in a line; RFC 2047 75 characters in an encoded word, of which 12 are its frame.
    private const int LongestLine = 900;
    private const int BytesInWord = 42;
    private const int LongestSubject = 200;

    // ChildProcess may need this long to end one that hangs.
    private static readonly TimeSpan ToEnd = TimeSpan.FromSeconds(3);

    public string Name => "mail";

    public string? Tell(Message message, Patience patience)
    {
        var toEnd = patience.Left / 2 < ToEnd ? patience.Left / 2 : ToEnd;
        if (toEnd <= TimeSpan.Zero)
        {
            return $"no time was left for {sendmail}";
        }

        var last = "";
        var end = ChildProcess.Run(
            [sendmail, "-i", "-t"],
            new ChildOptions
            {
                Timeout = patience.Left - toEnd,
                Grace = TimeSpan.FromSeconds(1),
                Input = Compose(to, message),
                Environment = ChildEnvironment.Choose([]),
                IsEnvironmentChosen = true,
                Said = line => last = line.Length > 0 ? line : last,
            },
            patience.Stop);
        return end.Succeeded ? null : $"{sendmail} {end.Problem}{(last.Length > 0 ? ": " + Redaction.Of(last) : "")}";
    }

    public static string Compose(string to, Message message)
    {
        var mail = new StringBuilder();
        Line("To: " + OneLine(to));
        Line("Subject: " + Encoded(message.Subject));
        Line("Auto-Submitted: auto-generated");
        Line("MIME-Version: 1.0");
        Line("Content-Type: text/plain; charset=utf-8");
        Line("Content-Transfer-Encoding: 8bit");
        Line("");
        foreach (var line in message.Text.Split('\n').SelectMany(Folded))
        {
            Line(line);
        }

        return mail.ToString();

        void Line(string text) => mail.Append(text).Append('\n');
    }

    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c)).Trim();

    private static string Encoded(string text)
    {
        var line = OneLine(text);
        line = line.Length <= LongestSubject ? line : line[..LongestSubject];
        return Ascii.IsValid(line) && !line.Contains("=?", StringComparison.Ordinal)
            ? line
            : string.Join("\n ", Parts(line, BytesInWord).Select(part => $"=?utf-8?B?{Convert.ToBase64String(Encoding.UTF8.GetBytes(part))}?="));
    }

    private static IEnumerable<string> Folded(string line) => line.Length == 0 ? [""] : Parts(line.TrimEnd('\r'), LongestLine);

    /// <summary>Pieces of at most so many bytes, each of whole characters.</summary>
    private static IEnumerable<string> Parts(string text, int bytes)
    {
        var (part, size) = (new StringBuilder(), 0);
        foreach (var rune in text.EnumerateRunes())
        {
            if (size + rune.Utf8SequenceLength > bytes)
            {
                yield return part.ToString();
                (size, _) = (0, part.Clear());
            }

            part.Append(rune.ToString());
            size += rune.Utf8SequenceLength;
        }

        yield return part.ToString();
    }
}
