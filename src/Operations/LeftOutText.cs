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
        ForeignKind.Tree => $"is left out: it is the storage '{foreign.Source}', which is saved by itself",
        ForeignKind.Repository => "is left out: it is the backup directory",
        ForeignKind.Leftover => "is left out: an earlier restore put it aside",
        ForeignKind.Excluded => "is left out by 'exclude'",
        ForeignKind.Mount => "is left out: it is mounted there, and one_file_system is on",
        ForeignKind.Socket => "is a socket",
        _ => throw new ArgumentOutOfRangeException(nameof(foreign), foreign.Kind, null),
    };

    /// <summary>The end of a sentence that begins with the tree's name.</summary>
    public static string Unmatched(string pattern) => $"'exclude' has '{pattern}', which matched nothing";
}
