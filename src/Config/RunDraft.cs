using System.Globalization;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Config;

/// <summary>The part of the draft about what happens around a run: whom to tell, hooks, schedule, drill, references.</summary>
internal sealed class RunDraft
{
    private const string Default = "default";

    private readonly Dictionary<ScheduledJob, Sourced<string>> expressions = [];
    private readonly Dictionary<ScheduledJob, Sourced<bool>> enabled = [];

    public Sourced<IReadOnlyList<RunOutcome>>? NotifyOn { get; set; }

    public Sourced<string>? TelegramChat { get; set; }

    public Sourced<Secret>? TelegramToken { get; set; }

    public Sourced<string>? TelegramTokenFile { get; set; }

    public Sourced<string>? TelegramApi { get; set; }

    public Sourced<Secret>? Webhook { get; set; }

    public Sourced<Secret>? Healthcheck { get; set; }

    public Sourced<string>? MailTo { get; set; }

    public Sourced<string>? Sendmail { get; set; }

    /// <summary>By the key's last part.</summary>
    public Dictionary<string, Sourced<IReadOnlyList<IReadOnlyList<string>>>> Hooks { get; } = [];

    public Sourced<string>? MetricsFile { get; set; }

    public Sourced<string>? LogFile { get; set; }

    public Sourced<string>? DrillDir { get; set; }

    public List<Sourced<DrillQuerySetting>> DrillQueries { get; set; } = [];

    public List<Sourced<ReferenceSetting>> References { get; set; } = [];

    public void SetExpression(ScheduledJob job, string expression, string origin) => expressions[job] = new(expression, origin);

    public void SetEnabled(ScheduledJob job, bool on, string origin) => enabled[job] = new(on, origin);

    public NotifySetting Notify => new()
    {
        On = (NotifyOn ?? DefaultOn).Value,
        Telegram = TelegramChat is null
            ? null
            : new TelegramSetting(TelegramChat.Value, TelegramToken?.Value, TelegramTokenFile?.Value, TelegramApi?.Value ?? TelegramSetting.PublicApi),
        WebhookUrl = Webhook?.Value,
        HealthcheckUrl = Healthcheck?.Value,
        Mail = MailTo is null ? null : new MailSetting(MailTo.Value, Sendmail?.Value ?? MailSetting.UsualProgram),
    };

    public DrillSetting Drill => new(DrillDir?.Value, [.. DrillQueries.Select(query => query.Value)]);

    public IReadOnlyList<JobSchedule> Schedule => [.. ScheduledJobs.All.Select(job =>
        new JobSchedule(job, Expression(job).Value, Enabled(job).Value, Expression(job).Origin))];

    public IReadOnlyList<IReadOnlyList<string>> Hook(string name) => Hooks.GetValueOrDefault(name)?.Value ?? [];

    /// <summary>For <c>config show</c>.</summary>
    public IEnumerable<SettingOrigin> Origins()
    {
        var on = NotifyOn ?? DefaultOn;
        yield return new SettingOrigin("notify.on", string.Join(", ", on.Value.Select(outcome => outcome.Word())), on.Origin);
        (string Key, string? Value, string? Origin)[] texts =
        [
            ("notify.telegram.chat_id", TelegramChat?.Value, TelegramChat?.Origin),
            ("notify.telegram.token", TelegramToken?.Value.ToString(), TelegramToken?.Origin),
            ("notify.telegram.token_file", TelegramTokenFile?.Value, TelegramTokenFile?.Origin),
            ("notify.telegram.api_url", TelegramApi?.Value, TelegramApi?.Origin),
            ("notify.webhook_url", Webhook?.Value.ToString(), Webhook?.Origin),
            ("notify.healthcheck_url", Healthcheck?.Value.ToString(), Healthcheck?.Origin),
            ("notify.mail.to", MailTo?.Value, MailTo?.Origin),
            ("notify.mail.sendmail", Sendmail?.Value, Sendmail?.Origin),
            ("metrics_file", MetricsFile?.Value, MetricsFile?.Origin),
            ("log_file", LogFile?.Value, LogFile?.Origin),
            ("drill.dir", DrillDir?.Value, DrillDir?.Origin),
        ];
        foreach (var (key, value, origin) in texts)
        {
            if (value is not null)
            {
                yield return new SettingOrigin(key, value, origin!);
            }
        }

        foreach (var (key, commands) in Hooks)
        {
            yield return new SettingOrigin($"hooks.{key}", string.Join("; ", commands.Value.Select(words => string.Join(' ', words))), commands.Origin);
        }

        foreach (var job in ScheduledJobs.All)
        {
            yield return new SettingOrigin($"schedule.{job.Word()}", Expression(job).Value, Expression(job).Origin);
            yield return new SettingOrigin($"schedule.{job.Word()}.enabled", Enabled(job).Value ? "true" : "false", Enabled(job).Origin);
        }

        foreach (var query in DrillQueries)
        {
            yield return new SettingOrigin($"drill.queries.{query.Value.Name}", query.Value.Sql, query.Origin);
        }

        foreach (var (reference, i) in References.Select((reference, i) => (reference, i)))
        {
            yield return new SettingOrigin(string.Create(CultureInfo.InvariantCulture, $"references[{i}]"), reference.Value.Sql, reference.Origin);
        }
    }

    private static readonly Sourced<IReadOnlyList<RunOutcome>> DefaultOn = new([RunOutcome.Failure, RunOutcome.Partial], Default);

    private Sourced<string> Expression(ScheduledJob job) => expressions.GetValueOrDefault(job) ?? new Sourced<string>(
        job switch
        {
            ScheduledJob.Database => "0 2 * * *",
            ScheduledJob.Rotation => "0 4 * * *",
            _ => "0 3 * * 0",
        },
        Default);

    private Sourced<bool> Enabled(ScheduledJob job) => enabled.GetValueOrDefault(job) ?? new Sourced<bool>(job != ScheduledJob.Storage, Default);
}
