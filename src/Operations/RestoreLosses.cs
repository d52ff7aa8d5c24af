using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>What a restore could not give back besides content. Gathered by several threads, and said once at the end, with counts.</summary>
internal sealed class RestoreLosses
{
    private const int FirstNamed = 100;

    private readonly Lock gate = new();
    private readonly List<PathWarning> specialFiles = [];
    private readonly List<Gap> notRestored = [];
    private (string Path, string Reason)? firstAttributes;
    private string? firstSetId;

    /// <summary>Files that did not get all of their ACLs and attributes.</summary>
    public long Attributes { get; private set; }

    /// <summary>Files that lost set-user-ID or set-group-ID.</summary>
    public long SetIds { get; private set; }

    /// <summary>FIFOs and device nodes that could not be made.</summary>
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

    public void AddSetId(byte[] path)
    {
        lock (gate)
        {
            SetIds++;
            firstSetId ??= Encoding.UTF8.GetString(path);
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

        if (firstSetId is { } first)
        {
            progress.Say(
                Severity.Warning,
                $"{Units.Count(SetIds, "file")} lost set-user-ID or set-group-ID, since only root can give them back to their owners; the first is {first}");
        }

        foreach (var special in specialFiles)
        {
            progress.Say(Severity.Warning, special.Reason, special.Path);
        }

        if (SpecialFiles > 0)
        {
            progress.Say(Severity.Warning, $"{Units.Count(SpecialFiles, "special file")} could not be made{(Posix.IsRoot ? "" : "; only root can make device nodes")}");
        }
    }
}
