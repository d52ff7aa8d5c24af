using System.Text.Json;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Commands;

/// <summary>How <c>status</c> looks: problems first, in one screen, or one JSON record.</summary>
internal static class StatusOutput
{
    private const int MostRunsTold = 10_000;

    private static readonly SnapshotType[] Types = Enum.GetValues<SnapshotType>();

    public static void Print(Output output, HealthStatus status)
    {
        var (facts, verdict, now) = (status.Facts, status.Verdict, status.Now);
        output.Line(verdict.IsHealthy ? $"healthy: {status.Root}" : $"NOT healthy: {status.Root}");
        Print(output, "  problem: ", verdict.Problems);
        Print(output, "  remark: ", verdict.Remarks);
        output.Line();
        var table = new Table([new("TYPE"), new("NEWEST"), new("STATE"), new("AGE"), new("FILES", Right: true), new("SIZE", Right: true)]);
        foreach (var type in Types)
        {
            if (facts.Newest.GetValueOrDefault(type) is { } header)
            {
                table.Add(
                    type.Word(), header.Id, header.StateWords, Units.Age(now - header.StartedAt),
                    header.FileCount.ToString(System.Globalization.CultureInfo.InvariantCulture), Units.Size(header.Bytes));
            }
            else
            {
                table.Add(type.Word(), "none", "", "", "", "");
            }
        }

        table.Print(output);
        output.Line();
        output.Line($"verified      {Last(facts, RunJob.Verify, now)}; every byte {Last(facts, RunJob.VerifyDeep, now)}");
        output.Line($"rehearsed     {Last(facts, RunJob.Drill, now)}");
        if (facts.NewestOffsite is not null || status.Rules.OffsiteMaxAge is not null)
        {
            output.Line($"off-site      {(facts.NewestOffsiteAt is { } made ? $"the newest was made {Units.Age(now - made)}, {facts.NewestOffsite}" : "none known")}");
        }

        output.Line($"last failure  {LastFailure(facts, now)}");
        if (status.Next is { } next)
        {
            output.Line($"next run      {Units.Age(now - next)}, {next.ToLocalTime().ToString("yyyy-MM-dd HH:mm", System.Globalization.CultureInfo.InvariantCulture)}");
        }

        output.Line($"space         {Space(facts, status.Rules)}");
    }

    public static void WriteJson(Output output, HealthStatus status) => output.Record("status", json =>
    {
        var facts = status.Facts;
        json.WriteBoolean("healthy", status.Verdict.IsHealthy);
        json.WriteString("backup_dir", status.Root);
        WriteNotes(json, output.Offered, "problems", status.Verdict.Problems);
        WriteNotes(json, output.Offered, "remarks", status.Verdict.Remarks);
        json.WriteStartObject("newest");
        foreach (var type in Types)
        {
            WriteNewest(json, type.Word(), facts.Newest.GetValueOrDefault(type), status.Now);
        }

        json.WriteEndObject();
        json.WriteStartObject("covering");
        foreach (var rule in status.Rules.Coverage)
        {
            json.WriteStartObject(rule.Kind.Word());
            json.WriteString("snapshot", facts.NewestCovering(rule.Kind)?.Id);
            json.WriteNumber("max_age_seconds", (long)rule.MaxAge.TotalSeconds);
            json.WriteEndObject();
        }

        json.WriteEndObject();
        json.WriteString("newest_offsite", facts.NewestOffsite?.ToString());
        WriteNumber(json, "offsite_max_age_seconds", (long?)status.Rules.OffsiteMaxAge?.TotalSeconds);
        json.WriteNumber("snapshots", facts.Count);
        json.WriteNumber("damaged_headers", facts.Damaged.Count);
        WriteRuns(json, facts);
        WriteTime(json, "next_run", status.Next);
        WriteNumber(json, "free_bytes", facts.FreeBytes);
        json.WriteNumber("min_free_bytes", status.Rules.MinFreeBytes);
        WriteNumber(json, "bytes_of_a_run", facts.BytesOfRun);
        WriteNumber(json, "runs_that_fit", facts.RunsThatFit(status.Rules.MinFreeBytes));
    });

    private static void Print(Output output, string label, IReadOnlyList<HealthNote> notes)
    {
        foreach (var note in notes)
        {
            output.Line(label + output.Offered.Complete(note.Text));
            if (note.Mend is { } mend)
            {
                output.Line($"    {output.Offered.Complete(mend)}");
            }
        }
    }

    private static string Last(RepositoryFacts facts, string job, DateTimeOffset now) => facts.Runs.GetValueOrDefault(job) switch
    {
        null => "never",
        { LastSuccess: null } => "never with success",
        { LastSuccess: { } success } => Units.Age(now - success.FinishedAt),
    };

    private static string LastFailure(RepositoryFacts facts, DateTimeOffset now)
    {
        var record = facts.Runs.Values.Where(record => record.LastFailure is not null).MaxBy(record => record.LastFailure!.FinishedAt);
        return record?.LastFailure is not { } failure
            ? "none known"
            : $"'{RunJob.Command(failure.Job)}' {Units.Age(now - failure.FinishedAt)}"
                + (HealthJudgement.Standing(record, facts.Runs) is null ? ", made good since" : "")
                + (failure.Error is { } error ? $": {error}" : "");
    }

    private static string Space(RepositoryFacts facts, HealthRules rules) => (facts.FreeBytes is { } free ? $"{Units.Size(free)} free" : "the file system does not tell how much is free") + facts.RunsThatFit(rules.MinFreeBytes) switch
    {
        null => "",
        > MostRunsTold => ": room for very many more runs",
        var runs => $": room for {Units.Count(runs.Value, "more run")}, if each stores {Units.Size(facts.BytesOfRun ?? 0)} as the newest did on average",
    };

    private static void WriteNotes(Utf8JsonWriter json, OfferedCommands offered, string key, IReadOnlyList<HealthNote> notes)
    {
        json.WriteStartArray(key);
        foreach (var note in notes)
        {
            json.WriteStartObject();
            json.WriteString("text", offered.Complete(note.Text));
            json.WriteString("mend", note.Mend is { } mend ? offered.Complete(mend) : null);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteNewest(Utf8JsonWriter json, string key, SnapshotHeader? header, DateTimeOffset now)
    {
        if (header is null)
        {
            json.WriteNull(key);
            return;
        }

        json.WriteStartObject(key);
        json.WriteString("id", header.Id);
        json.WriteString("state", header.State.Word());
        json.WriteString("started_at", header.StartedAt);
        json.WriteNumber("age_seconds", (long)(now - header.StartedAt).TotalSeconds);
        json.WriteNumber("files", header.FileCount);
        json.WriteNumber("bytes", header.Bytes);
        json.WriteNumber("warnings", header.Warnings.Count);
        json.WriteEndObject();
    }

    private static void WriteRuns(Utf8JsonWriter json, RepositoryFacts facts)
    {
        json.WriteStartObject("runs");
        foreach (var (job, record) in facts.Runs)
        {
            json.WriteStartObject(job);
            json.WriteString("outcome", record.Last.Outcome.Word());
            json.WriteString("finished_at", record.Last.FinishedAt);
            WriteTime(json, "last_success", record.LastSuccess?.FinishedAt);
            WriteTime(json, "last_failure", record.LastFailure?.FinishedAt);
            json.WriteString("last_error", record.LastFailure?.Error);
            json.WriteBoolean("made_good", HealthJudgement.Standing(record, facts.Runs) is null);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }

    private static void WriteTime(Utf8JsonWriter json, string key, DateTimeOffset? time)
    {
        if (time is { } known)
        {
            json.WriteString(key, known);
        }
        else
        {
            json.WriteNull(key);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string key, long? number)
    {
        if (number is { } known)
        {
            json.WriteNumber(key, known);
        }
        else
        {
            json.WriteNull(key);
        }
    }
}
