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

    public Sourced<IReadOnlyList<string>>? HooksPassEnvironment { get; set; }

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
        SettingOrigin?[] texts =
        [
            Text("notify.telegram.chat_id", TelegramChat),
            Text("notify.telegram.token", TelegramToken),
            Text("notify.telegram.token_file", TelegramTokenFile),
            Text("notify.telegram.api_url", TelegramApi),
            Text("notify.webhook_url", Webhook),
            Text("notify.healthcheck_url", Healthcheck),
            Text("notify.mail.to", MailTo),
            Text("notify.mail.sendmail", Sendmail),
            Text("metrics_file", MetricsFile),
            Text("log_file", LogFile),
            Text("drill.dir", DrillDir),
        ];
        foreach (var text in texts.OfType<SettingOrigin>())
        {
            yield return text;
        }

        foreach (var (key, commands) in Hooks)
        {
            yield return new SettingOrigin($"hooks.{key}", string.Join("; ", commands.Value.Select(words => string.Join(' ', words))), commands.Origin);
        }

        if (HooksPassEnvironment is { } passed)
        {
            yield return new SettingOrigin("hooks.pass_environment", string.Join(' ', passed.Value), passed.Origin);
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

        for (var i = 0; i < References.Count; i++)
        {
            yield return new SettingOrigin(string.Create(CultureInfo.InvariantCulture, $"references[{i}]"), References[i].Value.Sql, References[i].Origin);
        }
    }

    private static SettingOrigin? Text<T>(string key, Sourced<T>? text)
        where T : class => text is null ? null : new SettingOrigin(key, text.Value.ToString()!, text.Origin);

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
