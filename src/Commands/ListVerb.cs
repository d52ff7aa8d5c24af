using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Commands;

/// <summary><c>list</c>: one line a snapshot, newest last. Reads headers only.</summary>
internal static class ListVerb
{
    public static ExitCode Run(Surroundings around, ListCommand command)
    {
        if (command.From is { } place)
        {
            var (there, changed) = OffsiteReading.Headers(around, place);
            return Show(around, command, there, changed);
        }

        var directory = around.FindBackupDirectory();
        if (!CreateImport.IsRepository(directory) && PythonReports.List(around, directory, command.Type, imported: null))
        {
            around.Screen.Log.Say(Severity.Information, $"no snapshots yet; '{CommandTable.Program} import' makes them of these");
            return ExitCode.Done;
        }

        var store = around.OpenSnapshots();
        var tampering = Signing.Look(around, store.Layout);
        var all = store.ReadAll();
        var site = around.SettingsIfGood(quiet: true) is { } settings ? ThisSite.Of(settings) : null;
        return Show(around, command, all, tampering, () => PythonReports.List(around, directory, command.Type, CreateImport.Imported(all.Whole, site)));
    }

    private static ExitCode Show(
        Surroundings around, ListCommand command, (List<Snapshot> Whole, List<DamagedSnapshot> Damaged) all, List<Damage> tampering, Action? beside = null)
    {
        var (whole, damaged) = all;
        var shown = whole.FindAll(s => command.Type is null || s.Header.Type == command.Type);
        if (around.Output.Json)
        {
            foreach (var snapshot in shown)
            {
                around.Output.Record("snapshot", json => SnapshotJson.Write(json, snapshot.Header));
            }
        }
        else
        {
            Print(around, shown);
        }

        beside?.Invoke();
        foreach (var bad in damaged)
        {
            around.Screen.Log.Say(Severity.Error, $"snapshot {bad.Id} is {bad.Word}: its header {bad.Reason}");
        }

        foreach (var one in tampering)
        {
            around.Screen.Log.Say(Severity.Error, $"{one.Thing} {one.Reason}");
        }

        return damaged.Count + tampering.Count > 0 ? ExitCode.Failed : ExitCode.Done;
    }

    private static void Print(Surroundings around, List<Snapshot> shown)
    {
        if (shown.Count == 0)
        {
            around.Output.Line("no snapshots");
            return;
        }

        var (hosts, sites) = (shown.Exists(snapshot => snapshot.Header.IsOfOtherMachine(shown[0].Header)), HaveSites(shown));
        Column[] columns =
        [
            new("ID"), new("TYPE"), new("STATE"), new("AGE"), new("FILES", Right: true), new("SIZE", Right: true), new("STORED", Right: true),
            .. hosts ? [new Column("HOST")] : Array.Empty<Column>(),
            .. sites ? [new Column("SOURCES")] : Array.Empty<Column>(),
        ];
        var table = new Table(columns, rows: shown.Count);
        foreach (var snapshot in shown)
        {
            var header = snapshot.Header;
            table.Add([
                header.Id,
                header.Type.Word(),
                header.StateWords,
                Units.Age(around.Clock.GetUtcNow() - header.StartedAt),
                header.FileCount.ToString(System.Globalization.CultureInfo.InvariantCulture),
                Units.Size(header.Bytes),
                Units.Size(header.StoredBytes),
                .. hosts ? [header.Host] : Array.Empty<string>(),
                .. sites ? [string.Join(", ", header.Sources.Select(source => source.Name))] : Array.Empty<string>(),
            ]);
        }

        table.Print(around.Output);
    }

    /// <summary>Whether there are snapshots of a type that have no source in common: of several configurations, most likely.</summary>
    private static bool HaveSites(List<Snapshot> shown) => shown.GroupBy(snapshot => snapshot.Header.Type).Any(type =>
    {
        var first = type.First().Header.Sources.Select(source => source.Path).ToHashSet(StringComparer.Ordinal);
        return type.Any(snapshot => !Array.Exists(snapshot.Header.Sources, source => first.Contains(source.Path)));
    });
}
