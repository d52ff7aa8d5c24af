using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary><c>stats</c>: what the repository holds and what sharing and compression save. Reads headers, and the sizes of files.</summary>
internal static class StatsVerb
{
    public static ExitCode Run(Surroundings around)
    {
        var store = around.OpenSnapshots();
        var size = 0L;
        using var threads = new ThreadGroup(around.Stop);
        threads.Start("sizes", () => size = Repository.Bytes(store.Layout));
        var (whole, damaged) = store.ReadAll();
        threads.Join();
        var rows = whole.GroupBy(s => s.Header.Type).OrderBy(g => g.Key).Select(g => new Row(g.Key.Word(), [.. g])).ToList();
        rows.Add(new Row("all", whole));
        if (around.Output.Json)
        {
            rows.ForEach(row => around.Output.Record("stats", json => WriteJson(json, row)));
            around.Output.Record("summary", json => json.WriteNumber("repository_bytes", size));
        }
        else
        {
            Print(around, rows, size);
        }

        foreach (var bad in damaged)
        {
            around.Screen.Log.Say(Severity.Error, $"snapshot {bad.Id} is damaged and not counted: its header {bad.Reason}");
        }

        return damaged.Count > 0 ? ExitCode.Failed : ExitCode.Done;
    }

    private static void Print(Surroundings around, List<Row> rows, long size)
    {
        var table = new Table([new("TYPE"), new("SNAPSHOTS", Right: true), new("CONTENT", Right: true), new("NEW", Right: true), new("STORED", Right: true), new("NEWEST")]);
        foreach (var row in rows)
        {
            table.Add(
                row.Name,
                row.Snapshots.Count.ToString(System.Globalization.CultureInfo.InvariantCulture),
                Units.Size(row.Content),
                Units.Size(row.New),
                Units.Size(row.Stored),
                row.Newest is { } newest ? Units.Age(around.Clock.GetUtcNow() - newest.Header.StartedAt) : "never");
        }

        table.Print(around.Output);
        var all = rows[^1];
        if (all.Content > 0)
        {
            around.Output.Line();
            around.Output.Line($"on disk {Units.Size(size)}, {Percent(size, all.Content)} of the content of all snapshots");
            if (all.New > 0)
            {
                around.Output.Line($"what these snapshots added, {Units.Size(all.New)}, was stored as {Units.Size(all.Stored)}; the rest is shared");
            }
        }
    }

    private static string Percent(long part, long whole) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{100.0 * part / whole:0.#}%");

    private static void WriteJson(System.Text.Json.Utf8JsonWriter json, Row row)
    {
        json.WriteString("type", row.Name);
        json.WriteNumber("snapshots", row.Snapshots.Count);
        json.WriteNumber("bytes", row.Content);
        json.WriteNumber("new_bytes", row.New);
        json.WriteNumber("stored_bytes", row.Stored);
        json.WriteString("newest", row.Newest?.Header.Id);
    }

    private sealed record Row(string Name, List<Snapshot> Snapshots)
    {
        public long Content => Units.Sum(Snapshots.Select(s => s.Header.Bytes));

        public long New => Units.Sum(Snapshots.Select(s => s.Header.NewBytes));

        public long Stored => Units.Sum(Snapshots.Select(s => s.Header.StoredBytes));

        public Snapshot? Newest => Snapshots.LastOrDefault();
    }
}
