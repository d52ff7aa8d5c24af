using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>
/// The one tree in an archive. Python's <c>tar.add(path, arcname="storage")</c> puts everything below one folder, which stands
/// for the tree itself; an archive made by hand may lack it.
/// </summary>
internal sealed class TarTree
{
    private byte[]? first;
    private bool isBelowFirst = true;
    private bool isDirectory;
    private EntryType? onlyType;
    private long count;

    /// <summary>The folder that everything is below; empty if there is none.</summary>
    public byte[] Top => isBelowFirst && isDirectory ? first ?? [] : [];

    /// <summary>Where an entry is below the top; empty for the top itself.</summary>
    public static byte[] Below(byte[] top, byte[] path) =>
        top.Length == 0 ? path : path.Length > top.Length ? path[(top.Length + 1)..] : [];

    /// <summary>Takes note of a member on the way to knowing the top.</summary>
    public void Add(TarEntry entry)
    {
        var slash = entry.Path.AsSpan().IndexOf((byte)'/');
        var begin = slash < 0 ? entry.Path : entry.Path.AsSpan(0, slash);
        first ??= begin.ToArray();
        isBelowFirst &= begin.Length > 0 && begin.SequenceEqual(first);
        isDirectory |= slash >= 0 || entry.Type == EntryType.Directory;
        onlyType = entry.Type;
        count++;
    }

    /// <exception cref="DamageError">The archive holds no tree.</exception>
    public void RequireTree()
    {
        if (count == 0)
        {
            throw new DamageError("holds nothing at all");
        }

        if (count == 1 && onlyType == EntryType.Symlink)
        {
            throw new DamageError("holds no files: what was saved is a symlink, and not what it pointed to");
        }
    }
}
