using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// What an earlier run saw and stored: a snapshot's file list and packs, or those of a run that was cut off. It is walked
/// beside the sources, in the same order, to find what did not change since; and it can be read once more to find
/// content that has only moved.
/// </summary>
internal sealed class EarlierList : IDisposable
{
    private readonly string path;
    private readonly SourceName[] sources;
    private readonly int[] handles;
    private LineReader? walk;
    private bool used = true;
    private FileEntry? parsed;
    private bool broken;
    private bool isDamaged;

    /// <param name="startedAt">When the earlier run began: what changed after that is not trusted to be what was read.</param>
    /// <param name="path">The file list.</param>
    /// <param name="sources">What it covers, in its order.</param>
    /// <param name="handles">For each line of its pack table the handle; <see cref="NoHandle"/> where the pack cannot be relied on.</param>
    public EarlierList(DateTimeOffset startedAt, string path, SourceName[] sources, int[] handles)
    {
        this.path = path;
        this.sources = sources;
        this.handles = handles;
        StartedAt = FileTime.From(startedAt);
    }

    /// <summary>Stands for a pack that is missing, or mostly waste: what is in it is stored anew.</summary>
    public const int NoHandle = -1;

    public FileTime StartedAt { get; }

    /// <summary>The snapshot whose list it is; null for that of a run that was cut off.</summary>
    public SnapshotId? Snapshot { get; init; }

    /// <summary>What the snapshot's header says of its sources; empty for a run that was cut off.</summary>
    public IReadOnlyList<SourceSummary> Summaries { get; init; } = [];

    /// <summary>How much a database held; null where that was not noted.</summary>
    public DatabaseContent? ContentOf(SourceName database) =>
        Summaries.FirstOrDefault(source => source.Name == database.Name && source.Kind == database.Kind)?.Content;

    /// <summary>
    /// Whether the source was read where inode numbers are made up, so that its files may be known by size and mtime: those of another place by the same name may not.
    /// A run that was cut off read it a moment ago.
    /// </summary>
    public bool IsByMtime(SourceName source, string path) => Snapshot is null
        || Summaries.Any(summary => summary.Name == source.Name && summary.Kind == source.Kind && summary.IsByMtime && (summary.Path == path || summary.Target == path));

    /// <summary>The kinds of attributes that were looked for, as in the header. A file whose line has none of these kinds had none.</summary>
    public string[] AttributeKinds { get; init; } = [];

    public bool Covers(SourceName source) => Array.IndexOf(sources, source) >= 0;

    /// <summary>
    /// The entry of this path with its pieces under this run's handles; null if there is none or its content cannot be relied
    /// on. Ask for the paths of a source in order.
    /// </summary>
    public FileEntry? Find(SourceName source, ReadOnlySpan<byte> wanted) => Seek(source, wanted) is { } entry ? WithHandles(entry) : null;

    /// <summary>
    /// Whether it has this path, whatever was there, or may have it: nothing is known of what comes after damage. Ask for the paths of a source in
    /// order, with those of the others.
    /// </summary>
    public bool Has(SourceName source, ReadOnlySpan<byte> wanted) => Seek(source, wanted) is { Type: not EntryType.Absent } || (isDamaged && Covers(source));

    private FileEntry? Seek(SourceName source, ReadOnlySpan<byte> wanted)
    {
        if (broken || !Covers(source))
        {
            return null;
        }

        try
        {
            if (used && parsed is { } last && last.Path.AsSpan().SequenceEqual(wanted))
            {
                return last;
            }

            while (used || IsBefore(parsed ??= FileEntryJson.Read(walk!.Current), source, wanted))
            {
                if (!Advance())
                {
                    return null;
                }
            }

            used = parsed.Path.AsSpan().SequenceEqual(wanted);
            return used ? parsed : null;
        }
        catch (DamageError)
        {
            // The rest of the list is lost to us, which costs time and nothing else: the files are read again.
            (broken, isDamaged) = (true, true);
            return null;
        }
    }

    /// <summary>
    /// The line of a file, if it comes next and begins as it would today: the quick way to know that nothing changed, for which
    /// nothing is parsed. Null says nothing; then <see cref="Find"/> tells.
    /// </summary>
    /// <param name="source">Where the file is.</param>
    /// <param name="head">The line as far as it is known without the content.</param>
    /// <param name="length">Of the content, in bytes.</param>
    /// <returns>The line, and this run's handle of the pack.</returns>
    public (KnownLine Line, int Handle)? FindNext(SourceName source, ReadOnlySpan<byte> head, long length)
    {
        if (broken || !Covers(source))
        {
            return null;
        }

        try
        {
            if ((!used || Advance())
                && walk!.Current.StartsWith(head)
                && KnownLine.Of(walk.Current, head.Length, length) is { } line
                && HandleOf(line.Pack) is >= 0 and var handle)
            {
                used = true;
                return (line, handle);
            }
        }
        catch (DamageError)
        {
            (broken, isDamaged) = (true, true);
        }

        return null;
    }

    private bool Advance()
    {
        walk ??= LineReader.Open(path, FileLineLength.Longest);
        (used, parsed) = (false, null);
        broken = !walk.TryRead(out _);
        return !broken;
    }

    /// <summary>
    /// Adds everything that is stored to the index: what a file of one piece holds as a trace, since files that changed
    /// are new as a whole; pieces of databases and large files with their places, since most of them come again.
    /// </summary>
    public void Fill(PieceIndex index)
    {
        try
        {
            using var lines = LineReader.Open(path, FileLineLength.Longest);
            while (lines.TryRead(out var line))
            {
                if (KnownLine.TryFindPiece(line, out var only))
                {
                    Add(index, only, isFile: true);
                }
                else
                {
                    Array.ForEach(FileEntryJson.Read(line).Pieces, piece => Add(index, piece, isFile: false));
                }
            }
        }
        catch (DamageError)
        {
            // What could be read is in the index; the rest may be stored twice.
        }
    }

    public void Dispose() => walk?.Dispose();

    private void Add(PieceIndex index, in Piece piece, bool isFile)
    {
        if (!piece.IsHole && HandleOf(piece.Pack) is >= 0 and var handle)
        {
            var known = piece with { Pack = handle };
            if (isFile)
            {
                index.AddTrace(known);
            }
            else
            {
                index.Add(known);
            }

            if (piece.Length > PieceWriter.InMemory)
            {
                index.NoteLength(piece.Length);
            }
        }
    }

    private bool IsBefore(FileEntry entry, SourceName source, ReadOnlySpan<byte> wanted)
    {
        var name = entry.Path.AsSpan();
        var own = Array.Find(sources, s => s.Is(ListPath.SourceName(entry.Path)));
        return own == source
            ? PathOrder.Compare(name, wanted) < 0
            : Array.IndexOf(sources, own) < Array.IndexOf(sources, source);
    }

    private FileEntry? WithHandles(FileEntry entry)
    {
        var pieces = new Piece[entry.Pieces.Length];
        for (var i = 0; i < pieces.Length; i++)
        {
            var piece = entry.Pieces[i];
            var handle = piece.IsHole ? Piece.NoPack : HandleOf(piece.Pack);
            if (!piece.IsHole && handle < 0)
            {
                return null;
            }

            pieces[i] = piece with { Pack = handle };
        }

        entry.Pieces = pieces;
        return entry;
    }

    private int HandleOf(int line) => line < handles.Length ? handles[line] : NoHandle;
}
