using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>The part of <c>doctor</c> about what is written to: the backup directory, its space and its repository, files around it, hooks.</summary>
internal sealed class DoctorPlaces(Surroundings around, DoctorReport report, ServiceIdentity service, Settings settings)
{
    /// <summary>What systemd gives a service that sets no PATH of its own.</summary>
    private static readonly string[] ServicePath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    private readonly DoctorTrials trials = new(around, report);

    public void Look()
    {
        if (LookAtDirectory())
        {
            LookAtSpace();
            LookAtRepository();
        }

        LookAtWritten("metrics_file", settings.MetricsFile);
        LookAtWritten("log_file", settings.LogFile);
        LookAtDrills();
        LookAtHooks();
    }

    private string Made(string directory) => $"sudo install -d -o {service.User} -g {service.Group} -m 750 {ShellWord.Of(directory)}";

    private bool LookAtDirectory()
    {
        const string name = "backup directory";
        var directory = settings.BackupDir;
        if (!DoctorTrials.IsReached(report, name, directory))
        {
            return false;
        }

        var refusal = Posix.Refusal(directory, AccessKind.Fill) ?? (Directory.Exists(directory) ? null : new PosixError(PosixError.NotDirectory));
        switch (refusal?.Number)
        {
            case null or PosixError.NotFound when StateDirectory.Watch(around, settings.BackupDir).FindBackups(directory) is { } moved:
                report.Fail(name, moved.Message, moved.Hint);
                return false;
            case null when !trials.Try(name, directory, PlaceRole.Backups):
                return false;
            case null:
                report.Ok(name, $"{directory} is writable");
                return true;
            case PosixError.NotFound:
                report.Fail(name, $"{directory} does not exist; is its disk mounted?", Made(directory));
                return false;
            case PosixError.AccessDenied:
                report.Fail(
                    name, $"{directory} is not writable for {service.User}",
                    $"sudo chown -R {service.User}:{service.Group} {ShellWord.Of(directory)} && sudo chmod u+rwx {ShellWord.Of(directory)}");
                return false;
            default:
                report.Fail(name, $"{directory} cannot be used: {refusal.Message}");
                return false;
        }
    }

    /// <summary>The same reckoning that a run makes before it begins.</summary>
    private void LookAtSpace()
    {
        const string name = "space";
        if (Posix.Space(settings.BackupDir).IsUnknown)
        {
            report.Warn(
                name, $"the file system of {settings.BackupDir} says that it has 0 bytes in all, as some do that do not know: no run looks ahead whether it fits, and min_free_mb means nothing",
                "mount it in a way that tells its size, if there is one");
            return;
        }

        try
        {
            var plan = CreateVerb.Plan(settings, new CreateCommand(SnapshotType.Full, null, NoRotate: true, Rescan: false, DryRun: true));
            var estimate = CreatePreview.Estimate(plan, around.Clock, new RunProgress(_ => { }), around.Stop);
            if (estimate.Missing > 0)
            {
                report.Fail(
                    name, estimate.Explanation,
                    File.Exists(new Layout(settings.BackupDir).Mark) && new SnapshotStore(Repository.Open(settings.BackupDir)).Ids().Count > 3
                        ? $"sudo {CommandTable.Program} rotate --max-backups 3" : $"df -h {ShellWord.Of(settings.BackupDir)}");
            }
            else
            {
                report.Ok(name, $"{Units.Size(estimate.Free)} are free, and the next run probably writes {Units.Size(estimate.Wanted)}");
            }
        }
        catch (UserError e) when (e.Code is ExitCode.Failed or ExitCode.NoRepository)
        {
            report.Skip(name, $"what the next run needs cannot be told: {e.Message}");
        }
    }

    private void LookAtRepository()
    {
        const string name = "repository";
        if (!File.Exists(new Layout(settings.BackupDir).Mark) && !Directory.Exists(new Layout(settings.BackupDir).Snapshots))
        {
            if (StateDirectory.Watch(around, settings.BackupDir).FindBackups(settings.BackupDir) is { } gone)
            {
                report.Fail(name, gone.Message, gone.Hint);
            }
            else
            {
                report.Ok(name, "there is none yet; the first run makes it");
            }

            return;
        }

        try
        {
            var store = new SnapshotStore(Repository.Open(settings.BackupDir));
            Verify(store);
            LookAtSignatures(store.Layout);
            LookAtHealth(store);
            LookAtFiles(store.Layout);
            LeaseReport.Describe(store.Layout, around.Clock.GetUtcNow()).ForEach(lease => report.Ok("leases", lease.Text));
        }
        catch (UserError e)
        {
            report.Fail(name, e.Message, e.Hint);
        }
        catch (PosixError e)
        {
            report.Fail(name, $"{settings.BackupDir} cannot be read: {e.Message}");
        }
    }

    private void Verify(SnapshotStore store)
    {
        using var guard = ReaderGuard.ForReading(store.Layout, around.Clock);
        var (whole, damaged) = store.ReadAll();
        var verified = VerifyBackups.Run(store, whole, damaged, deep: false, workers: 1, new RunProgress(_ => { }), around.Stop);
        if (verified.Damages.Count > 0)
        {
            var first = verified.Damages[0];
            report.Fail(
                "repository", $"{Units.Count(verified.Damages.Count, "damage")} in {settings.BackupDir}: {first.Thing} {first.Reason}",
                $"sudo {CommandTable.Program} verify");
        }
        else
        {
            report.Ok("repository", $"{Units.Count(verified.Snapshots, "snapshot")}, {Units.Size(verified.Bytes)}: everything is there and of the right size");
        }
    }

    private void LookAtSignatures(Layout layout)
    {
        const string name = "signatures";
        try
        {
            if (around.Trust is not { } keys)
            {
                return;
            }

            var damaged = new SnapshotStore(layout, trust: HeaderTrust.Of(keys, layout)).ReadAll().Damaged.FindAll(one => one.IsUntrusted);
            string[] found = [.. damaged.Select(one => $"snapshot {one.Id} {one.Reason}"), .. Signing.Look(around, layout).Select(one => $"{one.Thing} {one.Reason}")];
            if (found.Length > 0)
            {
                report.Fail(name, $"{found[0]}{(found.Length > 1 ? $"; and {found.Length - 1} more" : "")}", $"sudo {CommandTable.Program} verify");
            }
            else
            {
                report.Ok(name, "each snapshot is signed by a trusted key, or listed by one");
            }
        }
        catch (UserError e)
        {
            report.Fail(name, e.Message, e.Hint);
        }
    }

    private void LookAtHealth(SnapshotStore store)
    {
        var now = around.Clock.GetUtcNow();
        var facts = RepositoryHealth.Read(store, ThisSite.Of(settings), now);
        var verdict = HealthJudgement.Judge(facts, StatusVerb.Rules(settings), now);
        if (verdict.IsHealthy)
        {
            report.Ok("status", "the backups are healthy");
        }
        else
        {
            report.Warn("status", $"the backups are not healthy: {verdict.Problems[0].Text}", $"sudo {CommandTable.Program} status");
        }

        if (facts.Newest.Values.Max(header => (DateTimeOffset?)header.StartedAt) is { } newest && newest > now.AddMinutes(5))
        {
            report.Fail("clock", $"it says {now:yyyy-MM-dd HH:mm} UTC, which is before the newest snapshot", "timedatectl");
        }
        else if (facts.InFuture is [.., var last])
        {
            report.Warn(
                "clock",
                $"{FutureId.Named(last, now)}: a clock was wrong when it was made, or somebody put it there. Runs made after it count as newer and rotate it away in time; "
                    + "what is known of it is shown by 'vertex-ar-backup show'. To remove it now, and free its space with the next rotation",
                $"sudo {FutureId.Removal(last, ShellWord.Of(store.Layout.Snapshots))}");
        }
    }

    /// <summary>A file of root's, left by a run by hand or a copy, is what most often stops the service from deleting.</summary>
    private void LookAtFiles(Layout layout)
    {
        string[] directories = [layout.Snapshots, layout.Packs, layout.Staging, layout.Runs, layout.Leases];
        foreach (var (path, kind) in directories.Where(path => AtomicFile.IsTaken(path) && !Directory.Exists(path)).Select(path => (path, "directory"))
            .Concat(AtomicFile.IsTaken(layout.Lock) && !Posix.StatusAt(Posix.Here, Posix.Bytes(layout.Lock)).IsRegular ? [(layout.Lock, "file")] : []))
        {
            report.Fail("repository", $"{path} is no {kind}, and runs fail for that", $"sudo mv {ShellWord.Of(path)} {ShellWord.Of(path + ".away")}");
        }

        var closed = directories.Where(directory => Directory.Exists(directory) && Posix.Refusal(directory, AccessKind.Fill) is not null).ToList();
        if (closed.Count > 0)
        {
            report.Fail(
                "repository", $"{string.Join(" and ", closed)}: not writable for {service.User}",
                $"sudo chown -R {service.User}:{service.Group} {ShellWord.Of(layout.Root)} && sudo chmod -R u+rwX {ShellWord.Of(layout.Root)}");
        }
    }

    private void LookAtWritten(string key, string? file)
    {
        if (file is not null)
        {
            _ = LookAtFilled(key, Path.GetDirectoryName(file) ?? "/");
        }
    }

    private void LookAtDrills()
    {
        const string key = "drill.dir";
        if (settings.Drill.Dir is not { } directory || !DoctorTrials.IsReached(report, key, directory))
        {
            return;
        }

        if (StateDirectory.Watch(around, settings.BackupDir, accept: DrillVerb.Accept).Find(PlaceWatch.DrillDirectory, directory) is { } moved)
        {
            report.Fail(key, moved.Message, moved.Hint);
        }
        else if (LookAtFilled(key, directory))
        {
            _ = trials.Try(key, directory, PlaceRole.Drills);
        }
    }

    private bool LookAtFilled(string key, string directory)
    {
        switch (Posix.Refusal(directory, AccessKind.Fill))
        {
            case null:
                report.Ok(key, $"{directory} is writable");
                return true;
            case { Number: PosixError.NotFound }:
                report.Fail(key, $"{directory} does not exist", $"sudo install -d -o {service.User} -g {service.Group} -m 755 {ShellWord.Of(directory)}");
                return false;
            case var refusal:
                report.Fail(
                    key, $"{directory} is not writable for {service.User}: {refusal.Message}",
                    $"sudo chgrp {service.Group} {ShellWord.Of(directory)} && sudo chmod ug+rwx {ShellWord.Of(directory)}");
                return false;
        }
    }

    private void LookAtHooks()
    {
        var hooks = settings.Hooks;
        foreach (var program in hooks.BeforeCreate.Concat(hooks.AfterCreate).Concat(hooks.OnFailure).Select(words => words[0]).Distinct())
        {
            var places = program.Contains('/', StringComparison.Ordinal) ? [program] : ServicePath.Select(directory => Path.Combine(directory, program)).ToList();
            if (places.Exists(place => File.Exists(place) && Posix.Refusal(place, AccessKind.Execute) is null))
            {
                report.Ok("hooks", $"{program} can be run");
            }
            else if (places.Find(File.Exists) is { } closed)
            {
                report.Fail("hooks", $"{program} cannot be run by {service.User}", $"sudo chmod a+rx {ShellWord.Of(closed)}");
            }
            else
            {
                report.Fail("hooks", $"there is no {program}", $"sudo {CommandTable.Program} config show");
            }
        }
    }
}
