using System.Text;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// The directory <c>staging/ID</c> of a run. Beside unfinished packs it holds what the next run needs if this one is cut off:
/// who it is (<c>run.json</c>), the file list so far, and check points, each of which says up to where the list is on
/// disk and which packs are finished.
/// </summary>
internal sealed class RunStaging : IDisposable
{
    private const string RunName = "run.json";
    private const string CheckpointsName = "checkpoints.jsonl";
    private const string ListName = "files.jsonl.gz";

    /// <summary>A petabyte of packs of the default size: a line number above is no line number.</summary>
    private const int MostPacks = 1 << 24;

    private readonly SafeFileHandle checkpoints;
    private readonly HashSet<int> recorded = [];

    private RunStaging(string directory)
    {
        DirectoryPath = directory;
        checkpoints = AtomicFile.Create(Path.Combine(directory, CheckpointsName));
    }

    public string DirectoryPath { get; }

    public string List => Path.Combine(DirectoryPath, ListName);

    public static string PathOf(Layout layout, SnapshotId id) => Path.Combine(layout.Staging, id.ToString());

    public static RunStaging Begin(RepositoryLock held, SnapshotId id, DateTimeOffset startedAt, IEnumerable<SourceName> sources, string[]? attributeKinds = null)
    {
        var directory = PathOf(held.Layout, id);
        DirectoryTree.Remove(directory);
        AtomicFile.EnsureDirectory(directory);
        var run = new RunMark { StartedAt = startedAt, Sources = [.. sources], AttributeKinds = attributeKinds ?? [] };
        AtomicFile.Write(
            Path.Combine(directory, "run.tmp"), Path.Combine(directory, RunName), SealedJson.Write(run.Write));
        return new RunStaging(directory);
    }

    /// <summary>Directories that runs left behind, newest first. With the lock held nobody works in them; drills and imports have theirs apart, and what is called otherwise is not ours.</summary>
    public static IEnumerable<string> LeftBehind(RepositoryLock held) =>
        Directory.EnumerateDirectories(held.Layout.Staging).Where(d => IsName(Path.GetFileName(d))).OrderByDescending(d => d, StringComparer.Ordinal);

    /// <summary>Whether a run's directory is called so. Some file systems give every name back in small letters.</summary>
    public static bool IsName(string name) => SnapshotId.Parse(name.ToUpperInvariant()) is not null;

    /// <summary>
    /// Removes what a run no longer needs. Where files are closed late (NFS, a FUSE file system), a directory that was emptied may
    /// stay; the snapshot is whole without.
    /// </summary>
    /// <returns>Why it stays; null if it is gone.</returns>
    public static string? Remove(string directory)
    {
        try
        {
            DirectoryTree.Remove(directory);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot remove {directory}, which is no longer needed: {e.Message}; the next run tries again";
        }
    }

    /// <summary>What a run that was cut off had listed and stored; null if that is nothing.</summary>
    public static EarlierList? Adopt(string directory, Layout layout, PackRegistry packs, KnownDamage known)
    {
        try
        {
            var run = SealedJson.Read(SmallFile.Read(Path.Combine(directory, RunName)), RunMark.Read);
            var (length, table) = ReadCheckpoints(Path.Combine(directory, CheckpointsName));
            if (length == 0)
            {
                return null;
            }

            var list = Path.Combine(directory, ListName);
            using (var file = RegularFile.OpenOrCreate(list, AtomicFile.FileMode))
            {
                Posix.Truncate(file, length);
            }

            var handles = new int[table.Count == 0 ? 0 : table.Keys.Max() + 1];
            Array.Fill(handles, EarlierList.NoHandle);
            foreach (var (line, pack) in table.Where(t => known.TroubleOf(layout, t.Value) is null))
            {
                handles[line] = packs.Add(pack);
            }

            return new EarlierList(run.StartedAt, list, run.Sources, handles) { AttributeKinds = run.AttributeKinds };
        }
        catch (Exception e) when (e is DamageError or UnauthorizedAccessException || (e is IOException && !PosixError.IsFullDisk(e)))
        {
            // It died before it had a check point, or the disk lost part of what it left: the run begins anew.
            return null;
        }
    }

    /// <summary>Records that the list is on disk up to a length, and which lines of the pack table are settled.</summary>
    public void Record(long listBytes, List<PackInfo?> table)
    {
        var news = new List<(int Line, PackInfo Pack)>();
        for (var line = 0; line < table.Count; line++)
        {
            if (table[line] is { } pack && recorded.Add(line))
            {
                news.Add((line, pack));
            }
        }

        Posix.Write(checkpoints, [.. JsonFields.Write(new Checkpoint(listBytes, [.. news]).Write, indented: false), (byte)'\n']);
    }

    public void Dispose() => checkpoints.Dispose();

    private static (long Length, Dictionary<int, PackInfo> Table) ReadCheckpoints(string path)
    {
        var length = 0L;
        var table = new Dictionary<int, PackInfo>();
        foreach (var line in RegularFile.ReadLines(path))
        {
            // The line that was being written when the run was cut off may hold anything, also zeros.
            if (ReadCheckpoint(line, length) is not { } point)
            {
                break;
            }

            length = point.ListBytes;
            foreach (var (number, pack) in point.Packs)
            {
                table[number] = pack;
            }
        }

        return (length, table);
    }

    /// <summary>One check point; null if the line is none that could follow a list of <paramref name="earlier"/> bytes.</summary>
    private static Checkpoint? ReadCheckpoint(string line, long earlier)
    {
        try
        {
            var point = JsonFields.Read(Encoding.UTF8.GetBytes(line), Checkpoint.Read, "is no check point");
            return point.ListBytes >= earlier && Array.TrueForAll(point.Packs, pack => pack.Line is >= 0 and < MostPacks) ? point : null;
        }
        catch (DamageError)
        {
            return null;
        }
    }
}

/// <summary>Who a run is.</summary>
internal sealed record RunMark
{
    public required DateTimeOffset StartedAt { get; init; }

    public required SourceName[] Sources { get; init; }

    /// <summary>As in the header.</summary>
    public string[] AttributeKinds { get; init; } = [];

    public static RunMark Read(JsonElement json) => new()
    {
        StartedAt = json.Time("started_at"),
        Sources = json.Items("sources", static source => new SourceName(source.Text("name"), source.Word("kind", SourceKinds.FromWord))),
        AttributeKinds = json.IfThere("attributes", JsonFields.Texts) ?? [],
    };

    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("started_at", StartedAt);
        json.WriteItems("sources", Sources, static (json, source) => json.WriteObject(source, static (json, source) =>
        {
            json.WriteString("name", source.Name);
            json.WriteString("kind", source.Kind.Word());
        }));
        json.WriteItems("attributes", AttributeKinds, static (json, kind) => json.WriteStringValue(kind));
    }
}

/// <summary>How much of the list is on disk, and the lines of the pack table that were settled since the one before.</summary>
internal sealed record Checkpoint(long ListBytes, (int Line, PackInfo Pack)[] Packs)
{
    public static Checkpoint Read(JsonElement json) =>
        new(json.Number("list_bytes"), json.Items("packs", static pack => (pack.Integer("line"), PackInfo.Read(pack.GetProperty("pack")))));

    public void Write(Utf8JsonWriter json)
    {
        json.WriteNumber("list_bytes", ListBytes);
        json.WriteItems("packs", Packs, static (json, one) => json.WriteObject(one, static (json, one) =>
        {
            json.WriteNumber("line", one.Line);
            json.WritePropertyName("pack");
            json.WriteObject(one.Pack, static (json, pack) => pack.Write(json));
        }));
    }
}
