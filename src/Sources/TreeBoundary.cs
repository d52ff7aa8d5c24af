using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Sources;

/// <summary>
/// Decides what below a tree's top is the tree's own, and what is foreign to it. A backup leaves foreign things out, and a restore in
/// place leaves them where they are; both ask here, so that neither moves what the other did not save. What is below something
/// foreign is foreign as well: nobody needs to look there.
/// </summary>
internal sealed class TreeBoundary
{
    private readonly FileStatus top;
    private readonly ForeignPlaces places;
    private readonly bool oneFileSystem;
    private readonly List<IgnoreRules> excludes;
    private readonly Dictionary<ulong, bool> boundOverThemselves = [];

    /// <param name="top">The tree's top directory.</param>
    /// <param name="places">Where the databases, the trees (this one among them) and the repository are.</param>
    /// <param name="oneFileSystem">Whether what is mounted in the tree is foreign.</param>
    /// <param name="excludes">Lists of patterns; what any of them excludes is foreign. A restore gives those in force now and those of the snapshot.</param>
    public TreeBoundary(in FileStatus top, ForeignPlaces places, bool oneFileSystem, params IEnumerable<IReadOnlyList<string>> excludes)
    {
        this.top = top;
        this.places = places;
        this.oneFileSystem = oneFileSystem;
        this.excludes = [.. excludes.Select(patterns => new IgnoreRules(patterns))];
    }

    /// <summary>Patterns that have left nothing out, and taken nothing back in, so far.</summary>
    public IEnumerable<string> UnmatchedPatterns => excludes.SelectMany(rules => rules.Unmatched);

    /// <summary>Whether one name in the tree is foreign to it; null if it is the tree's own.</summary>
    /// <param name="directory">The directory that holds the name, open.</param>
    /// <param name="directoryStatus">The same directory as the kernel described it.</param>
    /// <param name="path">The path below the top, without a slash in front; it ends in the name.</param>
    /// <param name="status">What is under the name now, links not followed.</param>
    /// <exception cref="PosixError">The database next to what may be its log cannot be looked at.</exception>
    public Foreign? Of(SafeFileHandle directory, in FileStatus directoryStatus, ReadOnlySpan<byte> path, in FileStatus status)
    {
        var name = path[(path.LastIndexOf((byte)'/') + 1)..];
        var foreign = status.IsDirectory || status.IsRegular ? places.Of(status) : null;
        if (foreign is null && !status.IsDirectory)
        {
            foreign = places.OfFile(directoryStatus, name);
        }

        foreign ??= OfOther(name, path, status);
        return foreign is null && !status.IsDirectory ? OfDatabase(directory, directoryStatus, path) : foreign;
    }

    private Foreign? OfOther(ReadOnlySpan<byte> name, ReadOnlySpan<byte> path, in FileStatus status)
    {
        if (LeftoverName.Is(name))
        {
            return new Foreign(ForeignKind.Leftover);
        }

        if (IsExcluded(path, status.IsDirectory))
        {
            return new Foreign(ForeignKind.Excluded);
        }

        return oneFileSystem && IsMount(status) ? new Foreign(ForeignKind.Mount)
            : status.IsSocket ? new Foreign(ForeignKind.Socket) : null;
    }

    /// <summary>
    /// What a database is, its companions are: SQLite would replay a log that is replaced without its database, and would miss one that is
    /// taken away, whether that is a further name of a configured one or a file that nobody saves.
    /// </summary>
    private Foreign? OfDatabase(SafeFileHandle directory, in FileStatus directoryStatus, ReadOnlySpan<byte> path)
    {
        var database = SqliteCompanions.DatabaseOf(path);
        var name = database[(database.LastIndexOf((byte)'/') + 1)..];
        if (name.IsEmpty)
        {
            return null;
        }

        try
        {
            return Posix.StatusAt(directory, name) is { IsRegular: true } file && Of(directory, directoryStatus, database, file) is { } foreign
                && (foreign.Kind == ForeignKind.Database || SqliteLog.IsOfDatabase(directory, name)) ? foreign : null;
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return null;
        }
    }

    /// <summary>
    /// A directory of another device is another file system (or a subvolume) even where the kernel does not number mounts. Files of an
    /// overlay may have another device than its directories, so for them only the mount counts. What is bound over itself is no mount to a
    /// user: only the sandbox of the service has it.
    /// </summary>
    private bool IsMount(in FileStatus status) =>
        (status.IsDirectory && status.Device != top.Device) || (status.MountId != top.MountId && !IsBoundOverItself(status.MountId));

    private bool IsBoundOverItself(ulong mount)
    {
        if (!boundOverThemselves.TryGetValue(mount, out var known))
        {
            known = MountTable.Read().IsBoundOverItself(top.MountId, mount);
            boundOverThemselves.Add(mount, known);
        }

        return known;
    }

    private bool IsExcluded(ReadOnlySpan<byte> path, bool isDirectory)
    {
        foreach (var rules in excludes)
        {
            if (rules.Excludes(path, isDirectory))
            {
                return true;
            }
        }

        return false;
    }
}
