using System.Text.Json;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>A snapshot's header, <c>snapshots/ID.json</c>. A few kilobytes whatever the size of the site; its presence is the snapshot's existence.</summary>
internal sealed record SnapshotHeader
{
    public const string FileListSuffix = ".files.jsonl.gz";

    public const string PackTableSuffix = ".packs.jsonl.gz";

    public required int FormatVersion { get; init; }

    /// <summary>Names of features a reader must know to understand this snapshot, of <see cref="SnapshotFeatures"/>.</summary>
    public required string[] Requires { get; init; }

    public required string Id { get; init; }

    public required SnapshotType Type { get; init; }

    public required SnapshotState State { get; init; }

    /// <summary>The machine that was backed up.</summary>
    public required string Host { get; init; }

    /// <summary>Which machine that was, whatever its name: 32 hexadecimal digits; null where it had no identity, and in snapshots of earlier versions.</summary>
    public string? Machine { get; init; }

    /// <summary>Whether another was made on another machine, as far as is known: identities count where both have one.</summary>
    public bool IsOfOtherMachine(SnapshotHeader other) =>
        other.Host != Host || (other.Machine is not null && Machine is not null && other.Machine != Machine);

    /// <summary>Name and version of the program that wrote the snapshot.</summary>
    public required string Tool { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>In the order of the file list: databases by name, then storage trees by name.</summary>
    public required SourceSummary[] Sources { get; init; }

    /// <summary>
    /// Where the sources of its site are, absolute, that its type does not cover: another site with the same tree or database knows by them that the
    /// snapshot is not its own. Empty in full and imported ones, and in those of earlier versions.
    /// </summary>
    public IReadOnlyList<string> Beside { get; init; } = [];

    /// <summary>Bytes of packs that this snapshot added to the repository.</summary>
    public required long StoredBytes { get; init; }

    public required WarningSummary Warnings { get; init; }

    /// <summary>Kinds of attributes that were looked for, so that a file whose line has none of these is known to have had none. Empty in snapshots of earlier versions.</summary>
    public string[] AttributeKinds { get; init; } = [];

    /// <summary>Snapshots that are older than this one and have a later ID, since a clock was ahead when they were named.</summary>
    public IReadOnlyList<SnapshotId> Older { get; init; } = [];

    /// <summary>The backup of another program that this snapshot was made of; null for one of the live site.</summary>
    public SnapshotOrigin? Origin { get; init; }

    /// <summary>The snapshot before this one in the repository; null if there was none, or this one is not signed.</summary>
    public SnapshotLink? Previous { get; init; }

    /// <summary>The public key whose owner signed the header, as <see cref="PublicKey.Text"/>; null if it is not signed.</summary>
    public string? Signer { get; init; }

    /// <summary>The file list, named after the snapshot and with <see cref="FileListSuffix"/>.</summary>
    public required PartFile Files { get; init; }

    /// <summary>The pack table, named after the snapshot and with <see cref="PackTableSuffix"/>.</summary>
    public required PartFile Packs { get; init; }

    /// <summary>Bytes of content in all sources.</summary>
    public long Bytes => Units.Sum(Sources, static source => source.Bytes);

    /// <summary>Bytes of content that no earlier snapshot had.</summary>
    public long NewBytes => Units.Sum(Sources, static source => source.NewBytes);

    public long FileCount => Units.Sum(Sources, static source => source.Files);

    /// <summary>Its state in output: a word, or two.</summary>
    public string StateWords => State.Word() + (IsDamaged ? ", damaged" : "") + (IsMarked ? ", shrunk" : "");

    /// <summary>A source lost its content, and nobody said that this is right.</summary>
    public bool IsMarked => Array.Exists(Sources, static source => source.IsMarked);

    /// <summary>A database in it is damaged: it is restored only by those who ask for just that, and never counts as a backup.</summary>
    public bool IsDamaged => Array.Exists(Sources, static source => source.State == SourceState.Damaged);

    /// <summary>A source is damaged, or not there at all: no earlier snapshot is given up for this one.</summary>
    public bool LacksSource => Array.Exists(Sources, static source => source.IsLacking);

    /// <summary>Whether it holds a source, and not only by name.</summary>
    /// <param name="name">Which.</param>
    /// <param name="path">Where it was; null is anywhere. Another file, by a mistake in the configuration, is another file.</param>
    public bool HasSaved(SourceName name, string? path = null) =>
        Array.Exists(Sources, source => source.Name == name.Name && source.Kind == name.Kind && !source.IsLacking && (path is null || source.Path == path));

    /// <summary>
    /// Whether the numbers can be what they are called, and names are plain: whoever can write into a repository can seal anything,
    /// and a restore makes directories by those names.
    /// </summary>
    public bool IsSane =>
        Array.TrueForAll(Sources, source => source is { Files: >= 0, Directories: >= 0, Symlinks: >= 0, SpecialFiles: >= 0, Bytes: >= 0, NewBytes: >= 0 })
        && Array.TrueForAll(Sources, source => SourceNames.IsValid(source.Name) && IsPath(source.Path) && (source.Target is null || IsPath(source.Target)))
        && Beside.All(IsPath)
        && Array.TrueForAll(Sources, source => source.Absent is null or >= 0 && source.LeftOut.All(left => left.IsSane))
        && Array.TrueForAll(Sources, source => source.Content is null or { IsSane: true })
        && HasDistinctNames() && SnapshotId.Parse(Id) is { } id && Older.All(older => older > id)
        && StoredBytes >= 0 && Warnings.Count >= 0 && IsPart(Files) && IsPart(Packs);

    private bool HasDistinctNames()
    {
        var names = Array.ConvertAll(Sources, source => source.Name);
        Array.Sort(names, string.CompareOrdinal);
        for (var i = 1; i < names.Length; i++)
        {
            if (names[i] == names[i - 1])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>None is longer than the kernel takes: PATH_MAX, with its end.</summary>
    private static bool IsPath(string path) => path is ['/', ..] && System.Text.Encoding.UTF8.GetByteCount(path) < 4096 && !path.Contains('\0', StringComparison.Ordinal);

    private static bool IsPart(PartFile part) => part is { Bytes: >= 0, Lines: >= 0 };
}

/// <summary>Where the content of an imported snapshot comes from.</summary>
/// <param name="System">What made the backup.</param>
/// <param name="Name">What that system called it.</param>
/// <param name="Bytes">Size of its files: another backup of the same name is most probably of another size.</param>
/// <param name="ImportedAt">When it became a snapshot.</param>
internal sealed record SnapshotOrigin(string System, string Name, long Bytes, DateTimeOffset ImportedAt)
{
    /// <summary>Where the sources were that it was imported for, absolute; null if that was not recorded.</summary>
    public IReadOnlyList<string>? For { get; init; }

    /// <summary>The Python system that this program replaces.</summary>
    public const string Python = "python";
}

/// <summary>Another snapshot, by its ID and the SHA-256 of its header's file.</summary>
internal sealed record SnapshotLink(SnapshotId Id, Digest Header);

/// <summary>Whether everything that should be in the snapshot is.</summary>
internal enum SnapshotState
{
    Complete,

    /// <summary>Something could not be read, or changed while it was; the warnings name it.</summary>
    Partial,
}

internal static class SnapshotStates
{
    /// <summary>The word used in headers and in output.</summary>
    public static string Word(this SnapshotState state) => state == SnapshotState.Complete ? "complete" : "partial";

    public static SnapshotState? FromWord(string word) => word switch
    {
        "complete" => SnapshotState.Complete,
        "partial" => SnapshotState.Partial,
        _ => null,
    };
}

/// <summary>One source of a snapshot.</summary>
internal sealed record SourceSummary
{
    public required string Name { get; init; }

    public required SourceKind Kind { get; init; }

    /// <summary>Where it was, absolute: the database file or the top of the tree.</summary>
    public required string Path { get; init; }

    /// <summary>A storage that is one file, and no tree: the list has it as NAME/FILE NAME, like a database.</summary>
    public bool IsFile { get; init; }

    /// <summary>One file of the list stands for all of it.</summary>
    public bool IsOneFile => IsFile || Kind == SourceKind.Database;

    /// <summary>Regular files, hard links among them.</summary>
    public required long Files { get; init; }

    public required long Directories { get; init; }

    public required long Symlinks { get; init; }

    /// <summary>FIFOs and device nodes.</summary>
    public long SpecialFiles { get; init; }

    public required long Bytes { get; init; }

    /// <summary>Bytes of content that were stored, before compression.</summary>
    public required long NewBytes { get; init; }

    /// <summary>Where the path led by way of links, absolute; null if there were none.</summary>
    public string? Target { get; init; }

    /// <summary>The patterns by which files were left out; null for a database, and where it was not recorded.</summary>
    public IReadOnlyList<string>? Exclude { get; init; }

    /// <summary>Whether what is mounted in the tree was left out; null for a database, and where it was not recorded.</summary>
    public bool? OneFileSystem { get; init; }

    /// <summary>Some of it lay where inode numbers are made up: such files are known by their size and mtime, and read again now and then.</summary>
    public bool IsByMtime { get; init; }

    /// <summary>What lay in the tree and was no part of it.</summary>
    public IReadOnlyList<LeftOut> LeftOut { get; init; } = [];

    /// <summary>Of a tree in a partial snapshot, how many paths could not be saved, which the list names; null where that was not noted.</summary>
    public long? Absent { get; init; }

    /// <summary>Of a database, how much it holds; null where that is not known.</summary>
    public DatabaseContent? Content { get; init; }

    /// <summary>What it lost since an earlier snapshot; null if nothing worth naming.</summary>
    public ShrunkSource? Shrunk { get; init; }

    /// <summary>It lost its content, and nobody said that this is right.</summary>
    public bool IsMarked => Shrunk is { IsAccepted: false };

    /// <summary>How much of it is there.</summary>
    public SourceState State { get; init; }

    /// <summary>It is in the snapshot by name only, or damaged, and not restored unless that is asked for.</summary>
    public bool IsLacking => State is SourceState.Damaged or SourceState.Missing;

    /// <summary>Why it is not all there, or damaged; null if it is complete.</summary>
    public string? Reason { get; init; }
}

/// <summary>What the run wants known: how many warnings, and the first hundred of them.</summary>
internal sealed record WarningSummary
{
    /// <summary>How many are kept by name.</summary>
    public const int Kept = 100;

    public required long Count { get; init; }

    public required PathWarning[] First { get; init; }

    public static WarningSummary None { get; } = new() { Count = 0, First = [] };
}

/// <summary>A path and what is to be said of it.</summary>
internal sealed record PathWarning(string Path, string Reason);

/// <summary>A file beside the header, and what proves it whole.</summary>
internal sealed record PartFile(long Bytes, Digest Sha256, long Lines);

/// <summary>The file <c>repository.json</c>.</summary>
internal sealed record RepositoryMark
{
    public const string FormatName = "vertex-ar-backup";

    public const int CurrentVersion = 1;

    public required string Format { get; init; }

    public required int Version { get; init; }

    public required string Id { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public static RepositoryMark Read(JsonElement json) => new()
    {
        Format = json.Text("format"),
        Version = json.Integer("version"),
        Id = json.Text("id"),
        CreatedAt = json.Time("created_at"),
    };

    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("format", Format);
        json.WriteNumber("version", Version);
        json.WriteString("id", Id);
        json.WriteString("created_at", CreatedAt);
    }
}
