using System.Buffers;
using System.Text;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// A query that yields paths which must be in the storage tree <paramref name="Storage"/>, once <paramref name="StripPrefix"/> is
/// taken from each that begins with it, and <paramref name="AddPrefix"/> put before it.
/// </summary>
internal sealed record ReferenceQuery(string Database, string Sql, string Storage, string StripPrefix, string AddPrefix)
{
    private readonly byte[] tree = Encoding.UTF8.GetBytes(Storage);
    private readonly byte[] strip = Encoding.UTF8.GetBytes(StripPrefix);
    private readonly byte[] add = Encoding.UTF8.GetBytes(AddPrefix);

    /// <summary>
    /// What a file list calls the path that a database names: without slashes in front, behind or doubled, and without "."
    /// for a directory. Empty if it names nothing. What is longer than any path is cut, and so found nowhere.
    /// </summary>
    public byte[] InList(ReadOnlySpan<byte> named)
    {
        if (named.IsEmpty)
        {
            return [];
        }

        ReadOnlySpan<byte> whole = [.. add, .. named.StartsWith(strip) ? named[strip.Length..] : named];
        var path = new ArrayBufferWriter<byte>(tree.Length + whole.Length + 1);
        path.Write(tree);
        foreach (var range in whole.Split((byte)'/'))
        {
            if (whole[range] is not ([] or [(byte)'.']))
            {
                path.Write("/"u8);
                path.Write(whole[range]);
            }
        }

        return path.WrittenCount == tree.Length ? [] : path.WrittenSpan[..Math.Min(path.WrittenCount, EntryRules.LongestPath + 1)].ToArray();
    }
}
