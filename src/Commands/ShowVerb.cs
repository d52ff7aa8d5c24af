using System.Globalization;
using System.Text;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary><c>show ID</c>: one snapshot, or with <c>--files</c> what is in it, streamed.</summary>
internal static class ShowVerb
{
    public static ExitCode Run(Surroundings around, ShowCommand command)
    {
        if (command.From is { } place)
        {
            using var session = OffsiteReading.Open(around, place, around.NewProgress());
            _ = session.Snapshots.Find(command.Id);
            var there = LatestLookup.Find(around, session.Snapshots.Store, command.Id, orPartial: true, from: place);
            return command.Files && session.Snapshots.FetchParts(there, table: false) is { } trouble
                ? throw UserError.Failed($"snapshot {there.Id} in the second place {trouble}", "'vertex-ar-backup offsite verify' tells which are whole")
                : Show(around, session.Snapshots.Store, there, command.Files);
        }

        if (PythonLookup.Find(around, command.Id) is { } old)
        {
            return PythonReports.Show(around, old, command.Files);
        }

        var store = around.OpenSnapshots();
        using var guard = ReaderGuard.ForReading(store.Layout, around.Clock);
        return Show(around, store, LatestLookup.Find(around, store, command.Id, orPartial: true), command.Files);
    }

    private static ExitCode Show(Surroundings around, SnapshotStore store, Snapshot snapshot, bool files)
    {
        if (files)
        {
            return ShowFiles(around, store, snapshot);
        }

        if (around.Output.Json)
        {
            around.Output.Record("snapshot", json => SnapshotJson.Write(json, snapshot.Header));
        }
        else
        {
            Print(around, snapshot.Header);
        }

        return ExitCode.Done;
    }

    internal static void ShowEntry(Output output, FileEntry entry)
    {
        if (output.Json)
        {
            PrintJson(output, entry);
        }
        else
        {
            Print(output, entry);
        }
    }

    private static void Print(Surroundings around, SnapshotHeader header)
    {
        var output = around.Output;
        output.Line($"snapshot  {header.Id}  {header.Type.Word()}, {header.StateWords}");
        output.Line($"host      {header.Host}, by {header.Tool}");
        output.Line($"started   {header.StartedAt.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)}, "
            + Units.Age(around.Clock.GetUtcNow() - header.StartedAt) + (header.Origin is null ? $"; took {Units.Duration(header.FinishedAt - header.StartedAt)}" : ""));
        if (header.Origin is { } origin)
        {
            output.Line($"imported  {Units.Age(around.Clock.GetUtcNow() - origin.ImportedAt)}, from {origin.Name} of the Python system");
        }

        output.Line($"content   {Units.Count(header.FileCount, "file")}, {Units.Size(header.Bytes)}; new {Units.Size(header.NewBytes)}, stored as {Units.Size(header.StoredBytes)}");
        output.Line();
        var table = new Table([new("SOURCE"), new("KIND"), new("FILES", Right: true), new("SIZE", Right: true), new("NEW", Right: true), new("PATH")]);
        foreach (var source in header.Sources)
        {
            table.Add(
                source.Name,
                source.Kind.Word(),
                source.Files.ToString(CultureInfo.InvariantCulture),
                Units.Size(source.Bytes),
                Units.Size(source.NewBytes),
                source.Path);
        }

        table.Print(output);
        foreach (var source in header.Sources.Where(source => source.Target is not null))
        {
            output.Line($"{source.Name} is a link: {source.Path} -> {source.Target}");
        }

        foreach (var source in header.Sources.Where(source => source.LeftOut.Count > 0))
        {
            output.Line($"left out of {source.Name}: {LeftOutText.Sum(source.LeftOut)}");
        }

        PrintUnusual(output, header);
        output.Lines(header.Sources.Where(s => s.IsLacking).Select(s => $"{s.Name} is {s.State.Word()}: {s.Reason}"));
        if (header.Warnings.Count > 0)
        {
            output.Line();
            output.Line($"{Units.Count(header.Warnings.Count, "warning")}{(header.Warnings.Count > header.Warnings.First.Length ? $", the first {header.Warnings.First.Length}" : "")}:");
            output.Lines(header.Warnings.First.Select(w => $"  {w.Path}: {w.Reason}"));
        }
    }

    /// <summary>What a full snapshot does not cover, and sources that are not what they were.</summary>
    private static void PrintUnusual(Output output, SnapshotHeader header)
    {
        foreach (var kind in Enum.GetValues<SourceKind>().Where(kind => header.Type.Covers(kind) && !Array.Exists(header.Sources, source => source.Kind == kind)))
        {
            output.Line($"no {kind.Word()} in it: the configuration named none");
        }

        foreach (var source in header.Sources.Where(source => source.Shrunk is not null))
        {
            output.Line($"{source.Name} {(source.IsMarked ? "lost its content" : "was emptied, which was accepted")}: {source.Shrunk!.Sentence}");
        }
    }

    private static ExitCode ShowFiles(Surroundings around, SnapshotStore store, Snapshot snapshot)
    {
        try
        {
            using var list = store.OpenFileList(snapshot);
            list.Absent = entry => ShowEntry(around.Output, entry);
            while (list.Read() is { } entry && !around.Output.IsBroken)
            {
                around.Stop.ThrowIfCancellationRequested();
                ShowEntry(around.Output, entry);
            }

            return ExitCode.Done;
        }
        catch (DamageError e)
        {
            throw UserError.Failed($"snapshot {snapshot.Id} {e.Message}", "use another snapshot; 'vertex-ar-backup verify' tells which are whole", e);
        }
    }

    private static void Print(Output output, FileEntry entry)
    {
        if (entry.Type == EntryType.Absent)
        {
            output.Line($"{"not saved",-58} {Encoding.UTF8.GetString(entry.Path)}: {entry.Reason}");
            return;
        }

        var kind = Letter(entry.Type);
        var more = entry.Attributes is null ? ' ' : '+';
        var size = entry.Device is { } device ? $"{device.Major}, {device.Minor}" : $"{entry.Size}";
        var time = entry.Modified.ToNearestTime().ToLocalTime();
        var arrow = entry.Target is { } target ? $" -> {Encoding.UTF8.GetString(target)}" : "";
        output.Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{kind}{Convert.ToString(entry.Mode, 8).PadLeft(4, '0')}{more}{entry.User ?? $"{entry.Uid}",-10} {entry.Group ?? $"{entry.Gid}",-10} {size,13} {time:yyyy-MM-dd HH:mm} {Encoding.UTF8.GetString(entry.Path)}{arrow}"));
    }

    private static char Letter(EntryType type) => type switch
    {
        EntryType.File => '-',
        EntryType.Directory => 'd',
        EntryType.Symlink => 'l',
        EntryType.HardLink => 'h',
        EntryType.Fifo => 'p',
        EntryType.BlockDevice => 'b',
        EntryType.CharacterDevice => 'c',
        EntryType.Absent => '?',
        _ => throw new ArgumentOutOfRangeException(nameof(type)),
    };

    private static void PrintJson(Output output, FileEntry entry) => output.Record("file", json =>
    {
        json.WriteString("path", Encoding.UTF8.GetString(entry.Path));
        if (!System.Text.Unicode.Utf8.IsValid(entry.Path))
        {
            json.WriteBase64String("path_b64", entry.Path);
        }

        json.WriteString("type", entry.Type.Word());
        if (entry.Type == EntryType.Absent)
        {
            json.WriteString("reason", entry.Reason);
            return;
        }

        json.WriteString("mode", Convert.ToString(entry.Mode, 8).PadLeft(4, '0'));
        json.WriteNumber("uid", entry.Uid);
        json.WriteNumber("gid", entry.Gid);
        json.WriteNumber("size", entry.Size);
        json.WriteString("mtime", entry.Modified.ToDecimal());
        if (entry.Pieces.Length == 1 && !entry.Pieces[0].IsHole)
        {
            json.WriteString("sha256", entry.Pieces[0].Sha256.ToString());
        }

        if (entry.Target is { } target)
        {
            json.WriteString("target", Encoding.UTF8.GetString(target));
        }

        ExtendedAttributesJson.Write(json, entry);
    });
}
