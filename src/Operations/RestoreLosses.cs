using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// What a restore could not give back besides content, or was not to: set-user-ID, capabilities and device nodes give rights to others
/// than those who restore them. Gathered by several threads, and said once at the end, with counts.
/// </summary>
internal sealed class RestoreLosses
{
    private const int FirstNamed = 100;

    private readonly Lock gate = new();
    private readonly Dictionary<RestoreLoss, Tally> tallies = [];
    private readonly List<PathWarning> specialFiles = [];
    private readonly List<Gap> notRestored = [];
    private readonly List<PathWarning> notWritten = [];
    private string? firstSetId;
    private string? firstDropped;
    private (long SetIds, long Capabilities, long Devices) dropped;
    private readonly NativeSet<LostPath>? paths;

    /// <summary>Whether each path is known for which something was lost; a few bytes each.</summary>
    public bool KnowsPaths { init => paths = value ? new NativeSet<LostPath>() : null; }

    /// <summary>Why what gives rights is dropped, as the end of a sentence: others could have put it into the snapshot. Null if it is restored.</summary>
    public Lazy<string?> Distrust { get; init; } = new((string?)null);

    /// <summary>Whether the place could not hold something, so that not all is as it was. What was dropped on purpose is another matter.</summary>
    public bool HasAny => tallies.Count > 0 || SpecialFiles > 0 || Symlinks > 0 || notWritten.Count > 0 || Renamed.Count > 0;

    /// <summary>Files that lost set-user-ID or set-group-ID, for whatever reason.</summary>
    public long SetIds { get; private set; }

    /// <summary>Files whose capabilities, or attributes that only root can set, were dropped.</summary>
    public long Capabilities => dropped.Capabilities;

    /// <summary>FIFOs and device nodes that were not made, for whatever reason.</summary>
    public long SpecialFiles { get; private set; }

    /// <summary>Symlinks that were not made.</summary>
    public long Symlinks { get; private set; }

    /// <summary>What the place could not hold, with reasons, and was left out.</summary>
    public IReadOnlyList<PathWarning> NotWritten => notWritten;

    /// <summary>What got another name.</summary>
    public RestoreRenames Renamed { get; } = new();

    /// <summary>What is in the list and could not be given back at all.</summary>
    public IReadOnlyList<Gap> NotRestored => notRestored;

    public void AddNotRestored(FileEntry entry, string reason)
    {
        lock (gate)
        {
            notRestored.Add(new Gap(entry.Path, reason));
        }
    }

    /// <summary>The place cannot hold it.</summary>
    public void LeaveOut(FileEntry entry, string reason)
    {
        lock (gate)
        {
            notRestored.Add(new Gap(entry.Path, reason));
            notWritten.Add(new PathWarning(Encoding.UTF8.GetString(entry.Path), reason));
        }
    }

    /// <summary>How many lost something of a kind.</summary>
    public long Count(RestoreLoss kind)
    {
        lock (gate)
        {
            return tallies.TryGetValue(kind, out var tally) ? tally.Count : 0;
        }
    }

    /// <summary>Whether a file lost something of a kind. Known only where <see cref="KnowsPaths"/> is.</summary>
    public bool Has(RestoreLoss kind, byte[] path)
    {
        lock (gate)
        {
            return paths?.Find(LostPath.Of(kind, path)).IsUsed == true;
        }
    }

    /// <param name="kind">What is lost.</param>
    /// <param name="path">Of what.</param>
    /// <param name="reason">The system's words, or what it is instead.</param>
    public void Add(RestoreLoss kind, byte[] path, string reason)
    {
        lock (gate)
        {
            if (!tallies.TryGetValue(kind, out var tally))
            {
                tallies.Add(kind, tally = new Tally());
            }

            paths?.Add(LostPath.Of(kind, path));
            tally.Count++;
            if (tally.First.Count < FirstNamed)
            {
                tally.First.Add(new PathWarning(Encoding.UTF8.GetString(path), reason));
            }
        }
    }

    public void AddSetId(byte[] path)
    {
        lock (gate)
        {
            SetIds++;
            firstSetId ??= Encoding.UTF8.GetString(path);
        }
    }

    /// <summary>Set-user-ID or set-group-ID is not given back: see <see cref="Distrust"/>.</summary>
    public void DropSetId(byte[] path)
    {
        lock (gate)
        {
            SetIds++;
            dropped.SetIds++;
            NoteDropped(path);
        }
    }

    public void DropCapability(byte[] path)
    {
        lock (gate)
        {
            dropped.Capabilities++;
            NoteDropped(path);
        }
    }

    public void DropDevice(FileEntry entry)
    {
        lock (gate)
        {
            SpecialFiles++;
            dropped.Devices++;
            notRestored.Add(new Gap(entry.Path, $"this {entry.Type.Name()} was dropped"));
            NoteDropped(entry.Path);
        }
    }

    /// <summary>A FIFO, a device node or a symlink that the place cannot hold.</summary>
    public void AddNotMade(FileEntry entry, string reason)
    {
        lock (gate)
        {
            _ = entry.Type == EntryType.Symlink ? Symlinks++ : SpecialFiles++;
            notRestored.Add(new Gap(entry.Path, $"this {entry.Type.Name()} cannot be made"));
            if (specialFiles.Count < FirstNamed)
            {
                specialFiles.Add(new PathWarning(Encoding.UTF8.GetString(entry.Path), $"this {entry.Type.Name()} cannot be made: {reason}"));
            }
        }
    }

    /// <summary>Says what was lost: a line for each kind, and one for each special file.</summary>
    public void Report(RunProgress progress)
    {
        foreach (var (kind, tally) in tallies.OrderBy(one => one.Key))
        {
            progress.Say(Severity.Warning, $"{Sentence(kind, tally.Count)}; the first is {tally.First[0].Path}: {tally.First[0].Reason}");
            tally.First.ForEach(one => progress.Say(Severity.Detail, one.Reason, one.Path));
        }

        if (firstDropped is not null)
        {
            progress.Say(Severity.Warning, $"{Dropped()}, because {Distrust.Value}; the first is {firstDropped}; --keep-special restores them");
        }

        if (firstSetId is { } first)
        {
            progress.Say(
                Severity.Warning,
                $"{Units.Count(SetIds - dropped.SetIds, "file")} lost set-user-ID or set-group-ID, since only root can give them back to their owners; the first is {first}");
        }

        Renamed.Report(progress);
        foreach (var one in notWritten.Take(FirstNamed))
        {
            progress.Say(Severity.Warning, $"{one.Path} was not restored: {one.Reason}");
        }

        if (notWritten.Count > 0)
        {
            progress.Say(Severity.Warning, $"{Units.Count(notWritten.Count, "path")} could not be written and {(notWritten.Count == 1 ? "was" : "were")} left out; restored to another file system, {(notWritten.Count == 1 ? "it" : "they")} can be had");
        }

        foreach (var special in specialFiles)
        {
            progress.Say(Severity.Warning, special.Reason, special.Path);
        }

        if (SpecialFiles - dropped.Devices is > 0 and var notMade)
        {
            progress.Say(Severity.Warning, $"{Units.Count(notMade, "special file")} could not be made{(Posix.IsRoot ? "" : "; only root can make device nodes")}");
        }

        if (Symlinks > 0)
        {
            progress.Say(Severity.Warning, $"{Units.Count(Symlinks, "symlink")} could not be made");
        }
    }

    private static string Sentence(RestoreLoss kind, long count) => kind switch
    {
        RestoreLoss.Attributes => $"the ACLs or attributes of {Units.Count(count, "file")} could not be restored",
        RestoreLoss.Owner => $"{Units.Count(count, "file")} could not be given back to {(count == 1 ? "its owner" : "their owners")}",
        RestoreLoss.Mode => $"{Units.Count(count, "file")} could not be given {(count == 1 ? "its mode" : "their modes")}",
        RestoreLoss.Time => $"{Units.Count(count, "file")} could not be given {(count == 1 ? "its time" : "their times")}",
        RestoreLoss.HardLink => $"{Units.Count(count, "hard link")} became {(count == 1 ? "a file of its own" : "files of their own")}",
        _ => throw new NotSupportedException(kind.ToString()),
    };

    private void NoteDropped(byte[] path) => firstDropped ??= Encoding.UTF8.GetString(path);

    private string Dropped()
    {
        List<string> parts = [];
        Add(dropped.SetIds, $"set-user-ID or set-group-ID of {Units.Count(dropped.SetIds, "file")}");
        Add(dropped.Capabilities, $"capabilities of {Units.Count(dropped.Capabilities, "file")}");
        Add(dropped.Devices, Units.Count(dropped.Devices, "device node"));
        return $"dropped {string.Join(", ", parts)}";

        void Add(long count, string text)
        {
            if (count > 0)
            {
                parts.Add(text);
            }
        }
    }

    /// <param name="Hash">Of path and kind; of two paths with the same one in 2^63 is taken for the other.</param>
    private readonly record struct LostPath(ulong Hash) : INativeSlot<LostPath>
    {
        public bool IsUsed => Hash != 0;

        public static LostPath Of(RestoreLoss kind, byte[] path) => new(System.IO.Hashing.XxHash3.HashToUInt64(path, (long)kind) | 1);

        public bool IsSameAs(in LostPath other) => Hash == other.Hash;
    }

    private sealed class Tally
    {
        public long Count { get; set; }

        public List<PathWarning> First { get; } = [];
    }
}
