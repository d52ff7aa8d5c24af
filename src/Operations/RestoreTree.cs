using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Restores the sources of a snapshot into empty directories, one each: the walk over the file list that makes names and hands content to the workers.</summary>
internal sealed class RestoreTree : IDisposable
{
    private readonly RestoreContent content;
    private readonly PathSelection selection;
    private readonly Dictionary<string, RestoreWriter> writers = [];
    private readonly HashSet<string> matchedSources = [];
    private readonly HashSet<string> sources;
    private readonly FittingNames names;
    private readonly RunProgress progress;

    /// <param name="content">Writes the files' content.</param>
    /// <param name="snapshot">What is restored.</param>
    /// <param name="roots">For each source to be restored, by name, the directory that stands for its top.</param>
    /// <param name="plan">What is asked for.</param>
    /// <param name="progress">Told what is refused.</param>
    public RestoreTree(RestoreContent content, Snapshot snapshot, IReadOnlyDictionary<string, RestoreRoot> roots, RestorePlan plan, RunProgress progress)
    {
        (this.content, this.progress) = (content, progress);
        sources = [.. snapshot.Header.Sources.Select(source => source.Name)];
        selection = plan.Selection;
        Losses = new RestoreLosses { Distrust = plan.Distrust, KnowsPaths = plan.IsDrill };
        names = new FittingNames(plan, Losses);
        foreach (var (name, root) in roots)
        {
            // A single file is put in place by its name.
            var mayRename = plan.To is not null || !Array.Exists(snapshot.Header.Sources, source => source.Name == name && source.IsOneFile);
            writers.Add(name, new RestoreWriter(name, root, Losses, names, mayRename));
        }
    }

    /// <summary>Files that were made; some may have had to be removed again.</summary>
    public long Files { get; private set; }

    public long Symlinks { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>What could not be given back besides content.</summary>
    public RestoreLosses Losses { get; }

    /// <summary>Sources of which something was restored.</summary>
    public IReadOnlySet<string> MatchedSources => matchedSources;

    /// <summary>Restores everything that is wanted, and returns when all of it is written.</summary>
    public void Run(FileListReader list, CancellationToken stop)
    {
        PathFilter? wanted = selection == PathSelection.Everything ? null : path => selection.IsWanted(path, isDirectory: false);
        while (!names.IsEnough && list.Read(wanted) is { } entry)
        {
            stop.ThrowIfCancellationRequested();
            Add(entry);
        }

        if (!names.IsDoomed)
        {
            content.Complete();
        }

        foreach (var writer in writers.Values)
        {
            writer.Complete();
        }

        names.RequireAll(progress);
    }

    public void Dispose()
    {
        foreach (var writer in writers.Values)
        {
            writer.Dispose();
        }
    }

    private void Add(FileEntry entry)
    {
        var source = ListPath.Source(entry.Path);
        if (!writers.TryGetValue(source, out var writer))
        {
            FileEntryJson.Expect(sources.Contains(source), "holds a path of a source that its header does not know");
            return;
        }

        var path = ListPath.Below(entry.Path).ToArray();
        var wanted = selection.IsWanted(entry.Path, entry.Type == EntryType.Directory);
        if (entry.Type == EntryType.Directory)
        {
            writer.AddDirectory(entry, path, wanted);
        }
        else if (wanted)
        {
            var isMade = AddFile(writer, entry, path);
            Files += isMade && entry.HasContent ? 1 : 0;
            Symlinks += isMade && entry.Type == EntryType.Symlink ? 1 : 0;
        }

        if (wanted)
        {
            matchedSources.Add(source);
        }
    }

    /// <returns>False if it is left out.</returns>
    private bool AddFile(RestoreWriter writer, FileEntry entry, byte[] path)
    {
        if (path.Length == 0)
        {
            throw new DamageError("holds a file where a source's top should be");
        }

        switch (entry.Type)
        {
            case EntryType.Symlink:
                return writer.AddSymlink(entry, path);
            case EntryType.Fifo or EntryType.BlockDevice or EntryType.CharacterDevice:
                writer.AddSpecialFile(entry, path);
                return true;
            // A link to a file that turns out to be damaged would bring its bad bytes back; whoever salvages gets copies.
            case EntryType.HardLink when !content.KeepsGoing && TryAddHardLink(writer, entry, path):
                return true;
            default:
                return AddContent(writer, entry, path);
        }
    }

    private bool TryAddHardLink(RestoreWriter writer, FileEntry entry, byte[] path)
    {
        if (writer.IsRemembered)
        {
            content.WaitUntilWritten();
        }

        return writer.TryAddHardLink(entry, ListPath.Below(entry.Target), path);
    }

    private bool AddContent(RestoreWriter writer, FileEntry entry, byte[] path)
    {
        if (writer.AddFile(entry, path) is not { } file)
        {
            return false;
        }

        if (names.IsDoomed)
        {
            file.Dispose();
            return true;
        }

        Bytes = Units.Add(Bytes, entry.Size);
        content.Add(new RestoreJob(writer, entry, path, file, Losses));
        return true;
    }
}
