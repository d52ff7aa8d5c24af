using VertexAr.Backup.Model;

namespace VertexAr.Backup.Config;

/// <summary>A value that is never shown, whatever prints it.</summary>
internal sealed class Secret(string value)
{
    public string Value => value;

    public override string ToString() => Secrets.Set;
}

/// <summary>Whom to tell how a run ended.</summary>
internal sealed record NotifySetting
{
    /// <summary>The outcomes to tell of. A healthcheck hears of all.</summary>
    public required IReadOnlyList<RunOutcome> On { get; init; }

    public TelegramSetting? Telegram { get; init; }

    public Secret? WebhookUrl { get; init; }

    public Secret? HealthcheckUrl { get; init; }

    public MailSetting? Mail { get; init; }
}

/// <summary>
/// The token is <paramref name="Token"/> (from the environment), else what is in <paramref name="TokenFile"/>, else the
/// systemd credential <c>telegram-token</c>.
/// </summary>
internal sealed record TelegramSetting(string ChatId, Secret? Token, string? TokenFile, string ApiUrl)
{
    public const string PublicApi = "https://api.telegram.org";
}

/// <summary>Mail through <paramref name="Sendmail"/>, the machine's own program for it.</summary>
internal sealed record MailSetting(string To, string Sendmail)
{
    public const string UsualProgram = "/usr/sbin/sendmail";
}

/// <summary>Commands around a run of <c>create</c>, each an argument list that no shell sees.</summary>
internal sealed record HooksSetting(
    IReadOnlyList<IReadOnlyList<string>> BeforeCreate,
    IReadOnlyList<IReadOnlyList<string>> AfterCreate,
    IReadOnlyList<IReadOnlyList<string>> OnFailure,
    int TimeoutSeconds)
{
    /// <summary>Names of variables of this process that they get.</summary>
    public IReadOnlyList<string> PassEnvironment { get; init; } = [];
}

/// <summary>When the scheduler starts a job. The expression is as written, from <paramref name="Origin"/>; the scheduler reads it.</summary>
internal sealed record JobSchedule(ScheduledJob Job, string Expression, bool Enabled, string Origin);

/// <summary>How a restore is rehearsed. <paramref name="Dir"/> is where to, absolute; null means in the backup directory.</summary>
internal sealed record DrillSetting(string? Dir, IReadOnlyList<DrillQuerySetting> Queries);

/// <summary>
/// A query that yields one number from the restored <paramref name="Database"/>: at least <paramref name="Min"/>, at most
/// <paramref name="Max"/>, and no further than <paramref name="WithinPercent"/> from what the live database says.
/// </summary>
internal sealed record DrillQuerySetting(string Name, string Database, string Sql, long? Min, long? Max, int? WithinPercent);

/// <summary>
/// A query that yields paths of files which must be in the storage tree <paramref name="Storage"/>, once
/// <paramref name="StripPrefix"/> is taken from each that begins with it, and <paramref name="AddPrefix"/> put before it.
/// </summary>
internal sealed record ReferenceSetting(string Database, string Sql, string Storage, string StripPrefix, string AddPrefix);
