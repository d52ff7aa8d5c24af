using System.Globalization;

namespace VertexAr.Backup.Config;

/// <summary>The part of the draft about the second place.</summary>
internal sealed class OffsiteDraft
{
    public static readonly NumberKey MaxBackups = new("offsite.max_backups", 1, int.MaxValue, 0);
    public static readonly NumberKey Limit = new("offsite.limit_mb_per_s", 1, 1_000_000, 0);
    public static readonly NumberKey Transfers = new("offsite.transfers", 1, 64, 4);
    public static readonly NumberKey Timeout = new("offsite.timeout_seconds", 5, 86_400, 300);

    /// <summary>Numbers that stand in the object itself.</summary>
    public static readonly IReadOnlyList<NumberKey> Numbers = [MaxBackups, Limit, Transfers, Timeout];

    /// <summary>Numbers of its <c>keep</c>.</summary>
    public static readonly IReadOnlyList<NumberKey> Keep =
        [.. new[] { "daily", "weekly", "monthly", "yearly" }.Select(period => new NumberKey($"offsite.keep.{period}", 0, int.MaxValue, 0))];

    private const string Default = "default";

    private readonly Dictionary<NumberKey, Sourced<int>> numbers = [];

    public Sourced<string>? Remote { get; set; }

    public Sourced<string>? RcloneConfig { get; set; }

    public Sourced<string>? Rclone { get; set; }

    public Sourced<bool>? PushAfterCreate { get; set; }

    public void Set(NumberKey key, int value, string origin) => numbers[key] = new(value, origin);

    /// <summary>Null if no second place is configured.</summary>
    public OffsiteSetting? Setting => Remote is null ? null : new OffsiteSetting
    {
        Remote = Remote.Value,
        RcloneConfig = RcloneConfig?.Value ?? OffsiteSetting.DefaultConfig,
        PushAfterCreate = PushAfterCreate?.Value ?? true,
        MaxBackups = OrNone(MaxBackups),
        Keep = new KeepSetting(Number(Keep[0]).Value, Number(Keep[1]).Value, Number(Keep[2]).Value, Number(Keep[3]).Value),
        LimitMbPerS = OrNone(Limit),
        Transfers = Number(Transfers).Value,
        TimeoutSeconds = Number(Timeout).Value,
        Rclone = Rclone?.Value ?? OffsiteSetting.DefaultProgram,
    };

    /// <summary>For <c>config show</c>.</summary>
    public IEnumerable<SettingOrigin> Origins()
    {
        if (Remote is null)
        {
            yield break;
        }

        yield return new SettingOrigin("offsite.remote", Remote.Value, Remote.Origin);
        yield return new SettingOrigin("offsite.rclone_config", RcloneConfig?.Value ?? OffsiteSetting.DefaultConfig, RcloneConfig?.Origin ?? Default);
        yield return new SettingOrigin("offsite.push_after_create", PushAfterCreate?.Value == false ? "false" : "true", PushAfterCreate?.Origin ?? Default);
        foreach (var key in Numbers.Concat(Keep))
        {
            var number = Number(key);
            yield return new SettingOrigin(
                key.Key, number.Value < key.Least ? "none" : number.Value.ToString(CultureInfo.InvariantCulture), number.Origin);
        }

        yield return new SettingOrigin("offsite.rclone", Rclone?.Value ?? OffsiteSetting.DefaultProgram, Rclone?.Origin ?? Default);
    }

    private Sourced<int> Number(NumberKey key) => numbers.GetValueOrDefault(key) ?? new Sourced<int>(key.Default, Default);

    private int? OrNone(NumberKey key) => Number(key).Value is > 0 and var set ? set : null;
}
