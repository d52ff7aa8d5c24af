using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Writes the file list of a run, counts what goes into it, and gathers warnings. Entries are added by one thread.</summary>
internal sealed class CreateList(FileListWriter writer, RunStaging staging, PackRegistry packs, RunProgress progress)
{
    private readonly List<PathWarning> warnings = [];
    private readonly Dictionary<string, Counts> counts = [];
    private readonly Dictionary<(string Source, Foreign Foreign), (long Count, List<byte[]> Paths)> leftOut = [];
    private readonly Dictionary<string, DatabaseContent> contents = [];
    private readonly Dictionary<string, (SourceState State, string Reason)> states = [];
    private readonly List<(string Source, SourceState State, UserError Error)> failures = [];
    private readonly HashSet<string> byMtime = [];
    private bool hasAttributes;
    private bool hasSpecialFiles;
    private bool hasAbsent;
    private int settledPacks;

    /// <summary>Something was listed since the last check point, or was in a pack that was not finished then.</summary>
    private bool hasUnsettled;

    /// <summary>Told each path that is listed.</summary>
    public Action<ReadOnlySpan<byte>>? Listed { get; set; }

    /// <summary>Of something that is listed the attributes could not be read: that its line has none says nothing. Set by any thread.</summary>
    public bool HasUnreadAttributes { get; set; }

    /// <summary>Something that should be in the snapshot is not, or not as it should be.</summary>
    public bool IsPartial { get; private set; }

    /// <summary>What a reader of the snapshot must know.</summary>
    public string[] Requires
    {
        get
        {
            var isDamaged = states.Values.Any(s => s.State == SourceState.Damaged);
            (bool Needed, string Name)[] features =
            [
                (isDamaged, SnapshotFeatures.Damaged), (hasAttributes, SnapshotFeatures.Attributes),
                (hasSpecialFiles, SnapshotFeatures.SpecialFiles), (hasAbsent, SnapshotFeatures.Absent),
            ];
            return [.. features.Where(feature => feature.Needed).Select(feature => feature.Name)];
        }
    }

    public WarningSummary Warnings => new() { Count = WarningCount, First = [.. warnings] };

    private long WarningCount { get; set; }

    /// <summary>Lists an entry whose content is stored, or reports why it is not listed.</summary>
    public void Add(CreateItem item)
    {
        if (item.First is { } first)
        {
            item.Entry.Pieces = first.Entry.Pieces;
            if (first.IsLost)
            {
                item.Report(first.Problem!, isLost: true);
            }
        }

        if (item.Problem is { } problem)
        {
            Warn(item.Entry.Path, problem, isLoss: true);
        }

        if (item.Absence is { } absence)
        {
            AddAbsent(absence);
        }
        else
        {
            Count(item);
            if (item.Known is var (line, handle))
            {
                writer.Write(line, packs.UseInList(handle, item.Entry.Size));
            }
            else
            {
                writer.Write(WithLines(item.Entry));
            }

            Listed?.Invoke(item.Entry.Path);
            hasUnsettled = true;
            CheckpointIfPackFinished();
        }
    }

    /// <summary>
    /// After a finished pack the list so far is put on disk, so that a run that is cut off loses little; not after each pack of a
    /// large file, of which nothing is listed before its end.
    /// </summary>
    public void CheckpointIfPackFinished()
    {
        var finished = packs.FinishedCount;
        if (finished != settledPacks && hasUnsettled)
        {
            settledPacks = finished;
            var table = packs.Table();
            staging.Record(writer.Checkpoint(), table);
            hasUnsettled = table.Contains(null);
        }
    }

    /// <summary>
    /// What could not be saved is listed all the same: a restore must not take it for something that was not there. A path that is too long for
    /// the list is only counted.
    /// </summary>
    private void AddAbsent(FileEntry entry)
    {
        hasAbsent = true;
        var source = ListPath.Source(entry.Path);
        (counts.TryGetValue(source, out var known) ? known : counts[source] = new Counts()).Absent++;
        if (entry.Path.Length <= EntryRules.LongestPath)
        {
            writer.Write(entry);
        }
    }

    /// <summary>Notes something the user must know; <paramref name="isLoss"/> if the snapshot lacks something for it. Thread-safe.</summary>
    public void Warn(byte[] path, string reason, bool isLoss)
    {
        var text = Encoding.UTF8.GetString(path);
        lock (warnings)
        {
            Note(text, reason);
            if (isLoss)
            {
                Mark(text.Split('/')[0], SourceState.Partial, reason);
            }
        }

        progress.Say(Severity.Warning, reason, text);
    }

    /// <summary>A source is not there, or is damaged. Thread-safe.</summary>
    /// <param name="source">Its name.</param>
    /// <param name="state">Damaged or missing.</param>
    /// <param name="reason">Why, in a sentence that names it.</param>
    /// <param name="hint">What to do.</param>
    public void Fail(string source, SourceState state, string reason, string? hint)
    {
        lock (warnings)
        {
            Note(source, reason);
            Mark(source, state, reason);
            failures.Add((source, state, UserError.Failed(reason, hint)));
        }
    }

    /// <summary>Says which sources are missing or damaged, once it is certain that there will be a snapshot without them.</summary>
    /// <param name="sources">All sources of the run, by name.</param>
    /// <exception cref="UserError">All are missing: there is nothing to make a snapshot of.</exception>
    public void SayFailures(IReadOnlyCollection<string> sources)
    {
        if (failures.Count > 0 && sources.All(name => failures.Exists(f => f.Source == name && f.State == SourceState.Missing)))
        {
            throw failures[0].Error;
        }

        foreach (var (_, state, error) in failures)
        {
            var saved = state == SourceState.Damaged ? "it was saved as it is" : "everything else was saved";
            progress.Say(Severity.Error, $"{error.Message} ({saved}{(error.Hint is { Length: > 0 } hint ? $"; {hint}" : "")})");
        }
    }

    /// <summary>The worst that is known of a source, and what was first said of that.</summary>
    private void Mark(string source, SourceState state, string reason)
    {
        IsPartial = true;
        if (!states.TryGetValue(source, out var known) || known.State < state)
        {
            states[source] = (state, reason);
        }
    }

    /// <summary>Notes something that is not in the snapshot because it is no part of the tree. What nobody asked to leave out is warned of. For the thread that walks the trees.</summary>
    public void LeaveOut(byte[] path, Foreign foreign)
    {
        var reason = LeftOutText.Reason(foreign);
        var key = (ListPath.Source(path), foreign);
        var (count, paths) = leftOut.TryGetValue(key, out var known) ? known : (0, []);
        if (LeftOut.HasPaths(foreign.Kind) && paths.Count < LeftOut.MostPaths)
        {
            paths.Add(ListPath.Below(path).ToArray());
        }

        leftOut[key] = (count + 1, paths);
        if (foreign.Kind is ForeignKind.Mount or ForeignKind.Socket)
        {
            Warn(path, reason, isLoss: false);
        }
        else
        {
            progress.Say(Severity.Detail, reason, Encoding.UTF8.GetString(path));
        }
    }

    /// <summary>Notes that some of a tree is on a file system that makes up inode numbers; true for the first time. For the thread that walks the trees.</summary>
    public bool NoteByMtime(string source) => byMtime.Add(source);

    /// <summary>Says something that lacks nothing and calls for nothing.</summary>
    public void Inform(string source, string text) => progress.Say(Severity.Information, text, source);

    /// <summary>Notes a warning of which the user heard already, as part of another. Thread-safe.</summary>
    public void Note(string path, string reason)
    {
        lock (warnings)
        {
            WarningCount++;
            if (warnings.Count < WarningSummary.Kept)
            {
                warnings.Add(new PathWarning(path, reason));
            }
        }
    }

    /// <summary>How much a database holds; null where that cannot be told. Thread-safe.</summary>
    public void Measured(string database, DatabaseContent? content)
    {
        lock (contents)
        {
            if (content is not null)
            {
                contents[database] = content;
            }
        }
    }

    /// <summary>How many files and symlinks of a tree are not in the snapshot by which is judged what it lost.</summary>
    public long NewFiles(string source) => counts.GetValueOrDefault(source)?.NewFiles ?? 0;

    public SourceSummary Summary(SourceName source, string path)
    {
        var c = counts.GetValueOrDefault(source.Name) ?? new Counts();
        return new SourceSummary
        {
            Name = source.Name,
            Kind = source.Kind,
            Path = path,
            Files = c.Files,
            Directories = c.Directories,
            Symlinks = c.Symlinks,
            SpecialFiles = c.SpecialFiles,
            Bytes = c.Bytes,
            NewBytes = c.NewBytes,
            IsByMtime = byMtime.Contains(source.Name),
            LeftOut =
            [
                .. leftOut.Where(left => left.Key.Source == source.Name).OrderBy(left => left.Key.Foreign.Kind).ThenBy(left => left.Key.Foreign.Source, StringComparer.Ordinal)
                    .Select(left => new LeftOut(left.Key.Foreign.Kind.Word(), left.Key.Foreign.Source, left.Value.Count) { Paths = left.Value.Paths }),
            ],
            Absent = source.Kind == SourceKind.Storage && IsPartial ? c.Absent : null,
            Content = source.Kind == SourceKind.Database ? contents.GetValueOrDefault(source.Name) : null,
            State = states.TryGetValue(source.Name, out var known) ? known.State : SourceState.Complete,
            Reason = known.Reason,
        };
    }

    private void Count(CreateItem item)
    {
        var name = ListPath.Source(item.Entry.Path);
        var c = counts.TryGetValue(name, out var known) ? known : counts[name] = new Counts();
        hasAttributes |= item.Entry.Attributes is not null;
        hasSpecialFiles |= item.Entry.Type.IsSpecial();
        switch (item.Entry.Type)
        {
            case EntryType.Directory:
                c.Directories++;
                break;
            case EntryType.Symlink:
                c.Symlinks++;
                break;
            case EntryType.Fifo or EntryType.BlockDevice or EntryType.CharacterDevice:
                c.SpecialFiles++;
                break;
            default:
                c.Files++;
                progress.AddFile();
                break;
        }

        // A further name of a file has no content of its own.
        c.Bytes = Units.Add(c.Bytes, item.Entry.Type == EntryType.HardLink ? 0 : item.Entry.Size);
        c.NewBytes += item.NewBytes;
        c.NewFiles += item is { IsNew: true, IsMoved: false } ? 1 : 0;
    }

    /// <summary>From the run's handles to lines of the pack table, on a copy: a hard link may need the handles again.</summary>
    private FileEntry WithLines(FileEntry entry)
    {
        if (entry.Pieces.Length == 0)
        {
            return entry;
        }

        var lines = new Piece[entry.Pieces.Length];
        for (var i = 0; i < lines.Length; i++)
        {
            var piece = entry.Pieces[i];
            lines[i] = piece.IsHole ? piece : piece with
            {
                Pack = packs.UseInList(piece.Pack, entry.Type == EntryType.HardLink ? 0 : piece.Length),
            };
        }

        return entry with { Pieces = lines };
    }

    private sealed class Counts
    {
        public long Files { get; set; }

        public long Directories { get; set; }

        public long Symlinks { get; set; }

        public long SpecialFiles { get; set; }

        public long Bytes { get; set; }

        public long NewBytes { get; set; }

        public long NewFiles { get; set; }

        public long Absent { get; set; }
    }
}
