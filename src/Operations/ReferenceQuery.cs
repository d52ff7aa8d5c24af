using System.Runtime.InteropServices;
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

    /// <summary>Other sources that lie in the tree.</summary>
    public IReadOnlyList<InnerPlace> Inner { get; init; } = [];

    /// <summary>
    /// What a file list calls the path that a database names: without slashes in front, behind or doubled, and without "."
    /// for a directory, or ".." behind one. Empty if it names nothing. What is longer than any path is cut, and so found nowhere.
    /// </summary>
    public byte[] InList(ReadOnlySpan<byte> named)
    {
        if (named.IsEmpty)
        {
            return [];
        }

        ReadOnlySpan<byte> whole = [.. add, .. named.StartsWith(strip) ? named[strip.Length..] : named];
        var path = new List<byte>(tree);
        foreach (var range in whole.Split((byte)'/'))
        {
            switch (whole[range])
            {
                case [] or [(byte)'.']:
                    break;
                case [(byte)'.', (byte)'.'] when path.Count > tree.Length && !CollectionsMarshal.AsSpan(path).EndsWith("/.."u8):
                    path.RemoveRange(path.LastIndexOf((byte)'/'), path.Count - path.LastIndexOf((byte)'/'));
                    break;
                case var part:
                    path.Add((byte)'/');
                    path.AddRange(part);
                    break;
            }
        }

        return path.Count == tree.Length ? [] : InSource(CollectionsMarshal.AsSpan(path)[..Math.Min(path.Count, EntryRules.LongestPath + 1)]);
    }

    private byte[] InSource(ReadOnlySpan<byte> path)
    {
        foreach (var place in Inner)
        {
            if (place.Translate(path) is { } own)
            {
                return own;
            }
        }

        return path.ToArray();
    }
}
