using VertexAr.Backup.Model;

namespace VertexAr.Backup.Config;

/// <summary>
/// The environment variables of the system this one replaces. An empty one counts as not set: in a unit's EnvironmentFile that
/// is how a variable is left out. A path replaces all configured sources of its kind.
/// </summary>
internal static class EnvironmentBinder
{
    public const string BackupDir = "BACKUP_DIR";
    private const int LongestName = 64;

    private static readonly string[] Yes = ["true", "1", "yes", "on"];
    private static readonly string[] No = ["false", "0", "no", "off"];

    public static void Bind(Func<string, string?> environment, SettingsDraft draft, SettingsErrors errors)
    {
        draft.BackupDir = Value(environment, BackupDir) ?? draft.BackupDir;
        BindRun(environment, draft.Run, errors);
        if (Value(environment, "MAX_BACKUPS") is { } max)
        {
            BindMaxBackups(max, draft, errors);
        }

        if (Value(environment, "DATABASE_PATH") is { } database)
        {
            var name = Free(Name(Path.GetFileNameWithoutExtension(database.Value), "database"), draft.Storage?.Select(s => s.Value.Name));
            draft.Databases = [new(new DatabaseSetting(name, database.Value), database.Origin)];
        }

        if (Value(environment, "STORAGE_PATH") is { } storage)
        {
            var folder = Path.GetFileName(Path.TrimEndingDirectorySeparator(storage.Value));
            var name = Free(Name(folder, "storage"), draft.Databases?.Select(d => d.Value.Name));
            draft.Storage = [new(new StorageSetting(name, storage.Value, [], OneFileSystem: true), storage.Origin)];
        }
    }

    /// <summary>Whom to tell on Telegram, and when the scheduler runs what.</summary>
    private static void BindRun(Func<string, string?> environment, RunDraft draft, SettingsErrors errors)
    {
        draft.TelegramChat = Value(environment, "TELEGRAM_CHAT_ID") ?? draft.TelegramChat;
        draft.TelegramToken = Value(environment, "TELEGRAM_BOT_TOKEN") is { } token ? new(new Secret(token.Value), token.Origin) : null;
        foreach (var job in ScheduledJobs.All)
        {
            var prefix = $"BACKUP_{job.Word().ToUpperInvariant()}_";
            if (Value(environment, prefix + "SCHEDULE") is { } expression)
            {
                draft.SetExpression(job, expression.Value, expression.Origin);
            }

            if (Value(environment, prefix + "ENABLED") is { } enabled)
            {
                BindEnabled(job, enabled, draft, errors);
            }
        }
    }

    private static void BindEnabled(ScheduledJob job, Sourced<string> given, RunDraft draft, SettingsErrors errors)
    {
        var word = given.Value.Trim();
        var on = Yes.Contains(word, StringComparer.OrdinalIgnoreCase);
        if (on || No.Contains(word, StringComparer.OrdinalIgnoreCase))
        {
            draft.SetEnabled(job, on, given.Origin);
        }
        else
        {
            errors.Add(given.Origin, $"it is {SettingsErrors.Quote(given.Value)}; it must be true or false");
        }
    }

    public static Sourced<string>? Value(Func<string, string?> environment, string variable) =>
        environment(variable) is { Length: > 0 } value ? new Sourced<string>(value, $"environment {variable}") : null;

    private static void BindMaxBackups(Sourced<string> given, SettingsDraft draft, SettingsErrors errors)
    {
        if (NumberKey.MaxBackups.Read(given.Value.Trim()) is { } number)
        {
            draft.Set(NumberKey.MaxBackups, number, given.Origin);
        }
        else
        {
            errors.Add(given.Origin, $"'max_backups' is {SettingsErrors.Quote(given.Value)}; it must be {NumberKey.MaxBackups.Allowed}");
        }
    }

    /// <summary>A file's name as the name of a source: what may not stand in one becomes '_'.</summary>
    private static string Name(string file, string otherwise)
    {
        var name = string.Concat(file.Select(c => SourceNames.MayContain(c) ? c : '_')).TrimStart('.', '_', '-');
        return name.Length == 0 ? otherwise : name[..Math.Min(name.Length, LongestName)];
    }

    /// <summary>Nobody chose this name, so nobody need be told that a configured source has it.</summary>
    private static string Free(string name, IEnumerable<string>? taken)
    {
        const string Second = "-2";
        return taken?.Contains(name) == true ? name[..Math.Min(name.Length, LongestName - Second.Length)] + Second : name;
    }
}
