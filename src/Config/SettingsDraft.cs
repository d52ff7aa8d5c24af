using System.Globalization;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Config;

/// <summary>Settings while they are gathered: each value with its origin, and null what nobody has set yet.</summary>
internal sealed class SettingsDraft
{
    private const string Default = "default";
    private const string NothingNamed = "the configuration names none";

    private readonly Dictionary<NumberKey, Sourced<int>> numbers = [];

    public Sourced<string>? BackupDir { get; set; }

    public List<Sourced<DatabaseSetting>>? Databases { get; set; }

    public List<Sourced<StorageSetting>>? Storage { get; set; }

    public Sourced<Compression>? Compression { get; set; }

    public RunDraft Run { get; } = new();

    public OffsiteDraft Offsite { get; } = new();

    public SigningDraft Signing { get; } = new();

    public static Sourced<string> DefaultBackupDir { get; } = new("/var/backups/vertex-ar", Default);

    public void Set(NumberKey key, int value, string origin) => numbers[key] = new Sourced<int>(value, origin);

    /// <summary>
    /// A Vertex AR server's places, when nothing says what to back up. A file that names only one kind of source means just that:
    /// another application's configuration must not acquire our database.
    /// </summary>
    public void DefaultSources()
    {
        if (Databases is null && Storage is null)
        {
            Databases = [new(new DatabaseSetting("app_data", "/opt/vertex-ar/app_data/app_data.db"), Default)];
            Storage = [new(new StorageSetting("storage", "/opt/vertex-ar/storage", ["*.tmp", "cache/"], OneFileSystem: true), Default)];
        }
    }

    public LoadedSettings Finish()
    {
        BackupDir ??= DefaultBackupDir;
        Compression ??= new Sourced<Compression>(Config.Compression.Balanced, Default);
        return new LoadedSettings(
            new Settings
            {
                BackupDir = BackupDir.Value,
                NamesSources = (Databases ?? []).Exists(source => source.Origin != Default) || (Storage ?? []).Exists(source => source.Origin != Default),
                Databases = [.. (Databases ?? []).Select(source => source.Value)],
                Storage = [.. (Storage ?? []).Select(source => source.Value)],
                MaxBackups = Number(NumberKey.MaxBackups).Value,
                MaxShrinkPercent = Number(NumberKey.MaxShrinkPercent).Value,
                RescanDays = Number(NumberKey.RescanDays).Value,
                Keep = new KeepSetting(
                    Number(NumberKey.KeepDaily).Value,
                    Number(NumberKey.KeepWeekly).Value,
                    Number(NumberKey.KeepMonthly).Value,
                    Number(NumberKey.KeepYearly).Value),
                Compression = Compression.Value,
                PackSizeMb = Number(NumberKey.PackSizeMb).Value,
                MinFreeMb = Number(NumberKey.MinFreeMb).Value,
                MaxAge = new MaxAgeSetting(Number(NumberKey.MaxAgeDatabase).Value, Number(NumberKey.MaxAgeStorage).Value),
                Workers = Number(NumberKey.Workers).Value,
                LockTimeoutSeconds = Number(NumberKey.LockTimeoutSeconds).Value,
                QueryTimeoutSeconds = Number(NumberKey.QueryTimeoutSeconds).Value,
                LimitMbPerS = Number(NumberKey.LimitMbPerS).Value is > 0 and var limit ? limit : null,
                Notify = Run.Notify,
                Hooks = new HooksSetting(
                    Run.Hook("before_create"), Run.Hook("after_create"), Run.Hook("on_failure"), Number(NumberKey.HooksTimeoutSeconds).Value)
                {
                    PassEnvironment = Run.HooksPassEnvironment?.Value ?? [],
                },
                MetricsFile = Run.MetricsFile?.Value,
                LogFile = Run.LogFile?.Value,
                Schedule = Run.Schedule,
                Drill = Run.Drill,
                References = [.. Run.References.Select(reference => reference.Value)],
                Offsite = Offsite.Setting,
                Signing = Signing.Setting,
            },
            [.. Origins().Select(row => row with { Value = Secrets.Shown(row.Key, row.Value) })]);
    }

    private IEnumerable<SettingOrigin> Origins() =>
    [
        new("backup_dir", BackupDir!.Value, BackupDir.Origin),
        .. Databases is { Count: > 0 } ? Databases.SelectMany(Rows) : [new SettingOrigin("databases", "none", NothingNamed)],
        .. Storage is { Count: > 0 } ? Storage.SelectMany(Rows) : [new SettingOrigin("storage", "none", NothingNamed)],
        .. NumberKey.All.Select(Row),
        new("compression", FileBinder.Word(Compression!.Value), Compression.Origin),
        .. Run.Origins(),
        .. Offsite.Origins(),
        .. Signing.Origins(),
    ];

    private SettingOrigin Row(NumberKey key)
    {
        var number = Number(key);
        return new SettingOrigin(key.Key, number.Value < key.Least ? "none" : number.Value.ToString(CultureInfo.InvariantCulture), number.Origin);
    }

    private static IEnumerable<SettingOrigin> Rows(Sourced<DatabaseSetting> source)
    {
        var key = $"databases.{source.Value.Name}";
        return [new SettingOrigin(key, source.Value.Path, source.Origin), .. Row(key, source.Value.MaxShrink, source.Origin)];
    }

    private static IEnumerable<SettingOrigin> Row(string source, ShrinkLimit? limit, string origin) => limit is null
        ? []
        : [new SettingOrigin($"{source}.{NumberKey.MaxShrinkPercent.Key}", limit.Percent?.ToString(CultureInfo.InvariantCulture) ?? "none", origin)];

    private static IEnumerable<SettingOrigin> Rows(Sourced<StorageSetting> source)
    {
        var (setting, key) = (source.Value, $"storage.{source.Value.Name}");
        yield return new SettingOrigin(key, setting.Path, source.Origin);
        yield return new SettingOrigin($"{key}.exclude", string.Join(", ", setting.Exclude), source.Origin);
        yield return new SettingOrigin($"{key}.one_file_system", setting.OneFileSystem ? "true" : "false", source.Origin);
        foreach (var row in Row(key, setting.MaxShrink, source.Origin))
        {
            yield return row;
        }
    }

    private Sourced<int> Number(NumberKey key) => numbers.GetValueOrDefault(key) ?? new Sourced<int>(key.Default, Default);
}
