namespace VertexAr.Backup.Policy;

/// <summary>
/// Whether content is worth compressing, told from the content itself: pictures, videos and archives use every byte value
/// about equally often, which is what "already compressed" looks like whatever the file is called.
/// </summary>
internal static class Compressibility
{
    /// <summary>Bits per byte above which deflate gains next to nothing.</summary>
    private const double Dense = 7.6;

    /// <summary>Below this many bytes the tar header is much of the entry, and headers always compress.</summary>
    private const int Small = 4096;

    private const int SampleSize = 4096;

    /// <param name="content">The content, or its first part if it is long.</param>
    public static bool IsWorthCompressing(ReadOnlySpan<byte> content)
    {
        if (content.Length < Small)
        {
            return true;
        }

        // Begin, middle and end: the header of a media file is often plain while its body is not.
        Span<int> counts = stackalloc int[256];
        counts.Clear();
        var sample = Math.Min(SampleSize, content.Length / 3);
        Count(content[..sample], counts);
        Count(content.Slice((content.Length - sample) / 2, sample), counts);
        Count(content[^sample..], counts);
        return Entropy(counts, sample * 3) < Dense;
    }

    private static void Count(ReadOnlySpan<byte> bytes, Span<int> counts)
    {
        foreach (var b in bytes)
        {
            counts[b]++;
        }
    }

    /// <summary>Shannon's entropy in bits per byte, corrected for the sample's size (Miller and Madow).</summary>
    private static double Entropy(ReadOnlySpan<int> counts, int total)
    {
        var (sum, seen) = (0.0, 0);
        foreach (var count in counts)
        {
            if (count > 0)
            {
                sum += count * Math.Log2(count);
                seen++;
            }
        }

        return Math.Log2(total) - (sum / total) + ((seen - 1) / (2 * total * Math.Log(2)));
    }
}
