using System.Buffers;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>When a directory was last changed.</summary>
internal sealed record DirectoryTime(string Path, FileTime Modified);

/// <summary>
/// The steps of a restore in place on disk, so that it can be finished or taken back after a kill. JSON lines, only ever
/// appended to: the head, before anything is made; the steps and a line that seals them by number and digest, synced before
/// the first is done; a line when taking back begins; a line at the end. It lies beside the first target; beside each other one
/// lies a file that names it. Whoever works on a restore holds the kernel's lock on its journal.
/// </summary>
internal sealed class RestoreJournal : IDisposable
{
    private const int OwnersOnly = 0x180;
    private const int LargestBytes = 1 << 30;
    private const int MarksBytes = 1 << 20;

    private readonly SafeFileHandle file;

    /// <summary>Where the last line ends. What is behind it was not written to its end, and the next line takes its place.</summary>
    private long length;

    private RestoreJournal(string path, SafeFileHandle file, RestoreHead head)
    {
        (Path, this.file, Head) = (path, file, head);
    }

    public string Path { get; }

    public RestoreHead Head { get; }

    public RestoreStage Stage { get; private set; }

    /// <summary>Taking it back has begun, and may be done.</summary>
    public bool IsTakenBack { get; private set; }

    /// <summary>It has no first line: the restore was killed before it made anything.</summary>
    public bool IsEmpty => Head.What.Length == 0;

    /// <summary>All steps, in order; none while it is staging.</summary>
    public IReadOnlyList<RestoreStep> Steps { get; private set; } = [];

    /// <summary>Directories whose times the steps change, with those that they had.</summary>
    public IReadOnlyList<DirectoryTime> Touched { get; private set; } = [];

    /// <summary>How much of what was asked for its steps bring back.</summary>
    public RestoreOutcome Outcome { get; private set; }

    /// <summary>Begins a journal: head, and then pointers, are on disk when it returns.</summary>
    public static RestoreJournal Create(string path, RestoreHead head)
    {
        RestoreJournal? journal = null;
        try
        {
            journal = new RestoreJournal(path, Posix.CreateNew(Posix.Here, Posix.Bytes(path), OwnersOnly), head);
            FileLock.TryTake(journal.file, exclusive: true);
            journal.Append(RestoreLines.Of(json => RestoreHeadJson.Write(json, head)));
            AtomicFile.SyncDirectory(System.IO.Path.GetDirectoryName(path)!);
            RestorePointers.Write(path, head);
            return journal;
        }
        catch
        {
            // The names have this restore's time: whatever has them is ours.
            head.Pointers.Append(path).ToList().ForEach(written => AtomicFile.RemoveIfThere(written));
            journal?.Dispose();
            throw;
        }
    }

    /// <summary>Opens what was left, to finish it or take it back.</summary>
    /// <param name="path">A journal, or a file that names one.</param>
    /// <param name="isRunning">Somebody is at work on it: it must not be touched.</param>
    /// <returns>Null if there is none any more.</returns>
    /// <exception cref="UserError">It cannot be read, or is not to be trusted.</exception>
    public static RestoreJournal? Open(string path, out bool isRunning)
    {
        isRunning = false;
        try
        {
            return Open(path, mayPoint: true, ref isRunning);
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return null;
        }
        catch (PosixError e)
        {
            throw UserError.Failed($"the journal {path} of a restore cannot be read: {e.Message}", Posix.IsRoot ? null : "run the command as the user that restored, or as root", e);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw UserError.Failed($"the journal {path} of a restore is damaged: {e.Message}", "keep it, and everything with 'restore_' in its name beside it, until what they hold is known", e);
        }
    }

    /// <summary>Stores the steps; they are on disk when it returns, and from then on each may be done.</summary>
    /// <param name="steps">In the order in which they are done.</param>
    /// <param name="touched">Directories whose times they change.</param>
    /// <param name="outcome">How much of what was asked for they bring back.</param>
    public void Begin(IReadOnlyList<RestoreStep> steps, IReadOnlyList<DirectoryTime>? touched = null, RestoreOutcome outcome = RestoreOutcome.Whole)
    {
        (Touched, Outcome) = (touched ?? [], outcome);
        var lines = new ArrayBufferWriter<byte>();
        foreach (var step in steps)
        {
            lines.Write(RestoreLines.Of(json => RestoreStepJson.Write(json, step)));
        }

        var digest = Sha256.Of(lines.WrittenSpan);
        lines.Write(RestoreLines.Of(json =>
        {
            json.WriteNumber("begin", steps.Count);
            json.WriteString("sha256", digest.ToString());
            json.WriteItems("touched", Touched, RestoreHeadJson.WriteTime);
            json.WriteNumber("outcome", (int)outcome);
        }));
        if (lines.WrittenCount > LargestBytes - MarksBytes)
        {
            throw UserError.Failed(
                $"putting {Head.What} in place takes {steps.Count} steps, more than a journal can hold",
                "nothing was changed; restore elsewhere with --to DIR, or restore parts of it with --path");
        }

        Append(lines.WrittenSpan);
        (Steps, Stage) = (steps, RestoreStage.Begun);
    }

    /// <summary>From now on it can only be taken back.</summary>
    public void BeginTakingBack()
    {
        Mark("taking_back", RestoreStage.TakingBack);
        IsTakenBack = true;
    }

    /// <summary>Nothing is left to be done.</summary>
    public void End() => Mark("end", RestoreStage.Ended);

    /// <summary>The marks that could not be written when it was time, as on a full disk.</summary>
    /// <exception cref="PosixError">They still cannot.</exception>
    public void MakeUp(bool isTakenBack)
    {
        if (Stage == RestoreStage.Begun && isTakenBack)
        {
            BeginTakingBack();
        }

        if (Stage is RestoreStage.Begun or RestoreStage.TakingBack)
        {
            End();
        }
    }

    /// <summary>
    /// Removes the journal, after all that it names. It should have ended, if steps may have been done: one that has lost a file that vouched
    /// for it elsewhere is refused otherwise, if this is killed in between.
    /// </summary>
    public void Remove()
    {
        AtomicFile.RemoveIfThere(RestoreNames.Staged(Path));
        foreach (var pointer in Head.Pointers.Where(File.Exists))
        {
            AtomicFile.RemoveIfThere(pointer);
            try
            {
                AtomicFile.SyncDirectory(System.IO.Path.GetDirectoryName(pointer)!);
            }
            catch (PosixError)
            {
                // On a full disk: only a power cut could bring the file back. A journal that stayed would be refused for good, since its probes are gone.
            }
        }

        AtomicFile.RemoveIfThere(Path);
    }

    public void Dispose()
    {
        // Not only by closing: a child that is just being started has the descriptor as well.
        FileLock.GiveBack(file);
        file.Dispose();
    }

    private static RestoreJournal? Open(string path, bool mayPoint, ref bool isRunning)
    {
        var (above, name) = NamedPlaces.OpenAbove(path);
        using var held = above;
        var file = Posix.OpenToRead(above, name);
        try
        {
            RestoreLines.RequireTrust(path, file);
            var content = new byte[Posix.Status(file).Size is var size and <= LargestBytes ? size : throw new FormatException("it is larger than any journal")];
            var lines = RestoreLines.Split(content.AsMemory(0, Posix.ReadAt(file, content, 0)));
            using var first = lines.Count == 0 ? null : JsonDocument.Parse(lines[0]);
            if (first is null)
            {
                // It was killed before its first line: there is nothing else of it but pointers.
                return Empty(path, ref file);
            }

            if (first.RootElement.GetProperty("restore").GetInt32() != RestoreHeadJson.Version)
            {
                throw new FormatException("it is of another version of this program");
            }

            if (first.RootElement.TryGetProperty("journal", out var place))
            {
                return mayPoint && place.GetString() is { } other && other != path ? OpenNamed(path, other, ref isRunning) : throw new FormatException("it points nowhere");
            }

            file.Dispose();
            file = Posix.OpenToAppend(above, name, OwnersOnly);
            RestoreLines.RequireTrust(path, file);
            isRunning = !FileLock.TryTake(file, exclusive: true);
            var journal = new RestoreJournal(path, file, RestoreBounds.Narrow(path, RestoreHeadJson.Read(first.RootElement)));
            journal.length = content.AsSpan().LastIndexOf((byte)'\n') + 1;
            journal.Head.Scratch.ToList().ForEach(LinklessNames.Add);
            journal.ReadStages(lines);
            if (journal.Stage == RestoreStage.Ended)
            {
                // No step is done again, and the files that vouch for the other targets' are removed before the journal.
                journal.Steps = RestoreBounds.Within(journal.Head, journal.Steps);
            }

            journal.Touched = RestoreBounds.Require(journal.Head, journal.Steps, journal.Touched);
            file = null!;
            return journal;
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <summary>It is made before the file that names it, and removed after it: where it is missing a disk is not mounted.</summary>
    private static RestoreJournal? OpenNamed(string pointer, string path, ref bool isRunning)
    {
        try
        {
            var journal = Open(path, mayPoint: false, ref isRunning);
            if (journal is not null && !journal.Head.Pointers.Contains(pointer))
            {
                journal.Dispose();
                throw new FormatException($"it names {path}, which does not name it");
            }

            return journal;
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory)
        {
            throw UserError.Failed(
                $"{pointer} is of a restore that was killed, whose journal {path} is not there",
                $"mount the disk that it is on; if that is gone for good, remove {pointer}, and look for what was replaced under names with 'restore_'", e);
        }
    }

    private static RestoreJournal Empty(string path, ref SafeFileHandle file)
    {
        var journal = new RestoreJournal(path, file, new RestoreHead("", "", [], [], []));
        file = null!;
        return journal;
    }

    private void ReadStages(List<ReadOnlyMemory<byte>> lines)
    {
        var steps = new List<RestoreStep>();
        var text = new ArrayBufferWriter<byte>();
        foreach (var line in lines.Skip(1))
        {
            if (!RestoreLines.TryParse(line, out var json))
            {
                // Power went before the seal was on disk, so no step was done.
                return;
            }

            using (json)
            {
                if (!ReadStage(json.RootElement, steps, text))
                {
                    steps.Add(RestoreStepJson.Read(json.RootElement));
                    text.Write(line.Span);
                    text.Write("\n"u8);
                }
            }
        }
    }

    private bool ReadStage(JsonElement json, List<RestoreStep> steps, ArrayBufferWriter<byte> text)
    {
        if (json.TryGetProperty("begin", out var count))
        {
            if (count.GetInt32() == steps.Count && json.Text("sha256") == Sha256.Of(text.WrittenSpan).ToString())
            {
                (Steps, Stage, Touched) = (steps, RestoreStage.Begun, json.Items("touched", RestoreHeadJson.ReadTime));
                Outcome = json.NumberIfThere("outcome") is (>= (long)RestoreOutcome.Whole and <= (long)RestoreOutcome.Failed) and var outcome ? (RestoreOutcome)outcome : RestoreOutcome.Whole;
            }

            return true;
        }

        if (json.TryGetProperty("taking_back", out _))
        {
            (Stage, IsTakenBack) = (RestoreStage.TakingBack, true);
            return true;
        }

        if (json.TryGetProperty("end", out _))
        {
            Stage = RestoreStage.Ended;
            return true;
        }

        return false;
    }

    private void Mark(string word, RestoreStage stage)
    {
        Append(RestoreLines.Of(json => json.WriteBoolean(word, true)));
        Stage = stage;
    }

    private void Append(ReadOnlySpan<byte> lines)
    {
        if (Posix.Status(file).Size > length)
        {
            Posix.Truncate(file, length);
        }

        Posix.Write(file, lines);
        Posix.Sync(file);
        length += lines.Length;
    }
}
