using System.Text.Json;

namespace VertexAr.Backup.Model;

/// <summary>What is remembered of runs, as JSON.</summary>
internal static class RunRecordJson
{
    public static RunRecord Read(JsonElement json) => new()
    {
        Last = ReadReport(json.GetProperty("last")),
        LastSuccess = json.IfThere("last_success", ReadReport),
        LastFailure = json.IfThere("last_failure", ReadReport),
    };

    public static void Write(Utf8JsonWriter json, RunRecord record)
    {
        json.WriteObject("last", record.Last, WriteReport);
        json.WriteObject("last_success", record.LastSuccess, WriteReport);
        json.WriteObject("last_failure", record.LastFailure, WriteReport);
    }

    private static RunReport ReadReport(JsonElement json) => new()
    {
        Job = json.Text("job"),
        Outcome = json.Word("outcome", RunOutcomes.FromWord),
        ExitCode = json.Integer("exit_code"),
        Host = json.Text("host"),
        Tool = json.Text("tool"),
        BackupDirectory = json.Text("backup_directory"),
        StartedAt = json.Time("started_at"),
        FinishedAt = json.Time("finished_at"),
        Snapshot = json.IfThere("snapshot", JsonFields.Text),
        Files = json.NumberIfThere("files"),
        Bytes = json.NumberIfThere("bytes"),
        NewBytes = json.NumberIfThere("new_bytes"),
        StoredBytes = json.NumberIfThere("stored_bytes"),
        Warnings = json.NumberIfThere("warnings") ?? 0,
        FirstWarnings = json.IfThere("first_warnings", JsonFields.Texts) ?? [],
        LostContent = json.IfThere("lost_content", JsonFields.Texts) ?? [],
        DamagedPacks = json.IfThere("damaged_packs", JsonFields.Texts) ?? [],
        Error = json.IfThere("error", JsonFields.Text),
        Hint = json.IfThere("hint", JsonFields.Text),
    };

    private static void WriteReport(Utf8JsonWriter json, RunReport report)
    {
        json.WriteString("job", report.Job);
        json.WriteString("outcome", report.Outcome.Word());
        json.WriteNumber("exit_code", report.ExitCode);
        json.WriteString("host", report.Host);
        json.WriteString("tool", report.Tool);
        json.WriteString("backup_directory", report.BackupDirectory);
        json.WriteString("started_at", report.StartedAt);
        json.WriteString("finished_at", report.FinishedAt);
        json.WriteIfThere("snapshot", report.Snapshot);
        json.WriteIfThere("files", report.Files);
        json.WriteIfThere("bytes", report.Bytes);
        json.WriteIfThere("new_bytes", report.NewBytes);
        json.WriteIfThere("stored_bytes", report.StoredBytes);
        json.WriteNumber("warnings", report.Warnings);
        json.WriteItems("first_warnings", report.FirstWarnings, static (json, warning) => json.WriteStringValue(warning));
        if (report.LostContent.Count > 0)
        {
            json.WriteItems("lost_content", report.LostContent, static (json, loss) => json.WriteStringValue(loss));
        }

        if (report.DamagedPacks.Count > 0)
        {
            json.WriteItems("damaged_packs", report.DamagedPacks, static (json, pack) => json.WriteStringValue(pack));
        }

        json.WriteIfThere("error", report.Error);
        json.WriteIfThere("hint", report.Hint);
    }
}
