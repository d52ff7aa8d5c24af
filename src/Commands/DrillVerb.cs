using System.Globalization;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Commands;

/// <summary><c>drill</c>: rehearses a restore, and says what it proved.</summary>
internal static class DrillVerb
{
    public const string Accept = "drill --moved";

    private const int TablesShown = 10;

    public static ExitCode Run(Surroundings around, DrillCommand command)
    {
        var backupDirectory = around.FindBackupDirectory();
        var settings = SettingsOrNull(around);
        around.BecomeOwner(backupDirectory);
        Surroundings.RequireSnapshot(backupDirectory, command.Id);
        return Attendance.Run(around, RunJob.Drill, backupDirectory, progress => Rehearse(around, command, settings, progress), settings);
    }

    /// <summary>Who names the backup directory can rehearse where the configuration is lost, broken, or not theirs to read.</summary>
    private static Settings? SettingsOrNull(Surroundings around)
    {
        try
        {
            return around.LoadSettings();
        }
        catch (UserError e) when (around.Options is { BackupDir: not null, ConfigFile: null })
        {
            around.Screen.Log.Say(Severity.Warning, $"without the configuration, no queries are asked: {e.Message}");
            return null;
        }
    }

    private static RunEnd Rehearse(Surroundings around, DrillCommand command, Settings? settings, RunProgress progress)
    {
        var store = around.OpenSnapshots();
        var snapshot = command.Id is { } id ? store.Find(id, around.Clock.GetUtcNow()) : DrillRestore.Choose(store, settings is null ? null : ThisSite.Of(settings), around.Clock.GetUtcNow(), progress);
        var started = around.Clock.GetTimestamp();
        var watch = settings is null ? PlaceWatch.None : StateDirectory.Watch(around, settings.BackupDir, command.Moved, Accept);
        if (settings?.Drill.Dir is { } directory)
        {
            watch.Require(PlaceWatch.DrillDirectory, directory);
        }

        DrillReport report;
        using (around.Screen.Progress(progress))
        {
            report = DrillRestore.Run(store, snapshot, Plan(settings), around.Clock, progress, around.Stop);
        }

        if (watch.Remember() is { } unremembered)
        {
            progress.Say(Severity.Detail, unremembered);
        }

        if (around.Output.Json)
        {
            ReportJson(around.Output, report);
        }
        else
        {
            Report(around, report, around.Clock.GetElapsedTime(started));
        }

        return new RunEnd(report.Passed ? ExitCode.Done : ExitCode.Failed, run => run with
        {
            Snapshot = snapshot.Id.ToString(),
            Files = report.Files,
            Bytes = report.Bytes,
            Error = report.Passed ? null : $"{Units.Count(report.FailureCount, "failure")} found: {report.Failures[0].Path} {report.Failures[0].Reason}",
            Hint = report.Passed ? null : $"see all of it: {CommandTable.Program} drill {snapshot.Id}",
        });
    }

    private static DrillPlan Plan(Settings? settings) => new()
    {
        Directory = settings?.Drill.Dir,
        MinFreeBytes = (long)(settings?.MinFreeMb ?? 0) << 20,
        LockTimeout = TimeSpan.FromSeconds(settings?.LockTimeoutSeconds ?? 0),
        QueryLimits = new SqliteQueryLimits(TimeSpan.FromSeconds(settings?.QueryTimeoutSeconds ?? 0)),
        Workers = Math.Clamp(System.Environment.ProcessorCount, 1, 4),
        Queries =
        [
            .. (settings?.Drill.Queries ?? []).Select(query => new DrillQuery(
                query.Name,
                query.Database,
                query.Sql,
                query.Min,
                query.Max,
                query.WithinPercent,
                settings!.Databases.First(database => database.Name == query.Database).Path)),
        ],
    };

    private static void Report(Surroundings around, DrillReport report, TimeSpan took)
    {
        var output = around.Output;
        if (!around.Options.Quiet)
        {
            var header = report.Snapshot.Header;
            output.Line($"snapshot {header.Id} ({header.Type.Word()}, {Units.Age(around.Clock.GetUtcNow() - header.StartedAt)}) was restored, and every file read again: "
                + $"{Units.Count(report.Files, "file")}, {Units.Size(report.Bytes)}, in {Units.Duration(took)}");
            ShowTables(output, report.Tables, around.Options.Verbose ? int.MaxValue : TablesShown);
            ShowAnswers(output, report.Answers);
        }

        foreach (var failure in report.Failures)
        {
            output.Line($"failed: {failure.Path} {failure.Reason}");
        }

        if (!report.Passed)
        {
            around.Screen.Log.Say(Severity.Error, $"the drill failed: {Units.Count(report.FailureCount, "failure")} in snapshot {report.Snapshot.Id}");
        }
        else if (!around.Options.Quiet)
        {
            output.Line("the drill passed: this snapshot can be restored");
        }
    }

    private static void ShowTables(Output output, IReadOnlyList<DrillTable> tables, int most)
    {
        if (tables.Count == 0)
        {
            return;
        }

        var table = new Table([new("DATABASE"), new("TABLE", Shrinks: true), new("ROWS", Right: true)]);
        foreach (var counted in tables.OrderByDescending(t => t.Rows).Take(most))
        {
            table.Add(counted.Database, counted.Table, counted.Rows is { } rows ? rows.ToString("N0", CultureInfo.InvariantCulture) : "?");
        }

        output.Line();
        table.Print(output);
        if (tables.Count > most)
        {
            output.Line($"… and {Units.Count(tables.Count - most, "table")} more; --verbose shows all");
        }
    }

    private static void ShowAnswers(Output output, IReadOnlyList<DrillAnswer> answers)
    {
        if (answers.Count > 0)
        {
            var table = new Table([new("QUERY", Shrinks: true), new("ANSWER", Right: true), new("LIVE", Right: true), new("MUST BE"), new("")]);
            foreach (var answer in answers)
            {
                table.Add(answer.Query.Name, answer.Value ?? "-", answer.Live ?? "-", Bounds(answer.Query), answer.Problem is null ? "ok" : "failed");
            }

            output.Line();
            table.Print(output);
        }

        output.Line();
    }

    private static string Bounds(DrillQuery query)
    {
        var bounds = new List<string>();
        if (query.Min is { } min)
        {
            bounds.Add(string.Create(CultureInfo.InvariantCulture, $">= {min}"));
        }

        if (query.Max is { } max)
        {
            bounds.Add(string.Create(CultureInfo.InvariantCulture, $"<= {max}"));
        }

        if (query.WithinPercent is { } percent)
        {
            bounds.Add(string.Create(CultureInfo.InvariantCulture, $"live ±{percent} %"));
        }

        return bounds.Count == 0 ? "a number" : string.Join(", ", bounds);
    }

    private static void ReportJson(Output output, DrillReport report)
    {
        foreach (var table in report.Tables)
        {
            output.Record("table", json =>
            {
                json.WriteString("database", table.Database);
                json.WriteString("table", table.Table);
                WriteOrNull(json, "rows", table.Rows?.ToString(CultureInfo.InvariantCulture));
            });
        }

        foreach (var answer in report.Answers)
        {
            output.Record("query", json =>
            {
                json.WriteString("name", answer.Query.Name);
                json.WriteString("database", answer.Query.Database);
                WriteOrNull(json, "value", answer.Value);
                WriteOrNull(json, "live", answer.Live);
                json.WriteBoolean("ok", answer.Problem is null);
                json.WriteString("problem", answer.Problem);
            });
        }

        foreach (var failure in report.Failures)
        {
            output.Record("failure", json =>
            {
                json.WriteString("path", failure.Path);
                json.WriteString("reason", failure.Reason);
            });
        }

        output.Record("summary", json =>
        {
            json.WriteString("id", report.Snapshot.Id.ToString());
            json.WriteNumber("files", report.Files);
            json.WriteNumber("bytes", report.Bytes);
            json.WriteNumber("tables", report.Tables.Count);
            json.WriteNumber("queries", report.Answers.Count);
            json.WriteNumber("failures", report.FailureCount);
            json.WriteBoolean("passed", report.Passed);
        });
    }

    /// <summary>A number as SQLite writes it is one of JSON's, but for its infinities.</summary>
    private static void WriteOrNull(System.Text.Json.Utf8JsonWriter json, string key, string? number)
    {
        json.WritePropertyName(key);
        if (number is null || number.EndsWith("Inf", StringComparison.Ordinal))
        {
            json.WriteNullValue();
        }
        else
        {
            json.WriteRawValue(number);
        }
    }
}
