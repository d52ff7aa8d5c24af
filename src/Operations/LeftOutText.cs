using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>In words, why something is no part of a tree.</summary>
internal static class LeftOutText
{
    /// <summary>The rest of a sentence that begins with the path.</summary>
    public static string Reason(Foreign foreign) => foreign.Kind switch
    {
        ForeignKind.Database => $"is left out: it belongs to the database '{foreign.Source}', which is saved by itself",
        ForeignKind.Tree or ForeignKind.File => $"is left out: it is the storage '{foreign.Source}', which is saved by itself",
        ForeignKind.Repository => "is left out: it is the backup directory",
        ForeignKind.Leftover => "is left out: an earlier restore put it aside",
        ForeignKind.Excluded => "is left out by 'exclude'",
        ForeignKind.Mount => "is left out: it is mounted there, and one_file_system is on",
        ForeignKind.Socket => "is a socket",
        _ => throw new ArgumentOutOfRangeException(nameof(foreign), foreign.Kind, null),
    };

    /// <summary>The end of a sentence that begins with the tree's name.</summary>
    public static string Unmatched(string pattern) => $"'exclude' has '{pattern}', which matched nothing";

    /// <summary>All that was left out of a tree, in one line; empty if nothing was.</summary>
    public static string Sum(IEnumerable<LeftOut> leftOut) => string.Join(", ", leftOut.Select(Sum));

    private static string Sum(LeftOut left) => ForeignKinds.FromWord(left.Kind) switch
    {
        ForeignKind.Database => $"1 database (saved as '{left.Source}')",
        ForeignKind.Tree => $"1 tree (saved as '{left.Source}')",
        ForeignKind.File => $"1 file (saved as '{left.Source}')",
        ForeignKind.Repository => "the backup directory",
        ForeignKind.Leftover => $"{left.Count} from earlier restores",
        ForeignKind.Excluded => $"{left.Count} by exclude",
        ForeignKind.Mount => Units.Count(left.Count, "mount"),
        ForeignKind.Socket => Units.Count(left.Count, "socket"),
        // Of a later version, which knows more reasons.
        null => $"{left.Count} ({left.Kind})",
        _ => throw new ArgumentOutOfRangeException(nameof(left), left.Kind, null),
    };
}
