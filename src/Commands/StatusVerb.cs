using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>All that <c>status</c> tells.</summary>
/// <param name="Root">The backup directory.</param>
/// <param name="Facts">What is known of it.</param>
/// <param name="Rules">What it is measured by.</param>
/// <param name="Verdict">What came of it.</param>
/// <param name="Next">When the timer starts the next run; null if that is not known.</param>
/// <param name="Now">When all that was so.</param>
internal sealed record HealthStatus(
    string Root, RepositoryFacts Facts, HealthRules Rules, HealthVerdict Verdict, DateTimeOffset? Next, DateTimeOffset Now);

/// <summary><c>status</c>: healthy or not, and why, in one screen and by exit code. Reads headers, no content.</summary>
internal static class StatusVerb
{
    internal const string EnableTimer = $"sudo systemctl enable --now {Systemd.Timer}";

    public static ExitCode Run(Surroundings around)
    {
        var status = Look(around);
        if (around.Output.Json)
        {
            StatusOutput.WriteJson(around.Output, status);
        }
        else if (!around.Options.Quiet || !status.Verdict.IsHealthy)
        {
            StatusOutput.Print(around.Output, status);
        }

        return status.Verdict.IsHealthy ? ExitCode.Done : ExitCode.Failed;
    }

    /// <exception cref="UserError">There is no repository, or it cannot be looked into.</exception>
    private static HealthStatus Look(Surroundings around)
    {
        var (settings, trouble) = TrySettings(around);
        var store = settings is null ? around.OpenSnapshots() : new SnapshotStore(around.OpenRepository(settings.BackupDir));
        var (trust, unsure) = settings is null ? (null, null) : Trust(around, store.Layout);
        var facts = RepositoryHealth.Read(store, settings is null ? null : ThisSite.Of(settings), around.Clock.GetUtcNow(), trust);
        var rules = settings is null ? Defaults(facts) : Rules(settings);
        var now = around.Clock.GetUtcNow();
        var verdict = HealthJudgement.Judge(facts, rules, now);
        var (next, starter) = NextRun(around);
        var lapsed = LeaseReport.Describe(store.Layout, now).FindAll(lease => lease.IsLapsed).ConvertAll(lease => new HealthNote(lease.Text));
        var unfinished = RestoreRestVerb.Find(settings).Select(RestoreRestVerb.Describe).OfType<(string Text, string Advice)>().Select(one => new HealthNote(one.Text, one.Advice));
        verdict = new HealthVerdict([.. trouble.Problems, .. unfinished, .. verdict.Problems], [.. trouble.Remarks, .. unsure is null ? Array.Empty<HealthNote>() : [unsure], .. starter, .. lapsed, .. verdict.Remarks]);
        return new HealthStatus(store.Layout.Root, facts, rules, verdict, next, now);
    }

    /// <summary>What vouches for snapshots, or why that is not known to whoever looks.</summary>
    private static (HeaderTrust? Trust, HealthNote? Unsure) Trust(Surroundings around, Layout layout)
    {
        try
        {
            return (around.Trust is { } keys ? HeaderTrust.Of(keys, layout) : null, null);
        }
        catch (UserError e)
        {
            return (null, new HealthNote($"no signature was looked at: {e.Message}", e.Hint));
        }
    }

    public static HealthRules Rules(Settings settings) => new(
        [
            .. settings.Databases.Count == 0 ? Array.Empty<CoverageRule>() :
                [new CoverageRule(SourceKind.Database, TimeSpan.FromHours(settings.MaxAge.DatabaseHours), [.. settings.Databases.Select(d => d.Name)])],
            .. settings.Storage.Count == 0 ? Array.Empty<CoverageRule>() :
                [new CoverageRule(SourceKind.Storage, TimeSpan.FromHours(settings.MaxAge.StorageHours), [.. settings.Storage.Select(s => s.Name)])],
        ],
        (long)settings.MinFreeMb << 20,
        settings.Offsite is not null,
        settings.Offsite is null ? null : OffsiteMaxAge(settings));

    /// <summary>The newest of all must be there, so what must be newest here counts.</summary>
    private static TimeSpan OffsiteMaxAge(Settings settings) => TimeSpan.FromHours(Math.Min(
        settings.Databases.Count > 0 ? settings.MaxAge.DatabaseHours : int.MaxValue, settings.Storage.Count > 0 ? settings.MaxAge.StorageHours : int.MaxValue));

    /// <summary>Where no configuration says what is to be saved, what was saved does.</summary>
    private static HealthRules Defaults(RepositoryFacts facts)
    {
        var seen = facts.Newest.Values.SelectMany(header => header.Sources.Select(source => source.Kind)).ToHashSet();
        SourceKind[] kinds = seen.Count > 0 ? [.. seen.Order()] : [SourceKind.Database, SourceKind.Storage];
        return new HealthRules(
            [.. kinds.Select(kind => new CoverageRule(kind, TimeSpan.FromHours(NumberKey.MaxAgeDatabase.Default), []))],
            (long)NumberKey.MinFreeMb.Default << 20);
    }

    /// <summary>A configuration that is wrong stops the next run; one that is not ours to read need not.</summary>
    private static (Settings? Settings, HealthVerdict Trouble) TrySettings(Surroundings around)
    {
        try
        {
            var settings = around.LoadSettings();
            return (settings, new HealthVerdict([], [.. UnnamedSources.Of(settings).Select(one => new HealthNote(one.Sentence, one.Hint))]));
        }
        catch (UserError e) when (e.Code == ExitCode.Usage)
        {
            var first = e.Message.Split('\n')[0] + "; judged by the defaults";
            return (null, SettingsFile.IsHidden(around.Options.ConfigFile, around.Environment)
                ? new HealthVerdict([], [new HealthNote(first)])
                : new HealthVerdict([new HealthNote("no run can begin: " + first, $"sudo {CommandTable.Program} config check")], []));
        }
    }

    /// <summary>When the next run begins, if that is known, and what is to be said about it.</summary>
    private static (DateTimeOffset? Next, IReadOnlyList<HealthNote> Remarks) NextRun(Surroundings around)
    {
        if (!Systemd.IsRunning)
        {
            return (null, []);
        }

        return Systemd.States([Systemd.Timer, Systemd.Scheduler], around.Stop) switch
        {
            null => (null, [new HealthNote("systemd does not say when the next run is")]),
            [_, { IsActive: true }] => (null, []),
            [{ IsInstalled: false }, _] => (null, [new HealthNote($"{Systemd.Timer} is not installed: no run begins by itself")]),
            [{ IsEnabled: false }, _] => (null, [new HealthNote("the timer is not enabled: no run begins by itself", EnableTimer)]),
            [{ IsActive: false }, _] => (null, [new HealthNote("the timer is not running: no run begins by itself", EnableTimer)]),
            var states => (states[0].Next, []),
        };
    }

}
