using System.Buffers;

namespace VertexAr.Backup.Core;

/// <summary>
/// What another program prints, line by line and from one thread, without what may be a secret. A private key comes in many lines, of
/// which only the first says what it is.
/// </summary>
/// <param name="heard">Told each line that may be shown, as it was printed unless something in it is hidden.</param>
internal sealed class RedactedLines(Action<string> heard)
{
    private const string KeyBegins = "-----BEGIN ";
    private const string KeyEnds = "-----END ";

    private static readonly SearchValues<char> Base64 = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");

    private bool isInKey;

    public void Hear(string line)
    {
        if (isInKey && !IsOfKey(line))
        {
            // It was no key, or had no end: whatever this is, it is not hidden for it.
            isInKey = false;
        }

        if (!isInKey)
        {
            isInKey = line.LastIndexOf(KeyBegins, StringComparison.Ordinal) > line.LastIndexOf(KeyEnds, StringComparison.Ordinal);
            heard(Redaction.HoldsSecret(line) ? Redaction.Of(line) : line);
        }
        else if (line.Contains(KeyEnds, StringComparison.Ordinal))
        {
            isInKey = false;
        }
    }

    /// <summary>Base64, or a field of the head, as RFC 1421 has them, or the end.</summary>
    private static bool IsOfKey(string line)
    {
        var text = line.AsSpan().Trim();
        return text.IndexOf(KeyEnds, StringComparison.Ordinal) >= 0
            || text.StartsWith("Proc-Type:", StringComparison.Ordinal) || text.StartsWith("DEK-Info:", StringComparison.Ordinal)
            || !text.ContainsAnyExcept(Base64);
    }
}
