using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>Paths without symbolic links: what a path names in the end.</summary>
internal static class RealPath
{
    /// <summary>As many as the kernel follows.</summary>
    public const int MostLinks = 40;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>
    /// Resolves each link on the way, as far as the path exists and can be seen; what does not exist stays as it is written. SQLite
    /// does the same with a database's path, and keeps the log next to what it found. Never fails: opening the path will say why.
    /// </summary>
    /// <param name="path">Absolute.</param>
    public static string Of(string path) => Of(path, null);

    /// <summary>Whether something is at the end of a path, or may be: it cannot be looked at.</summary>
    /// <param name="path">Absolute.</param>
    public static bool MayBeThere(string path)
    {
        try
        {
            return Posix.StatusOrNull(path) is not null;
        }
        catch (PosixError)
        {
            return true;
        }
    }

    /// <summary>The same of what lies beside some places: a path that leads to one of them, by a link or a mount, is not beside it.</summary>
    /// <param name="places">Absolute.</param>
    public static Func<string, bool> MayBeThereBeside(IReadOnlyCollection<string> places)
    {
        var ours = new Lazy<HashSet<string>>(() => [.. places.Select(place => Of(place))]);
        var files = new Lazy<HashSet<(ulong, ulong)>>(() => [.. places.Select(FileStatus.IfSeen).OfType<FileStatus>().Select(place => (place.Device, place.Inode))]);
        return path => MayBeThere(path) && !ours.Value.Contains(Of(path)) && !(FileStatus.IfSeen(path) is { } there && files.Value.Contains((there.Device, there.Inode)));
    }

    /// <param name="path">Absolute.</param>
    /// <param name="followed">Is given the path of each link on the way.</param>
    public static string Of(string path, ICollection<string>? followed)
    {
        var (resolved, rest) = ("/", new Stack<string>(Parts(path)));
        for (var links = 0; rest.TryPop(out var part);)
        {
            var next = Path.GetFullPath(Path.Combine(resolved, part));
            if (LinkText(next) is not { } target)
            {
                resolved = next;
                continue;
            }

            if (++links > MostLinks)
            {
                return path;
            }

            followed?.Add(next);
            resolved = target.StartsWith('/') ? "/" : resolved;
            foreach (var step in Parts(target))
            {
                rest.Push(step);
            }
        }

        return resolved;
    }

    /// <summary>The text of a link; null for everything else, and for a text that no path of ours can hold.</summary>
    private static string? LinkText(string path)
    {
        try
        {
            return Strict.GetString(Posix.ReadLink(Posix.Here, Posix.Bytes(path)));
        }
        catch (Exception e) when (e is PosixError or DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>The names of a path, the last first, for a stack.</summary>
    public static IEnumerable<string> Parts(string path) => path.Split('/', StringSplitOptions.RemoveEmptyEntries).Reverse();
}
