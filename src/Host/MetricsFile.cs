using System.Globalization;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Host;

/// <summary>What is known after a run. Without a repository there are no facts, and only the run itself is told of.</summary>
/// <param name="Version">This program's.</param>
/// <param name="Runs">How the last runs ended, by job.</param>
/// <param name="Facts">The repository's; null where there is none.</param>
/// <param name="PackBytes">What its packs take on the disk.</param>
internal sealed record Metrics(string Version, IReadOnlyDictionary<string, RunRecord> Runs, RepositoryFacts? Facts, long PackBytes);

/// <summary>
/// A file for node_exporter's textfile collector, in Prometheus' text format. Times are seconds since 1970, sizes are bytes.
/// The label of a job is <c>run</c>: <c>job</c> is Prometheus' own, which would rename ours.
/// </summary>
internal static class MetricsFile
{
    private const string Prefix = "vertex_ar_backup_";

    /// <summary>node_exporter is another user.</summary>
    private const int Mode = 0x1A4; // 0644

    /// <exception cref="PosixError">It cannot be written; a file that was there is still whole.</exception>
    public static void Write(string path, Metrics metrics)
    {
        path = LinkTrust.Settle(path);
        // The collector reads whatever ends in .prom.
        var temporary = $"{path}.{System.Environment.ProcessId}.tmp";
        try
        {
            using var file = AtomicFile.Create(temporary, Mode);
            Posix.Write(file, Encoding.UTF8.GetBytes(Text(metrics)));
            AtomicFile.Publish(file, temporary, path);
        }
        catch (PosixError)
        {
            TryRemove(temporary);
            throw;
        }
    }

    public static string Text(Metrics metrics)
    {
        var text = new StringBuilder();
        Gauge(text, "build_info", "The version of the program, as a label; always 1.", [new($"version=\"{Escape(metrics.Version)}\"", 1)]);
        AddRuns(text, metrics.Runs);
        if (metrics.Facts is { } facts)
        {
            AddRepository(text, facts, metrics.PackBytes);
        }

        return text.ToString();
    }

    private static void AddRuns(StringBuilder text, IReadOnlyDictionary<string, RunRecord> runs)
    {
        PerRun("last_run_timestamp_seconds", "When the last run ended, well or not.", record => Seconds(record.Last.FinishedAt));
        PerRun("last_success_timestamp_seconds", "When the last run ended that did all it should.", record => Seconds(record.LastSuccess?.FinishedAt));
        PerRun("last_failure_timestamp_seconds", "When the last run ended that failed or was partial.", record => Seconds(record.LastFailure?.FinishedAt));
        PerRun("last_run_success", "Whether the last run did all it should.", record => record.Last.Outcome == RunOutcome.Success ? 1 : 0);
        PerRun("last_run_exit_code", "The exit code of the last run; 3 is a partial snapshot.", record => record.Last.ExitCode);
        PerRun("last_run_duration_seconds", "How long the last run took.", record => Math.Max(0, record.Last.Took.TotalSeconds));
        PerRun("last_run_warnings", "Warnings of the last run.", record => record.Last.Warnings);
        PerRun("last_run_files", "Files in the snapshot that the last run made.", record => record.Last.Files);
        PerRun("last_run_content_bytes", "Content that the last run saved or looked at.", record => record.Last.Bytes);
        PerRun("last_run_new_bytes", "Content of the last run that no earlier snapshot had.", record => record.Last.NewBytes);
        PerRun("last_run_stored_bytes", "What the last run added to the repository.", record => record.Last.StoredBytes);

        void PerRun(string name, string help, Func<RunRecord, double?> value) =>
            Gauge(text, name, help, runs.OrderBy(run => run.Key, StringComparer.Ordinal).Select(run => new Sample($"run=\"{Escape(run.Key)}\"", value(run.Value))));
    }

    private static void AddRepository(StringBuilder text, RepositoryFacts facts, long packBytes)
    {
        var types = Enum.GetValues<SnapshotType>();
        Gauge(text, "snapshots", "Snapshots in the repository.", types.Select(type => new Sample(Label(type), facts.Counts.GetValueOrDefault(type))));
        Gauge(
            text, "newest_snapshot_timestamp_seconds", "When the newest snapshot was begun.",
            types.Select(type => new Sample(Label(type), Seconds(facts.Newest.GetValueOrDefault(type)?.StartedAt))));
        Gauge(
            text, "newest_snapshot_complete", "Whether all that should be in the newest snapshot is.",
            types.Select(type => new Sample(Label(type), facts.Newest.GetValueOrDefault(type) is { } newest ? newest.State == SnapshotState.Complete ? 1 : 0 : (double?)null)));
        Gauge(
            text, "newest_snapshot_shrunk_sources", "Sources of the newest snapshot that had lost their content.",
            types.Select(type => new Sample(Label(type), facts.Newest.GetValueOrDefault(type)?.Sources.Count(source => source.IsMarked))));
        Gauge(
            text, "rotation_held", "Whether rotation is held because a source lost its content.",
            [new("", ShrinkHold.Of(facts.Newest.Values.Select(header => RetentionItem.Of(SnapshotId.Parse(header.Id)!.Value, header))).Count > 0 ? 1 : 0)]);
        Gauge(
            text, "newest_offsite_snapshot_timestamp_seconds", "When the newest snapshot was begun that is known to be in the second place.",
            [new("", Seconds(facts.NewestOffsiteAt))]);
        Gauge(text, "damaged_headers", "Snapshots whose headers are damaged.", [new("", facts.Damaged.Count)]);
        Gauge(text, "repository_bytes", "What the packs take on the disk.", [new("", packBytes)]);
        Gauge(text, "free_bytes", "What may still be filled of the disk that holds the repository.", [new("", facts.FreeBytes)]);

        static string Label(SnapshotType type) => $"type=\"{type.Word()}\"";
    }

    /// <summary>A family with its samples; those without a value are left out, and so is a family without any.</summary>
    private static void Gauge(StringBuilder text, string name, string help, IEnumerable<Sample> samples)
    {
        var known = samples.Where(sample => sample.Value is not null).ToList();
        if (known.Count == 0)
        {
            return;
        }

        text.Append("# HELP ").Append(Prefix).Append(name).Append(' ').Append(help).Append('\n');
        text.Append("# TYPE ").Append(Prefix).Append(name).Append(" gauge\n");
        foreach (var (label, value) in known)
        {
            text.Append(Prefix).Append(name).Append(label.Length > 0 ? $"{{{label}}}" : "").Append(' ')
                .Append(value!.Value.ToString("0.###", CultureInfo.InvariantCulture)).Append('\n');
        }
    }

    private static double? Seconds(DateTimeOffset? time) => time?.ToUnixTimeMilliseconds() / 1000d;

    private static string Escape(string label) =>
        label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static void TryRemove(string temporary)
    {
        try
        {
            AtomicFile.RemoveIfThere(temporary);
        }
        catch (PosixError)
        {
            // It could not be made, then.
        }
    }

    private sealed record Sample(string Label, double? Value);
}
