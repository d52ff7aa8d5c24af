using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Config;

/// <summary>How hard packs are compressed. Media that does not compress is stored as it is, whatever is chosen.</summary>
internal enum Compression
{
    None,
    Fast,
    Balanced,
    Best,
}

/// <summary>One SQLite database. <paramref name="Path"/> is absolute.</summary>
internal sealed record DatabaseSetting(string Name, string Path)
{
    /// <summary>How much it may lose; null for as much as any source.</summary>
    public ShrinkLimit? MaxShrink { get; init; }
}

/// <summary>
/// One tree of files. <paramref name="Path"/> is absolute; with <paramref name="OneFileSystem"/>, what is mounted below is left out.
/// </summary>
internal sealed record StorageSetting(string Name, string Path, IReadOnlyList<string> Exclude, bool OneFileSystem)
{
    /// <summary>How much it may lose; null for as much as any source.</summary>
    public ShrinkLimit? MaxShrink { get; init; }
}

/// <summary>Snapshots kept beyond the newest ones: the newest of each of so many days, weeks, months and years.</summary>
internal sealed record KeepSetting(int Daily, int Weekly, int Monthly, int Yearly);

/// <summary>
/// How old the newest snapshot that covers the databases, and the newest that covers the storage trees, may be before that is
/// unhealthy.
/// </summary>
internal sealed record MaxAgeSetting(int DatabaseHours, int StorageHours);

/// <summary>The configuration in force: complete, checked, and free of where it came from.</summary>
internal sealed record Settings
{
    /// <summary>Sources were named; these are not the defaults.</summary>
    public bool NamesSources { get; init; }

    /// <summary>Absolute.</summary>
    public required string BackupDir { get; init; }

    public required IReadOnlyList<DatabaseSetting> Databases { get; init; }

    public required IReadOnlyList<StorageSetting> Storage { get; init; }

    /// <summary>How much a source may lose from one run to the next, in percent, 1 to 100; sources may say otherwise.</summary>
    public int MaxShrinkPercent { get; init; } = ShrinkLimit.DefaultPercent;

    /// <summary>How much each source may lose, by its name.</summary>
    public IReadOnlyDictionary<string, ShrinkLimit> ShrinkLimits =>
        Databases.Select(source => (source.Name, source.MaxShrink)).Concat(Storage.Select(source => (source.Name, source.MaxShrink)))
            .ToDictionary(source => source.Name, source => source.MaxShrink ?? new ShrinkLimit(MaxShrinkPercent));

    /// <summary>Where a change of a file need not show, each is read again within so many days.</summary>
    public required int RescanDays { get; init; }

    /// <summary>The newest so many of each type are kept; 1 or more.</summary>
    public required int MaxBackups { get; init; }

    public required KeepSetting Keep { get; init; }

    public required Compression Compression { get; init; }

    /// <summary>In MiB.</summary>
    public required int PackSizeMb { get; init; }

    /// <summary>In MiB; free space of the backup directory below which no run begins.</summary>
    public required int MinFreeMb { get; init; }

    public required MaxAgeSetting MaxAge { get; init; }

    public required int Workers { get; init; }

    /// <summary>How long a locked database is waited for.</summary>
    public required int LockTimeoutSeconds { get; init; }

    public required int QueryTimeoutSeconds { get; init; }

    /// <summary>In MiB; how fast content is read at most. Null for as fast as it can.</summary>
    public int? LimitMbPerS { get; init; }

    public required NotifySetting Notify { get; init; }

    public required HooksSetting Hooks { get; init; }

    /// <summary>Where to write metrics after a run, absolute; null for nowhere.</summary>
    public string? MetricsFile { get; init; }

    /// <summary>Where to write what is said, beside standard error, absolute; null for nowhere.</summary>
    public string? LogFile { get; init; }

    /// <summary>One for each job.</summary>
    public required IReadOnlyList<JobSchedule> Schedule { get; init; }

    public required DrillSetting Drill { get; init; }

    public required IReadOnlyList<ReferenceSetting> References { get; init; }

    /// <summary>Where the copies go; null for nowhere.</summary>
    public OffsiteSetting? Offsite { get; init; }

    /// <summary>The second place, as far as it is made of directories of this machine.</summary>
    public IReadOnlyList<string> SecondPlaces => Offsite?.FindDirectories() ?? [];

    /// <summary>Who signs snapshots, and whose signatures count; null if nobody does.</summary>
    public SigningSetting? Signing { get; init; }
}

/// <summary>For <c>config show</c>: a key, its value as text, and the file and line, variable, option or default it comes from.</summary>
internal sealed record SettingOrigin(string Key, string Value, string Origin);

internal sealed record LoadedSettings(Settings Settings, IReadOnlyList<SettingOrigin> Origins);
