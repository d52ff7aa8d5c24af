namespace VertexAr.Backup.Model;

/// <summary>Why something that lies below a tree's top is no part of the tree.</summary>
internal enum ForeignKind
{
    /// <summary>The file of a configured database, or its log: saved by the database's own source.</summary>
    Database,

    /// <summary>Another configured tree, saved by its own source; or the tree itself once more, by way of a mount.</summary>
    Tree,

    /// <summary>A configured storage that is a single file, saved by its own source.</summary>
    File,

    /// <summary>The backup directory, or a second place that is a directory.</summary>
    Repository,

    /// <summary>What a restore put aside, or what one or a drill left when it was killed.</summary>
    Leftover,

    /// <summary>What the configuration excludes.</summary>
    Excluded,

    /// <summary>Something is mounted there, and <c>one_file_system</c> is on.</summary>
    Mount,

    /// <summary>A socket has no content and is made again by the program that listens on it.</summary>
    Socket,
}

internal static class ForeignKinds
{
    public static IReadOnlyList<ForeignKind> All { get; } =
    [
        ForeignKind.Database, ForeignKind.Tree, ForeignKind.File, ForeignKind.Repository, ForeignKind.Leftover, ForeignKind.Excluded, ForeignKind.Mount, ForeignKind.Socket,
    ];

    /// <summary>The word used in headers and in JSON output.</summary>
    public static string Word(this ForeignKind kind) => kind switch
    {
        ForeignKind.Database => "database",
        ForeignKind.Tree => "tree",
        ForeignKind.File => "file",
        ForeignKind.Repository => "repository",
        ForeignKind.Leftover => "leftover",
        ForeignKind.Excluded => "excluded",
        ForeignKind.Mount => "mount",
        ForeignKind.Socket => "socket",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, null),
    };

    /// <returns>Null for a word that this version does not know.</returns>
    public static ForeignKind? FromWord(string word)
    {
        foreach (var kind in All)
        {
            if (kind.Word() == word)
            {
                return kind;
            }
        }

        return null;
    }
}
