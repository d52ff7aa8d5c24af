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
    private static volatile (byte[] Start, byte[] Place, bool IsWhole)[] known = [];

    /// <summary>From now on, this path and all that begin with it.</summary>
    /// <param name="path">Absolute and without links. Ends in a name that nothing else has, such as one with a time.</param>
    public static void Add(string path) => Add(Posix.Bytes(path), Posix.Bytes(path), isWhole: false);

    /// <summary>
    /// The same for a file and what lies next to it under longer names, if this is root and others can exchange something on the way: what is recorded
    /// of the file must not be of another than what is read. Another process' view of the files begins with a link of the kernel's, which is followed.
    /// </summary>
    /// <param name="file">Links resolved.</param>
    public static string Keep(string file)
    {
        if (Posix.IsRoot && !file.StartsWith("/proc/", StringComparison.Ordinal) && Exposure.Find(file, 0) is not null)
        {
            Add(file);
        }

        return file;
    }

    /// <summary>From now on, a directory and what is in it.</summary>
    /// <param name="directory">Absolute, as it will be given.</param>
    /// <param name="place">Where it is, without links.</param>
    public static void AddDirectory(string directory, string place)
    {
        Add(Posix.Bytes($"{directory}/"), Posix.Bytes($"{place}/"), isWhole: false);
        Add(Posix.Bytes(directory), Posix.Bytes(place), isWhole: true);
    }

    /// <summary>Whether this is such a path.</summary>
    public static bool Has(string path) => known.Length > 0 && Place(Posix.Bytes(path)) is not null;

    /// <summary>The directory above such a path, open, and <paramref name="name"/> is what is left of it. Null, and nothing changes, for all others.</summary>
    /// <param name="dir">Where the name is given from: only absolute paths are looked at.</param>
    /// <param name="name">A name or a path.</param>
    /// <exception cref="PosixError">A directory on the way is not there, or is a link.</exception>
    public static SafeFileHandle? Above(SafeFileHandle dir, ref ReadOnlySpan<byte> name)
    {
        if (known.Length == 0 || !ReferenceEquals(dir, Posix.Here) || Place(name) is not { } place)
        {
            return null;
        }

        var slash = place.AsSpan().LastIndexOf((byte)'/');
        name = place.AsSpan(slash + 1);
        return NamedPlaces.Open(place.AsSpan(0, slash));
    }

    private static byte[]? Place(ReadOnlySpan<byte> name)
    {
        foreach (var (start, place, isWhole) in known)
        {
            if (isWhole ? name.SequenceEqual(start) : name.StartsWith(start))
            {
                return [.. place, .. name[start.Length..]];
            }
        }

        return null;
    }

    private static void Add(byte[] start, byte[] place, bool isWhole)
    {
        lock (Gate)
        {
            if (!Array.Exists(known, one => one.IsWhole == isWhole && one.Start.AsSpan().SequenceEqual(start)))
            {
                known = [.. known, (start, place, isWhole)];
            }
        }
    }
}
