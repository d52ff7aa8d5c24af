using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Names that this process made, or will make, in directories that others can change. Wherever one of them is given as an absolute path,
/// the directory above it is entered from the root down without following a link: whoever put one on the way since the path was resolved
/// does not lead us elsewhere.
/// </summary>
internal static class LinklessNames
{
    private static readonly Lock Gate = new();
    private static volatile byte[][] starts = [];

    /// <summary>From now on, this path and all that begin with it.</summary>
    /// <param name="path">Absolute and without links. Ends in a name that nothing else has, such as one with a time.</param>
    public static void Add(string path)
    {
        lock (Gate)
        {
            var bytes = Posix.Bytes(path);
            if (!Array.Exists(starts, start => start.AsSpan().SequenceEqual(bytes)))
            {
                starts = [.. starts, bytes];
            }
        }
    }

    /// <summary>The directory above such a path, open, and <paramref name="name"/> is what is left of it. Null, and nothing changes, for all others.</summary>
    /// <param name="dir">Where the name is given from: only absolute paths are looked at.</param>
    /// <param name="name">A name or a path.</param>
    /// <exception cref="PosixError">A directory on the way is not there, or is a link.</exception>
    public static SafeFileHandle? Above(SafeFileHandle dir, ref ReadOnlySpan<byte> name)
    {
        if (starts.Length == 0 || !ReferenceEquals(dir, Posix.Here) || !IsOurs(name))
        {
            return null;
        }

        var slash = name.LastIndexOf((byte)'/');
        var above = NamedPlaces.Open(name[..slash]);
        name = name[(slash + 1)..];
        return above;
    }

    private static bool IsOurs(ReadOnlySpan<byte> name)
    {
        foreach (var start in starts)
        {
            if (name.StartsWith(start))
            {
                return true;
            }
        }

        return false;
    }
}
