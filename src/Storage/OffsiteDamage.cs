using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// What a check of the second place found damaged: paths below its top, remembered for the next copy, which replaces what is
/// still whole here. A note that is lost is found out again by the next check.
/// </summary>
internal static class OffsiteDamage
{
    /// <summary>More than this is not noted at once: what was noted is replaced, and the next check notes the rest.</summary>
    private const int Most = 100_000;

    public static HashSet<string> Read(Layout layout)
    {
        try
        {
            return [.. RegularFile.ReadLines(layout.OffsiteDamage).Where(line => line.Length > 0).Take(Most)];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <exception cref="PosixError">It cannot be written.</exception>
    public static void Write(Layout layout, IReadOnlyCollection<string> names)
    {
        if (names.Count == 0)
        {
            AtomicFile.RemoveIfThere(layout.OffsiteDamage);
            return;
        }

        AtomicFile.EnsureOwnDirectory(layout.Runs);
        AtomicFile.Write(
            $"{layout.OffsiteDamage}.tmp", layout.OffsiteDamage, string.Concat(names.Order(StringComparer.Ordinal).Take(Most).Select(name => name + "\n")));
    }
}
