using System.Text;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>Goes through an archive of the Python system without unpacking it.</summary>
internal static class PythonListing
{
    /// <param name="archive">What to read.</param>
    /// <param name="top">The folder in it that stands for the tree; null if nobody looked yet.</param>
    /// <param name="name">What the tree is called here.</param>
    /// <param name="take">Is given each file, directory and link, with its path as a file list would have it.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="Core.DamageError">It is damaged.</exception>
    public static void Read(PythonArchive archive, byte[]? top, string name, Action<FileEntry> take, CancellationToken stop)
    {
        var above = Encoding.UTF8.GetBytes(name);
        var folder = top ?? FindTop(archive, stop);
        Each(archive, entry =>
        {
            if (entry.Type is not null)
            {
                var described = Describe(entry, Listed(entry.Path));
                take(entry.Type == EntryType.HardLink ? described with { Target = Listed(entry.Target!) } : described);
            }
        }, stop);

        byte[] Listed(byte[] path) => TarTree.Below(folder, path) is { Length: > 0 } below ? [.. above, (byte)'/', .. below] : above;
    }

    /// <summary>A member as an entry of a file list.</summary>
    public static FileEntry Describe(TarEntry entry, byte[] path) => new()
    {
        Path = path,
        Type = entry.Type!.Value,
        Mode = entry.Mode,
        Uid = entry.Uid,
        Gid = entry.Gid,
        User = entry.User,
        Group = entry.Group,
        Size = entry.Size,
        Modified = entry.Modified,
        Changed = entry.Modified,
        Inode = 0,
        Target = entry.Target,
    };

    private static byte[] FindTop(PythonArchive archive, CancellationToken stop)
    {
        var tree = new TarTree();
        Each(archive, tree.Add, stop);
        return tree.Top;
    }

    private static void Each(PythonArchive archive, Action<TarEntry> take, CancellationToken stop)
    {
        using var content = new PythonContent(archive, _ => stop.ThrowIfCancellationRequested());
        using var stream = PythonCompression.Open(archive, content);
        var entries = new TarEntries(stream);
        while (entries.Next() is { } entry)
        {
            take(entry);
        }
    }
}
