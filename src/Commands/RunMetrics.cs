using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>Writes the metrics after a run. What goes wrong is a warning and changes nothing.</summary>
internal static class RunMetrics
{
    public static void Write(Surroundings around, string? file, SiteIdentity? site, RunReport report)
    {
        if (file is null)
        {
            return;
        }

        try
        {
            MetricsFile.Write(file, Gather(report, site, around.Clock.GetUtcNow()));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or UserError)
        {
            around.Screen.Log.Say(Severity.Warning, $"the metrics file {file} cannot be written: {e.Message}");
        }
    }

    private static Metrics Gather(RunReport report, SiteIdentity? site, DateTimeOffset now)
    {
        var (runs, facts, packs) = (new Dictionary<string, RunRecord>(), (RepositoryFacts?)null, 0L);
        try
        {
            var store = new SnapshotStore(Repository.Open(report.BackupDirectory));
            facts = RepositoryHealth.Read(store, site, now);
            runs = facts.Runs.ToDictionary();
            packs = RepositoryHealth.PackBytes(store.Layout);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or UserError)
        {
            // No repository yet, or none that can be looked into: the run itself says why.
        }

        // Where it could not be remembered, it is told of all the same.
        var record = runs.GetValueOrDefault(report.Job);
        runs[report.Job] = record?.Last.StartedAt == report.StartedAt ? record : RunRecord.After(record, report);
        return new Metrics(VersionVerb.Version, runs, facts, packs);
    }
}
