using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>
/// A backup of the Python system on its way back, without a repository. All of what is asked for is read and checked before
/// there is anything to restore: when somebody is asked whether to go on, it is known to be whole.
/// </summary>
internal sealed class RestorePython : IRestorable
{
    private readonly PythonBackup backup;
    private readonly PythonNames names;
    private readonly RunProgress progress;
    private readonly CancellationToken stop;
    private readonly Dictionary<string, (PythonArchive Archive, PythonFindings Found)> content = [];

    /// <param name="backup">What to restore.</param>
    /// <param name="only">Its database or its storage; null for both.</param>
    /// <param name="names">What sources are called here.</param>
    /// <param name="clock">Whose zone the backup's time is in.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="UserError">It is damaged, or not all there.</exception>
    public RestorePython(PythonBackup backup, SourceKind? only, PythonNames names, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        (this.backup, this.names, this.progress, this.stop) = (backup, names, progress, stop);
        MadeAt = WallClock.ToInstant(backup.LocalTime, clock.LocalTimeZone);
        var wanted = backup.Archives.Where(archive => only is null || archive.Kind == only).ToList();
        if (backup.Problem is { } problem && (only is null || wanted.Count == 0))
        {
            throw Damaged(backup.Name, new DamageError(problem));
        }

        progress.Expect(Units.Sum(wanted.Select(archive => archive.Bytes)));
        foreach (var archive in wanted)
        {
            content.Add(names.Of(archive).Name, (archive, Check(archive)));
        }

        Sources = [.. content.Select(one => Summary(one.Key, one.Value.Archive, one.Value.Found))];
    }

    public string Title => backup.Name;

    public string Id => backup.Name;

    public SnapshotType Type => backup.Type;

    public DateTimeOffset MadeAt { get; }

    public IReadOnlyList<SourceSummary> Sources { get; }

    public bool HasForeignPaths => true;

    public (long Files, long Bytes) Count(IReadOnlySet<string> wanted, RestorePlan plan)
    {
        var (files, bytes) = (0L, 0L);
        Func<byte[], bool, bool> isWanted = (path, isDirectory) => plan.Selection.IsWanted(path, isDirectory);
        foreach (var (name, (archive, found)) in content.Where(one => wanted.Contains(one.Key)))
        {
            if (archive.Kind == SourceKind.Database)
            {
                if (isWanted(DatabasePath(name), false))
                {
                    (files, bytes) = (files + 1, Units.Add(bytes, found.Bytes));
                }

                continue;
            }

            PythonListing.Read(
                archive,
                found.Top,
                name,
                entry =>
                {
                    if (entry.Type != EntryType.Directory && isWanted(entry.Path, false))
                    {
                        (files, bytes) = (files + (entry.HasContent ? 1 : 0), Units.Add(bytes, entry.Type == EntryType.File ? entry.Size : 0));
                    }
                },
                stop);
        }

        return (files, bytes);
    }

    public void EachPath(IReadOnlySet<string> wanted, PathTaker take)
    {
        foreach (var (name, (archive, found)) in content.Where(one => wanted.Contains(one.Key)))
        {
            if (archive.Kind == SourceKind.Database)
            {
                take(DatabasePath(name), isDirectory: false);
            }
            else
            {
                PythonListing.Read(archive, found.Top, name, entry => take(entry.Path, entry.Type == EntryType.Directory), stop);
            }
        }
    }

    public void EachEntry(IReadOnlySet<string> wanted, RestorePlan plan, Action<FileEntry> take)
    {
        foreach (var (name, (archive, found)) in content.Where(one => wanted.Contains(one.Key) && one.Value.Archive.Kind == SourceKind.Storage))
        {
            PythonListing.Read(archive, found.Top, name, entry =>
            {
                if (plan.Selection.IsWanted(entry.Path, entry.Type == EntryType.Directory))
                {
                    take(entry);
                }
            }, stop);
        }
    }

    /// <summary>An archive can only be read from its beginning: all may be.</summary>
    public IReadOnlySet<string> SqliteFiles(IReadOnlySet<string> files) => files;

    /// <summary>Such a backup does not say what it lacks.</summary>
    public TreeGaps Gaps(SourceSummary source) => TreeGaps.None;

    public RestoreFill Fill(IReadOnlyDictionary<string, RestoreRoot> roots, RestorePlan plan)
    {
        var filled = new RestoreFill(0, 0, [], new HashSet<string>()) { Losses = new RestoreLosses { Distrust = plan.Distrust } };
        var matched = new HashSet<string>();
        Func<byte[], bool, bool> isWanted = (path, isDirectory) => plan.Selection.IsWanted(path, isDirectory);
        foreach (var (name, root) in roots)
        {
            var (archive, found) = content[name];
            RequireSpace(root.Path, found);
            if (root.Detours.Count > 0)
            {
                throw UserError.Failed(
                    $"something is mounted inside the tree of {archive.Name}, at {string.Join(" and ", root.Detours.Keys)}",
                    "nothing was changed; restore elsewhere with --to DIR, and copy from there");
            }

            try
            {
                var (files, bytes, symlinks, any) = archive.Kind == SourceKind.Database
                    ? FillDatabase(name, root.Path, isWanted)
                    : FillTree(name, root.Path, plan, isWanted, filled.Losses);
                filled = filled with { Files = filled.Files + files, Bytes = Units.Add(filled.Bytes, bytes), Symlinks = filled.Symlinks + symlinks };
                _ = any && matched.Add(name);
            }
            catch (DamageError e)
            {
                throw Damaged(archive.Name, e);
            }
        }

        return filled with { Matched = matched };
    }

    private static UserError Damaged(string name, DamageError error) => UserError.Failed(
        $"{name} {error.Message}",
        "nothing was changed; use another backup, or look for another copy of its files",
        error);

    private PythonFindings Check(PythonArchive archive)
    {
        foreach (var remark in archive.Remarks)
        {
            progress.Say(Severity.Warning, remark, archive.Name);
        }

        try
        {
            var found = PythonCheck.Run(archive, progress, stop);
            foreach (var warning in found.Warnings)
            {
                progress.Say(Severity.Warning, warning.Reason, warning.Path);
            }

            return found;
        }
        catch (DamageError e)
        {
            throw Damaged(archive.Name, e);
        }
    }

    private SourceSummary Summary(string name, PythonArchive archive, PythonFindings found) => new()
    {
        Name = name,
        Kind = archive.Kind,
        Path = names.Of(archive).Path,
        Files = found.Files,
        Directories = found.Directories,
        Symlinks = found.Symlinks,
        Bytes = found.Bytes,
        NewBytes = 0,
    };

    private byte[] DatabasePath(string name) => Encoding.UTF8.GetBytes($"{name}/{Path.GetFileName(names.Of(content[name].Archive).Path)}");

    private (long Files, long Bytes, long Symlinks, bool Any) FillDatabase(string name, string root, Func<byte[], bool, bool> isWanted)
    {
        var (archive, found) = content[name];
        var path = DatabasePath(name);
        if (!isWanted(path, false))
        {
            return (0, 0, 0, false);
        }

        var place = names.Of(archive);
        PythonDatabase.Copy(
            archive, found, Path.Combine(root, Path.GetFileName(place.Path)), PythonDatabase.Describe(archive, place, path), progress, stop);
        progress.AddFile();
        return (1, found.Bytes, 0, true);
    }

    private (long Files, long Bytes, long Symlinks, bool Any) FillTree(
        string name, string root, RestorePlan plan, Func<byte[], bool, bool> isWanted, RestoreLosses losses)
    {
        var (archive, found) = content[name];
        var above = Encoding.UTF8.GetBytes(name);
        using var unpack = new PythonUnpack(
            root, aside: null, (path, isDirectory) => isWanted(path.Length == 0 ? above : [.. above, (byte)'/', .. path], isDirectory), progress, losses)
        {
            Source = name,
        };
        if (plan.Paths.Count > 0)
        {
            unpack.FindStandIns(archive, found, stop);
        }

        unpack.Run(archive, found, stop);
        return (unpack.Files, unpack.Bytes, unpack.Symlinks, unpack.HasMatched);
    }

    private void RequireSpace(string root, PythonFindings found)
    {
        var free = Posix.Space(root).Available;
        if (found.Bytes > free)
        {
            throw UserError.Failed(
                $"{backup.Name} takes {Units.Size(found.Bytes)} when it is unpacked, and {Units.Size(free)} are free where it is to be",
                "nothing was changed; free some space, or restore elsewhere with --to DIR");
        }
    }
}
