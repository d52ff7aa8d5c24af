using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>What can be restored: a snapshot, or what another program backed up. Where to, and how things take their places, is not its concern.</summary>
internal interface IRestorable
{
    /// <summary>For messages, as "snapshot 20261123T020000Z".</summary>
    string Title { get; }

    /// <summary>Its name, which commands take.</summary>
    string Id { get; }

    SnapshotType Type { get; }

    DateTimeOffset MadeAt { get; }

    IReadOnlyList<SourceSummary> Sources { get; }

    /// <summary>
    /// Whether the paths of its sources are those of a container or of another host, as backups of the Python system have them. In
    /// place, each then goes to the configured source of its name.
    /// </summary>
    bool HasForeignPaths { get; }

    /// <summary>Files and bytes that would be restored.</summary>
    /// <param name="wanted">The sources, by name.</param>
    /// <param name="plan">Which files of them.</param>
    (long Files, long Bytes) Count(IReadOnlySet<string> wanted, RestorePlan plan);

    /// <summary>Goes through everything that some sources hold, in order.</summary>
    /// <param name="wanted">The sources, by name.</param>
    /// <param name="take">Is given each path, its source's name first, and whether it is a directory.</param>
    void EachPath(IReadOnlySet<string> wanted, PathTaker take);

    /// <summary>Goes through what would be restored, directories among it, in order.</summary>
    /// <param name="wanted">The sources, by name.</param>
    /// <param name="plan">Which files of them.</param>
    /// <param name="take">Is given each, with its owner and mode.</param>
    void EachEntry(IReadOnlySet<string> wanted, RestorePlan plan, Action<FileEntry> take);

    /// <summary>Which of some files are SQLite databases; one whose content cannot be read now may be one, and counts.</summary>
    /// <param name="files">Their paths in the list, as keys of <see cref="PathSelection.Key"/>.</param>
    IReadOnlySet<string> SqliteFiles(IReadOnlySet<string> files);

    /// <summary>What was in one of its trees and is not in it.</summary>
    /// <exception cref="Core.UserError">It is damaged.</exception>
    TreeGaps Gaps(SourceSummary source);

    /// <summary>Restores into empty directories, one for each source, by name. Those of which nothing was wanted stay empty.</summary>
    /// <exception cref="Core.UserError">It is damaged, or the system refuses.</exception>
    RestoreFill Fill(IReadOnlyDictionary<string, RestoreRoot> roots, RestorePlan plan);
}

/// <summary>Takes a path of a file list.</summary>
internal delegate void PathTaker(ReadOnlySpan<byte> path, bool isDirectory);

/// <summary>What was restored into directories.</summary>
/// <param name="Files">Files written, hard links among them, as a snapshot counts them.</param>
/// <param name="Bytes">Bytes of content written.</param>
/// <param name="Damaged">What was left out for damage.</param>
/// <param name="Matched">Sources of which something was restored.</param>
internal sealed record RestoreFill(long Files, long Bytes, IReadOnlyList<PathWarning> Damaged, IReadOnlySet<string> Matched)
{
    /// <summary>Symlinks made.</summary>
    public long Symlinks { get; init; }

    /// <summary>What could not be given back besides content.</summary>
    public RestoreLosses Losses { get; init; } = new();
}
