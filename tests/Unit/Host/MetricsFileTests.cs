using System.Text.RegularExpressions;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Host;

/// <summary>Metrics in Prometheus' text format. The end-to-end tests let promtool read them, where there is one.</summary>
public sealed partial class MetricsFileTests : IDisposable
{
    private static readonly DateTimeOffset Began = new(2026, 11, 23, 2, 0, 0, TimeSpan.Zero);

    private readonly TempDirectory directory = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Every_family_is_explained_once_and_every_sample_belongs_to_the_one_above()
    {
        var family = "";
        var families = new HashSet<string>();
        foreach (var line in MetricsFile.Text(Whole()).TrimEnd('\n').Split('\n'))
        {
            if (Help().Match(line) is { Success: true } help)
            {
                family = help.Groups[1].Value;
                Assert.True(families.Add(family), $"{family} is explained twice");
            }
            else if (line.StartsWith('#'))
            {
                Assert.Equal($"# TYPE {family} gauge", line);
            }
            else
            {
                Assert.Equal(family, Sample().Match(line).Groups[1].Value);
            }
        }

        Assert.All(families, name => Assert.StartsWith("vertex_ar_backup_", name, StringComparison.Ordinal));
        Assert.True(families.Count >= 13, $"only {families.Count} families");
    }

    [Fact]
    public void A_run_is_told_of_in_seconds_and_bytes()
    {
        var lines = MetricsFile.Text(Whole()).Split('\n');

        Assert.Contains("vertex_ar_backup_last_run_timestamp_seconds{run=\"create-full\"} 1795399290.5", lines);
        Assert.Contains("vertex_ar_backup_last_run_duration_seconds{run=\"create-full\"} 90.5", lines);
        Assert.Contains("vertex_ar_backup_last_run_new_bytes{run=\"create-full\"} 20000000000", lines);
        Assert.Contains("vertex_ar_backup_snapshots{type=\"full\"} 3", lines);
        Assert.Contains("vertex_ar_backup_snapshots{type=\"storage\"} 0", lines);
        Assert.Contains("vertex_ar_backup_repository_bytes 77", lines);
        Assert.DoesNotContain(lines, line => line.StartsWith("vertex_ar_backup_last_failure", StringComparison.Ordinal));
    }

    [Fact]
    public void Without_a_repository_the_failed_run_is_told_of_alone()
    {
        var failed = Report() with { Outcome = RunOutcome.Failure, ExitCode = 1, Bytes = null };
        var lines = MetricsFile.Text(new Metrics("1.0", new Dictionary<string, RunRecord> { [failed.Job] = RunRecord.After(null, failed) }, null, 0)).Split('\n');

        Assert.Contains("vertex_ar_backup_last_run_success{run=\"create-full\"} 0", lines);
        Assert.Contains("vertex_ar_backup_last_run_exit_code{run=\"create-full\"} 1", lines);
        Assert.DoesNotContain(lines, line => line.Contains("last_success", StringComparison.Ordinal) || line.Contains("_snapshots", StringComparison.Ordinal));
    }

    [Fact]
    public void Everybody_may_read_the_file_and_nothing_else_is_left()
    {
        var path = directory["vertex.prom"];
        File.WriteAllText(path, "before");

        MetricsFile.Write(path, Whole());

        Assert.Equal(0x1A4, Posix.StatusOrNull(path)!.Value.Permissions);
        Assert.Equal([path], Directory.GetFiles(directory.Root));
        Assert.Equal(MetricsFile.Text(Whole()), File.ReadAllText(path));
    }

    [Fact]
    public void Where_it_cannot_be_written_nothing_is_left_either()
    {
        var path = directory["taken.prom"];
        Directory.CreateDirectory(path);

        Assert.Throws<PosixError>(() => MetricsFile.Write(path, Whole()));
        Assert.Empty(Directory.GetFiles(directory.Root));
    }

    private static RunReport Report() => new()
    {
        Job = "create-full",
        Outcome = RunOutcome.Success,
        ExitCode = 0,
        Host = "h",
        Tool = "t",
        BackupDirectory = "/b",
        StartedAt = Began,
        FinishedAt = Began.AddSeconds(90.5),
        Bytes = 5,
        NewBytes = 20_000_000_000,
        Files = 7,
    };

    private static Metrics Whole() => new(
        "1.0\"\\",
        new Dictionary<string, RunRecord> { ["create-full"] = RunRecord.After(null, Report()) },
        new RepositoryFacts
        {
            Counts = new Dictionary<SnapshotType, int> { [SnapshotType.Full] = 3 },
            Newest = new Dictionary<SnapshotType, SnapshotHeader>(),
            Damaged = [],
            Runs = new Dictionary<string, RunRecord>(),
            BytesOfRun = 1,
            FreeBytes = 99,
        },
        77);

    [GeneratedRegex("^# HELP ([a-z_]+) [A-Z].+[^ ]$")]
    private static partial Regex Help();

    [GeneratedRegex("""^([a-z_]+)(?:\{[a-z]+="(?:[^"\\]|\\["\\n])*"\})? -?[0-9]+(?:\.[0-9]+)?$""")]
    private static partial Regex Sample();
}
