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
    private readonly List<PathWarning> specialFiles = [];
    private readonly List<Gap> notRestored = [];
    private (string Path, string Reason)? firstAttributes;
    private (string Path, string Reason)? firstOwner;
    private string? firstSetId;
    private string? firstDropped;
    private (long SetIds, long Capabilities, long Devices) dropped;

    /// <summary>Why what gives rights is dropped, as the end of a sentence: others could have put it into the snapshot. Null if it is restored.</summary>
    public Lazy<string?> Distrust { get; init; } = new((string?)null);

    /// <summary>Files that did not get all of their ACLs and attributes.</summary>
    public long Attributes { get; private set; }

    /// <summary>Files and directories that belong to whoever restored them, though root wanted to give them back.</summary>
    public long Owners { get; private set; }

    /// <summary>Files that lost set-user-ID or set-group-ID, for whatever reason.</summary>
    public long SetIds { get; private set; }

    /// <summary>Files whose capabilities, or attributes that only root can set, were dropped.</summary>
    public long Capabilities => dropped.Capabilities;

    /// <summary>FIFOs and device nodes that were not made, for whatever reason.</summary>
    public long SpecialFiles { get; private set; }

    /// <summary>The first hundred of those that could not be made.</summary>
    public IReadOnlyList<PathWarning> FirstSpecialFiles => specialFiles;

    /// <summary>What is in the list and could not be given back at all.</summary>
    public IReadOnlyList<Gap> NotRestored => notRestored;

    public void AddNotRestored(FileEntry entry, string reason)
    {
        lock (gate)
        {
            notRestored.Add(new Gap(entry.Path, reason));
        }
    }

    public void AddAttributes(byte[] path, string reason)
    {
        lock (gate)
        {
            Attributes++;
            firstAttributes ??= (Encoding.UTF8.GetString(path), reason);
        }
    }

    public void AddOwner(byte[] path, string reason)
    {
        lock (gate)
        {
            Owners++;
            firstOwner ??= (Encoding.UTF8.GetString(path), reason);
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

    public void AddSpecialFile(FileEntry entry, string reason)
    {
        lock (gate)
        {
            SpecialFiles++;
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
        if (firstAttributes is var (path, reason))
        {
            progress.Say(Severity.Warning, $"the ACLs or attributes of {Units.Count(Attributes, "file")} could not be restored; the first is {path}: {reason}");
        }

        if (firstDropped is not null)
        {
            progress.Say(Severity.Warning, $"{Dropped()}, because {Distrust.Value}; the first is {firstDropped}; --keep-special restores them");
        }

        if (firstOwner is var (owned, refusal))
        {
            progress.Say(Severity.Warning, $"{Units.Count(Owners, "file")} could not be given back to {(Owners == 1 ? "its owner" : "their owners")}; the first is {owned}: {refusal}");
        }

        if (firstSetId is { } first)
        {
            progress.Say(
                Severity.Warning,
                $"{Units.Count(SetIds - dropped.SetIds, "file")} lost set-user-ID or set-group-ID, since only root can give them back to their owners; the first is {first}");
        }

        foreach (var special in specialFiles)
        {
            progress.Say(Severity.Warning, special.Reason, special.Path);
        }

        if (SpecialFiles - dropped.Devices is > 0 and var notMade)
        {
            progress.Say(Severity.Warning, $"{Units.Count(notMade, "special file")} could not be made{(Posix.IsRoot ? "" : "; only root can make device nodes")}");
        }
    }

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
}
