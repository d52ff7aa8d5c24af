using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Config;

/// <summary>What values mean together: paths are made canonical, and places that cannot work are refused.</summary>
internal sealed class SettingsCheck(SettingsDraft draft, SettingsErrors errors)
{
    public void Run()
    {
        CheckBackupDir();
        draft.Databases = [.. (draft.Databases ?? []).Select(source => source with
        {
            Value = source.Value with { Path = Absolute($"path of '{source.Value.Name}'", source.Value.Path, source.Origin) },
        })];
        draft.Storage = [.. (draft.Storage ?? []).Select(source => source with
        {
            Value = source.Value with { Path = Absolute($"path of '{source.Value.Name}'", source.Value.Path, source.Origin) },
        })];

        var sources = draft.Databases.Select(source => new CheckedSource(source.Value.Name, source.Value.Path, source.Origin))
            .Concat(draft.Storage.Select(source => new CheckedSource(source.Value.Name, source.Value.Path, source.Origin))).ToList();
        CheckSources(sources);
        CheckPlaces(sources);
        CheckRun();
        CheckOffsite();
        CheckSigning();
    }

    public void CheckSigning() => draft.Signing.KeyFile = Absolute("'signing.key_file'", draft.Signing.KeyFile);

    public void CheckOffsite() => draft.Offsite.RcloneConfig = Absolute("'offsite.rclone_config'", draft.Offsite.RcloneConfig);

    public void CheckBackupDir()
    {
        draft.BackupDir ??= SettingsDraft.DefaultBackupDir;
        var (path, origin) = (draft.BackupDir.Value, draft.BackupDir.Origin);
        draft.BackupDir = new Sourced<string>(Absolute("'backup_dir'", path, origin), origin);
    }

    private void CheckSources(List<CheckedSource> sources)
    {
        if (sources.Count == 0 && !errors.Any)
        {
            errors.Add("configuration", "neither 'databases' nor 'storage' names anything to back up");
        }

        for (var i = 0; i < sources.Count; i++)
        {
            var source = sources[i];
            if (!SourceNames.IsValid(source.Name))
            {
                errors.Add(source.Origin, $"name {SettingsErrors.Quote(source.Name)} is not allowed; it must be {SourceNames.Allowed}");
            }

            foreach (var earlier in sources.Take(i).Where(earlier => earlier.Name == source.Name).Take(1))
            {
                errors.Add(source.Origin, $"name '{source.Name}' is taken already, by the source from {earlier.Origin}");
            }

            foreach (var earlier in sources.Take(i).Where(earlier => earlier.Path == source.Path).Take(1))
            {
                errors.Add(source.Origin, $"path {SettingsErrors.Quote(source.Path)} is the source '{earlier.Name}' already");
            }
        }
    }

    /// <summary>Inside a tree the backups may lie: they are skipped. A source among the backups would be taken for one of them.</summary>
    private void CheckPlaces(List<CheckedSource> sources)
    {
        var (backups, origin) = (draft.BackupDir!.Value, draft.BackupDir.Origin);
        var quoted = SettingsErrors.Quote(backups);
        foreach (var (name, path, _) in sources)
        {
            if (path == backups)
            {
                errors.Add(origin, $"'backup_dir' is {quoted}, which is the source '{name}'; choose another directory");
            }
            else if (path.StartsWith(backups.TrimEnd('/') + "/", StringComparison.Ordinal))
            {
                errors.Add(origin, $"'backup_dir' is {quoted}, and the source '{name}' lies in it; choose another directory");
            }
        }
    }

    private void CheckRun()
    {
        var run = draft.Run;
        run.MetricsFile = Absolute("'metrics_file'", run.MetricsFile);
        run.LogFile = Absolute("'log_file'", run.LogFile);
        run.DrillDir = Absolute("'drill.dir'", run.DrillDir);
        run.TelegramTokenFile = Absolute("'notify.telegram.token_file'", run.TelegramTokenFile);
        run.Sendmail = Absolute("'notify.mail.sendmail'", run.Sendmail);
        foreach (var query in run.DrillQueries)
        {
            CheckKnown(query.Value.Database, "database", draft.Databases!.Select(source => source.Value.Name), query.Origin);
        }

        foreach (var reference in run.References)
        {
            CheckKnown(reference.Value.Database, "database", draft.Databases!.Select(source => source.Value.Name), reference.Origin);
            CheckKnown(reference.Value.Storage, "storage", draft.Storage!.Select(source => source.Value.Name), reference.Origin);
        }
    }

    private void CheckKnown(string name, string kind, IEnumerable<string> names, string origin)
    {
        var known = names.ToList();
        if (!known.Contains(name))
        {
            errors.Add(origin, $"there is no {kind} named {SettingsErrors.Quote(name)}{NearestWord.Suggestion(name, known)}");
        }
    }

    private Sourced<string>? Absolute(string what, Sourced<string>? path) =>
        path is null ? null : path with { Value = Absolute(what, path.Value, path.Origin) };

    /// <summary>Without "..", and without a slash at the end. One that is not absolute is noted and kept.</summary>
    private string Absolute(string what, string path, string origin)
    {
        if (path.StartsWith('/'))
        {
            return Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        }

        errors.Add(origin, $"{what} is {SettingsErrors.Quote(path)}; it must be an absolute path");
        return path;
    }

    private sealed record CheckedSource(string Name, string Path, string Origin);
}
