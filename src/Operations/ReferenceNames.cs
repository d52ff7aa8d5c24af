using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>Names in a file, since there may be more than belong into memory. The file has no name of its own, and does not outlive this process.</summary>
internal sealed class ReferenceNames : IDisposable
{
    private readonly FileStream file;

    /// <param name="path">Where the file may be for a moment.</param>
    public ReferenceNames(string path)
    {
        // 0600 from its first moment: it holds what only the application knows.
        file = new FileStream(AtomicFile.Create(path, 0x180), FileAccess.ReadWrite, 64 * 1024);
        AtomicFile.RemoveIfThere(path);
    }

    public int Count { get; private set; }

    /// <summary>Adds a name that is no longer than a path may be.</summary>
    public void Add(ReadOnlySpan<byte> name)
    {
        Span<byte> length = [(byte)(name.Length >> 8), (byte)name.Length];
        file.Write(length);
        file.Write(name);
        Count++;
    }

    /// <summary>Puts what was added into the file.</summary>
    public void Flush() => file.Flush();

    /// <summary>All names, in the order in which they were added.</summary>
    public IEnumerable<byte[]> Read()
    {
        file.Position = 0;
        var length = new byte[2];
        for (var i = 0; i < Count; i++)
        {
            file.ReadExactly(length);
            var name = new byte[(length[0] << 8) | length[1]];
            file.ReadExactly(name);
            yield return name;
        }
    }

    public void Dispose() => file.Dispose();
}
