using System.Globalization;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Config;

/// <summary>A key whose value is a whole number, with what it may be and what it is when nobody sets it.</summary>
internal sealed record NumberKey(string Key, int Least, int Most, int Default)
{
    public static readonly NumberKey MaxBackups = new("max_backups", 1, int.MaxValue, 7);
    public static readonly NumberKey KeepDaily = new("keep.daily", 0, int.MaxValue, 0);
    public static readonly NumberKey KeepWeekly = new("keep.weekly", 0, int.MaxValue, 0);
    public static readonly NumberKey KeepMonthly = new("keep.monthly", 0, int.MaxValue, 0);
    public static readonly NumberKey KeepYearly = new("keep.yearly", 0, int.MaxValue, 0);
    public static readonly NumberKey PackSizeMb = new("pack_size_mb", 1, 2000, 64);
    public static readonly NumberKey MinFreeMb = new("min_free_mb", 0, int.MaxValue, 512);
    public static readonly NumberKey MaxAgeDatabase = new("max_age_hours.database", 1, int.MaxValue, 26);
    public static readonly NumberKey MaxAgeStorage = new("max_age_hours.storage", 1, int.MaxValue, 26);

    // More threads than four do not make a backup faster, but the server it runs on slower.
    public static readonly NumberKey Workers = new("workers", 1, 64, Math.Min(4, Environment.ProcessorCount));
    public static readonly NumberKey LockTimeoutSeconds = new("lock_timeout_seconds", 0, 86_400, 60);

    public static readonly NumberKey QueryTimeoutSeconds = new("query_timeout_seconds", 1, 86_400, 60);

    // No limit is what null says aloud; 0 stands for it here.
    public static readonly NumberKey LimitMbPerS = new("limit_mb_per_s", 1, 1_000_000, 0);
    public static readonly NumberKey HooksTimeoutSeconds = new("hooks.timeout_seconds", 1, 86_400, 300);

    public static readonly NumberKey MaxShrinkPercent = new("max_shrink_percent", 1, 100, ShrinkLimit.DefaultPercent);

    public static readonly NumberKey RescanDays = new("rescan_days", 1, 36_500, RescanShare.DefaultDays);

    public static readonly IReadOnlyList<NumberKey> All =
    [
        MaxBackups, KeepDaily, KeepWeekly, KeepMonthly, KeepYearly, PackSizeMb, MinFreeMb, MaxAgeDatabase, MaxAgeStorage, Workers,
        LockTimeoutSeconds, QueryTimeoutSeconds, LimitMbPerS, HooksTimeoutSeconds, MaxShrinkPercent, RescanDays,
    ];

    public string Allowed => Most == int.MaxValue
        ? string.Create(CultureInfo.InvariantCulture, $"a whole number of {Least} or more")
        : string.Create(CultureInfo.InvariantCulture, $"a whole number from {Least} to {Most}");

    /// <summary>Null when the text is no such number.</summary>
    public int? Read(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= Least && number <= Most
            ? number
            : null;
}
