using VertexAr.Backup.Config;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

/// <summary>
/// Finds patterns of <c>exclude</c> that are absolute paths of things outside of their tree. By its text alone such a pattern might
/// be meant for the tree: a copy of a whole system has a <c>/var/cache</c> of its own. The disk tells one from the other.
/// </summary>
internal static class ExcludeReach
{
    /// <exception cref="UserError">Exit code 2: one line for each.</exception>
    public static void Check(Settings settings)
    {
        var outside = settings.Storage.SelectMany(tree => tree.Exclude.Where(pattern => IsOutside(tree.Path, pattern)).Select(pattern =>
            $"'exclude' of the storage '{tree.Name}' has '{pattern}', an absolute path outside of {tree.Path}; "
            + "patterns begin at the top of the tree, and only what is in it can be left out: remove it")).ToList();
        if (outside.Count > 0)
        {
            throw UserError.Usage(string.Join('\n', outside));
        }
    }

    /// <summary>The tree has nothing of the pattern's first name, and the machine has its directories.</summary>
    private static bool IsOutside(string tree, string pattern)
    {
        var path = pattern.TrimStart('!');
        if (tree == "/" || !path.StartsWith('/') || !IsThere(tree))
        {
            return false;
        }

        var names = path.Trim('/').Split('/').TakeWhile(name => name.AsSpan().IndexOfAny("*?[\\") < 0).ToList();
        var above = path.Trim('/').Contains('/', StringComparison.Ordinal) ? names.Count : 0;
        return above > 0 && !IsThere($"{tree}/{names[0]}")
            && (tree.StartsWith($"/{names[0]}/", StringComparison.Ordinal) || IsThere("/" + string.Join('/', names)));
    }

    private static bool IsThere(string path)
    {
        try
        {
            return Posix.StatusOrNull(path) is not null;
        }
        catch (PosixError)
        {
            return false;
        }
    }
}
