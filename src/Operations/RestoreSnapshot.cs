using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>A snapshot's content on its way back: by its file list, out of its packs.</summary>
internal sealed class RestoreSnapshot(SnapshotStore store, Snapshot snapshot, RunProgress progress, CancellationToken stop) : IRestorable
{
    private List<Gap>? absent;

    public string Title => $"snapshot {snapshot.Id}";

    public string Id => snapshot.Id.ToString();

    public SnapshotType Type => snapshot.Header.Type;

    public DateTimeOffset MadeAt => snapshot.Header.StartedAt;

    public IReadOnlyList<SourceSummary> Sources => snapshot.Header.Sources;

    public bool HasForeignPaths => snapshot.Header.Origin is not null;

    public (long Files, long Bytes) Count(IReadOnlySet<string> wanted, RestorePlan plan)
    {
        var (files, bytes) = (0L, 0L);
        Each(wanted, plan, entry =>
        {
            files += entry.HasContent ? 1 : 0;
            bytes = Units.Add(bytes, entry.Type == EntryType.File ? entry.Size : 0);
        });
        return (files, bytes);
    }

    /// <summary>The packs that a restore reads, each once, in the order of the pack table.</summary>
    public List<PackInfo> NeededPacks(IReadOnlySet<string> wanted, RestorePlan plan)
    {
        var ordinals = new HashSet<int>();
        Each(wanted, plan, entry => ordinals.UnionWith(entry.Pieces.Where(piece => !piece.IsHole).Select(piece => piece.Pack)));
        return [.. Whole(() => store.ReadPackTable(snapshot)).Where((_, ordinal) => ordinals.Contains(ordinal))];
    }

    public RestoreFill Fill(IReadOnlyDictionary<string, RestoreRoot> roots, RestorePlan plan)
    {
        using var list = Whole(() => store.OpenFileList(snapshot));
        using var content = new RestoreContent(store.Layout, Whole(() => store.ReadPackTable(snapshot)), plan, progress, stop);
        using var tree = new RestoreTree(content, snapshot, roots, plan, progress);
        try
        {
            tree.Run(list, stop);
        }
        catch (DamageError e)
        {
            throw Damaged(e);
        }
        catch (PosixError e) when (e.Number == PosixError.Exists)
        {
            // All directories were new and empty.
            throw Damaged(new DamageError("holds a path twice", e));
        }

        return new RestoreFill(tree.Files - content.Unwritable, tree.Bytes - content.RemovedBytes, content.Damaged, tree.MatchedSources) { Symlinks = tree.Symlinks, Losses = tree.Losses };
    }

    public void EachPath(IReadOnlySet<string> wanted, PathTaker take)
    {
        var starts = Starts(wanted);
        using var list = Whole(() => store.OpenFileList(snapshot));

        // Files are passed over once their path was seen, without reading the rest of the line.
        while (Whole(() => list.Read(path =>
            {
                Take(path, isDirectory: false);
                return false;
            })) is { } entry)
        {
            stop.ThrowIfCancellationRequested();
            Take(entry.Path, entry.Type == EntryType.Directory);
        }

        void Take(ReadOnlySpan<byte> path, bool isDirectory)
        {
            if (IsIn(starts, path))
            {
                take(path, isDirectory);
            }
        }
    }

    public IReadOnlySet<string> SqliteFiles(IReadOnlySet<string> files)
    {
        var found = new HashSet<string>();
        using var list = Whole(() => store.OpenFileList(snapshot));
        using var content = new PieceFetcher(store.Layout, Whole(() => store.ReadPackTable(snapshot)), check: true);
        while (Whole(() => list.Read(path => files.Contains(PathSelection.Key(path)))) is { } entry)
        {
            stop.ThrowIfCancellationRequested();
            if (files.Contains(PathSelection.Key(entry.Path)) && MayBeSqlite(entry, content))
            {
                found.Add(PathSelection.Key(entry.Path));
            }
        }

        return found;
    }

    public TreeGaps Gaps(SourceSummary source)
    {
        if (source.Kind == SourceKind.Database)
        {
            return TreeGaps.None;
        }

        // Earlier versions did not always say which source it is that is partial.
        var isPartial = source.State != SourceState.Complete
            || (snapshot.Header.State == SnapshotState.Partial && Array.TrueForAll(snapshot.Header.Sources, one => one.State == SourceState.Complete));
        var start = Posix.Bytes(source.Name);
        return TreeGaps.Of(source, source.Absent > 0 ? [.. Absent().Where(gap => IsIn([start], gap.Path))] : [], isPartial);
    }

    public void EachEntry(IReadOnlySet<string> wanted, RestorePlan plan, Action<FileEntry> take)
    {
        var starts = Starts(wanted);
        using var list = Whole(() => store.OpenFileList(snapshot));
        while (Whole(() => list.Read()) is { } entry)
        {
            stop.ThrowIfCancellationRequested();
            if (plan.Selection.IsWanted(entry.Path, entry.Type == EntryType.Directory) && IsIn(starts, entry.Path))
            {
                take(entry);
            }
        }
    }

    /// <summary>What the list names as absent.</summary>
    private List<Gap> Absent()
    {
        if (absent is null)
        {
            var found = new List<Gap>();
            using var list = Whole(() => store.OpenFileList(snapshot));
            list.Absent = entry => found.Add(new Gap(entry.Path, entry.Reason!));
            while (Whole(() => list.Read(static _ => false)) is not null)
            {
                stop.ThrowIfCancellationRequested();
            }

            absent = found;
        }

        return absent;
    }

    /// <summary>An empty one may have everything in its log; a hard link has no content of its own here, and a pack may be damaged or still elsewhere.</summary>
    private static bool MayBeSqlite(FileEntry entry, PieceFetcher content)
    {
        if (entry.Type != EntryType.File || entry.Size == 0)
        {
            return entry.Type is EntryType.File or EntryType.HardLink;
        }

        var begin = new List<byte>();
        try
        {
            if (!entry.Pieces[0].IsHole)
            {
                content.Fetch(entry.Pieces[0], bytes => begin.AddRange(bytes.Span[..Math.Min(bytes.Length, SqliteFile.Magic.Length)]));
            }

            return begin.Take(SqliteFile.Magic.Length).SequenceEqual(SqliteFile.Magic.ToArray());
        }
        catch (Exception e) when (e is DamageError or UserError or PosixError)
        {
            return true;
        }
    }

    private static List<byte[]> Starts(IReadOnlySet<string> sources) => [.. sources.Select(name => Posix.Bytes(name))];

    private static bool IsIn(List<byte[]> starts, ReadOnlySpan<byte> path)
    {
        foreach (var start in starts)
        {
            if (path.StartsWith(start) && (path.Length == start.Length || path[start.Length] == '/'))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Calls for each file and link that is wanted.</summary>
    private void Each(IReadOnlySet<string> wanted, RestorePlan plan, Action<FileEntry> take) => EachEntry(wanted, plan, entry =>
    {
        if (entry.Type != EntryType.Directory)
        {
            take(entry);
        }
    });

    private T Whole<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (DamageError e)
        {
            throw Damaged(e);
        }
    }

    private UserError Damaged(DamageError error) => UserError.Failed(
        $"{Title} is damaged: it {error.Message}",
        "nothing was changed; use another snapshot: 'vertex-ar-backup verify' tells which are whole",
        error);
}
