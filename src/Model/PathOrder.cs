namespace VertexAr.Backup.Model;

/// <summary>
/// The order of a file list: by bytes, with the slash before every other byte. It is the order in which a walk meets the
/// names when it visits each directory's entries sorted by bytes, and a directory's content right after the directory.
/// </summary>
internal static class PathOrder
{
    public static int Compare(ReadOnlySpan<byte> left, ReadOnlySpan<byte> right)
    {
        var common = left.CommonPrefixLength(right);
        if (common == left.Length || common == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        return Rank(left[common]) - Rank(right[common]);
    }

    private static int Rank(byte b) => b == '/' ? 0 : b;
}
