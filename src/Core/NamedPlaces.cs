using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Names by absolute paths that hold no link: the directory above each is opened from the root down without following any, so
/// that nobody who may write on the way can lead us elsewhere. The directories used last stay open.
/// </summary>
internal sealed class NamedPlaces : IDisposable
{
    private const int MostOpen = 8;

    private readonly List<(byte[] Path, SafeFileHandle Directory)> open = [];

    /// <summary>The open directory above a path, and the name in it.</summary>
    /// <exception cref="PosixError">It is not there, or is a link.</exception>
    public (SafeFileHandle Directory, byte[] Name) Find(byte[] path)
    {
        var slash = path.AsSpan().LastIndexOf((byte)'/');
        return (Directory(path.AsSpan(0, slash)), path[(slash + 1)..]);
    }

    /// <summary>What a path names; null if nothing does.</summary>
    public FileStatus? StatusOrNull(byte[] path)
    {
        try
        {
            var (directory, name) = Find(path);
            return Posix.StatusAt(directory, name);
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory or PosixError.TooManySymlinks or PosixError.NameTooLong)
        {
            return null;
        }
    }

    /// <summary>Forgets what is open: directories may have changed places.</summary>
    public void Forget()
    {
        open.ForEach(one => one.Directory.Dispose());
        open.Clear();
    }

    public void Dispose() => Forget();

    private SafeFileHandle Directory(ReadOnlySpan<byte> path)
    {
        for (var i = 0; i < open.Count; i++)
        {
            if (path.SequenceEqual(open[i].Path))
            {
                return open[i].Directory;
            }
        }

        var directory = Open(path);
        if (open.Count == MostOpen)
        {
            open[0].Directory.Dispose();
            open.RemoveAt(0);
        }

        open.Add((path.ToArray(), directory));
        return directory;
    }

    /// <summary>Opens the directory above a path without links, and says which name is left.</summary>
    public static (SafeFileHandle Above, byte[] Name) OpenAbove(string path) =>
        (Open(Posix.Bytes((Path.GetDirectoryName(path) ?? throw new PosixError(PosixError.NotFound)).TrimEnd('/'))), Posix.Bytes(Path.GetFileName(path)));

    /// <summary>
    /// Opens a directory from the root down, following no link. One that may be searched but not listed, as a home often may be by
    /// others, can only be used to give names from.
    /// </summary>
    public static SafeFileHandle Open(ReadOnlySpan<byte> path)
    {
        var directory = path.Length > 0 ? Posix.OpenWay(Posix.Here, "/"u8) : Posix.OpenDirectory(Posix.Here, "/"u8);
        while (path.Length > 0)
        {
            path = path[1..];
            var end = path.IndexOf((byte)'/') is >= 0 and var slash ? slash : path.Length;
            using var above = directory;
            directory = end < path.Length ? Posix.OpenWay(above, path[..end]) : OpenLast(above, path);
            path = path[end..];
        }

        return directory;
    }

    private static SafeFileHandle OpenLast(SafeFileHandle above, ReadOnlySpan<byte> name)
    {
        try
        {
            return Posix.OpenDirectory(above, name);
        }
        catch (PosixError e) when (e.Number == PosixError.AccessDenied)
        {
            return Posix.OpenWay(above, name);
        }
    }
}
