using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>Directories by their paths, as a plan of steps looks at them.</summary>
internal sealed class DirectoryLook(NamedPlaces places)
{
    /// <summary>All names in one or both, in the order of their bytes; none of what is no directory.</summary>
    public SortedSet<byte[]> Names(byte[] live, byte[]? fresh)
    {
        var names = new SortedSet<byte[]>(Comparer<byte[]>.Create((one, other) => one.AsSpan().SequenceCompareTo(other)));
        foreach (var directory in fresh is null ? [live] : new[] { live, fresh })
        {
            if (places.StatusOrNull(directory) is { IsDirectory: true })
            {
                names.UnionWith(Read(directory));
            }
        }

        return names;
    }

    public bool IsEmpty(byte[] directory) => Read(directory).Count == 0;

    /// <summary>Mode, owner, time, ACLs and attributes.</summary>
    public DirectoryMeta Meta(byte[] path, in FileStatus status)
    {
        using var directory = Open(path);
        return DirectoryMeta.Of(status) with { Attributes = DirectoryAttributes.Read(directory) };
    }

    private DirectoryNames Read(byte[] path)
    {
        using var directory = Open(path);
        return DirectoryNames.Read(directory);
    }

    private SafeFileHandle Open(byte[] path)
    {
        var (above, name) = places.Find(path);
        return Posix.OpenDirectory(above, name);
    }
}
