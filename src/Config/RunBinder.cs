using System.Text.Json;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Config;

/// <summary>The keys of a configuration file about what happens around a run.</summary>
internal sealed class RunBinder(JsonKeys keys, SettingsDraft whole)
{
    public static readonly string[] Keys = ["notify", "hooks", "metrics_file", "log_file", "schedule", "drill", "references"];

    private static readonly string[] NotifyKeys = ["on", "telegram", "webhook_url", "healthcheck_url", "mail"];
    private static readonly string[] TelegramKeys = ["chat_id", "token_file", "api_url"];
    private static readonly string[] MailKeys = ["to", "sendmail"];
    private static readonly string[] HookKeys = ["before_create", "after_create", "on_failure", "timeout_seconds", "pass_environment"];
    private static readonly string[] DrillKeys = ["dir", "queries"];
    private static readonly string[] QueryKeys = ["name", "database", "sql", "min", "max", "within_percent"];
    private static readonly string[] QueryNeeds = ["name", "database", "sql"];
    private static readonly string[] ReferenceKeys = ["database", "sql", "storage", "strip_prefix", "add_prefix"];
    private static readonly string[] ReferenceNeeds = ["database", "sql", "storage"];
    private static readonly RunOutcome[] Outcomes = [RunOutcome.Failure, RunOutcome.Partial, RunOutcome.Success];
    private static readonly string[] OutcomeWords = [.. Outcomes.Select(outcome => outcome.Word())];
    private static readonly string[] JobWords = [.. ScheduledJobs.All.Select(job => job.Word())];
    private static readonly NumberKey WithinPercent = new("within_percent", 0, 1000, 0);

    private readonly RunDraft draft = whole.Run;

    public void Bind(string key, int line, JsonTree value)
    {
        switch (key)
        {
            case "notify":
                BindNotify(value);
                break;
            case "hooks":
                BindHooks(value);
                break;
            case "metrics_file":
                draft.MetricsFile = OptionalText(key, line, value);
                break;
            case "log_file":
                draft.LogFile = OptionalText(key, line, value);
                break;
            case "schedule":
                BindSchedule(value);
                break;
            case "drill":
                BindDrill(value);
                break;
            default:
                draft.References = [.. keys.Items(key, value).Select(ReferenceAt).OfType<Sourced<ReferenceSetting>>()];
                break;
        }
    }

    private void BindNotify(JsonTree notify)
    {
        foreach (var (key, line, value) in keys.Members(notify, "'notify'", "notify.", NotifyKeys))
        {
            switch (key)
            {
                case "on":
                    draft.NotifyOn = new Sourced<IReadOnlyList<RunOutcome>>(
                        [.. keys.Items("notify.on", value).Select(item => keys.Choice(item.Key, item.Value, OutcomeWords)).OfType<int>().Select(i => Outcomes[i])],
                        keys.At(line));
                    break;
                case "telegram" when value.Kind != JsonTokenType.Null:
                    BindTelegram(value);
                    break;
                case "webhook_url":
                    draft.Webhook = OptionalAddress("notify.webhook_url", line, value);
                    break;
                case "healthcheck_url":
                    draft.Healthcheck = OptionalAddress("notify.healthcheck_url", line, value);
                    break;
                case "mail" when value.Kind != JsonTokenType.Null:
                    BindMail(value);
                    break;
                default:
                    break; // null: not told.
            }
        }
    }

    private void BindTelegram(JsonTree telegram)
    {
        foreach (var (key, line, value) in keys.Members(telegram, "'notify.telegram'", "notify.telegram.", TelegramKeys, required: ["chat_id"]))
        {
            var full = "notify.telegram." + key;
            switch (key)
            {
                case "chat_id":
                    // Written as a number as often as a text.
                    draft.TelegramChat = value.Kind == JsonTokenType.Number ? new Sourced<string>(value.Text, keys.At(line)) : OptionalText(full, line, value);
                    break;
                case "token_file":
                    draft.TelegramTokenFile = OptionalText(full, line, value);
                    break;
                default:
                    draft.TelegramApi = keys.WebAddress(full, value) is { } api ? new Sourced<string>(api.TrimEnd('/'), keys.At(line)) : null;
                    break;
            }
        }
    }

    private void BindMail(JsonTree mail)
    {
        foreach (var (key, line, value) in keys.Members(mail, "'notify.mail'", "notify.mail.", MailKeys, required: ["to"]))
        {
            if (key == "to")
            {
                draft.MailTo = OptionalText("notify.mail.to", line, value);
            }
            else
            {
                draft.Sendmail = OptionalText("notify.mail.sendmail", line, value);
            }
        }
    }

    private void BindHooks(JsonTree hooks)
    {
        foreach (var (key, line, value) in keys.Members(hooks, "'hooks'", "hooks.", HookKeys))
        {
            if (key == "pass_environment")
            {
                draft.HooksPassEnvironment = new Sourced<IReadOnlyList<string>>(
                    [.. keys.Items("hooks.pass_environment", value).Select(item => keys.Text(item.Key, item.Value)).OfType<string>()], keys.At(line));
            }
            else if (key != "timeout_seconds")
            {
                draft.Hooks[key] = new Sourced<IReadOnlyList<IReadOnlyList<string>>>(Commands($"hooks.{key}", value), keys.At(line));
            }
            else if (keys.Number(NumberKey.HooksTimeoutSeconds, value) is { } seconds)
            {
                whole.Set(NumberKey.HooksTimeoutSeconds, seconds, keys.At(line));
            }
        }
    }

    /// <summary>One command as a list of its words, or a list of commands.</summary>
    private List<IReadOnlyList<string>> Commands(string key, JsonTree value)
    {
        var items = keys.Items(key, value).ToList();
        return items.Count == 0 ? []
            : items.TrueForAll(item => item.Value.Kind == JsonTokenType.StartArray)
                ? [.. items.Select(item => Words(item.Key, item.Value)).Where(words => words.Count > 0)]
                : [Words(key, value)];
    }

    private List<string> Words(string key, JsonTree value) =>
        [.. keys.Items(key, value).Select(item => keys.Text(item.Key, item.Value)).OfType<string>()];

    /// <summary>An expression switches a job on, null or false off.</summary>
    private void BindSchedule(JsonTree schedule)
    {
        foreach (var (key, line, value) in keys.Members(schedule, "'schedule'", "schedule.", JobWords))
        {
            var job = ScheduledJobs.All[Array.IndexOf(JobWords, key)];
            if (value.Kind is JsonTokenType.Null or JsonTokenType.False)
            {
                draft.SetEnabled(job, false, keys.At(line));
            }
            else if (keys.Text($"schedule.{key}", value) is { } expression)
            {
                draft.SetExpression(job, expression, keys.At(line));
                draft.SetEnabled(job, true, keys.At(line));
            }
        }
    }

    private void BindDrill(JsonTree drill)
    {
        foreach (var (key, line, value) in keys.Members(drill, "'drill'", "drill.", DrillKeys))
        {
            if (key == "dir")
            {
                draft.DrillDir = OptionalText("drill.dir", line, value);
            }
            else
            {
                draft.DrillQueries = [.. keys.Items("drill.queries", value).Select(QueryAt).OfType<Sourced<DrillQuerySetting>>()];
            }
        }
    }

    private Sourced<DrillQuerySetting>? QueryAt(JsonMember item)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        var bounds = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var (key, _, value) in keys.Members(item.Value, $"'{item.Key}'", item.Key + ".", QueryKeys, QueryNeeds))
        {
            var full = $"{item.Key}.{key}";
            if (QueryNeeds.Contains(key))
            {
                texts[key] = keys.Text(full, value) ?? "";
            }
            else if ((key == WithinPercent.Key ? keys.Number(WithinPercent with { Key = full }, value) : keys.Number(full, value)) is { } number)
            {
                bounds[key] = number;
            }
        }

        return texts.Count < QueryNeeds.Length
            ? null
            : new Sourced<DrillQuerySetting>(
                new DrillQuerySetting(texts["name"], texts["database"], texts["sql"], Bound("min"), Bound("max"), (int?)Bound(WithinPercent.Key)),
                keys.At(item.Value.Line));

        long? Bound(string key) => bounds.TryGetValue(key, out var number) ? number : null;
    }

    private Sourced<ReferenceSetting>? ReferenceAt(JsonMember item)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, _, value) in keys.Members(item.Value, $"'{item.Key}'", item.Key + ".", ReferenceKeys, ReferenceNeeds))
        {
            texts[key] = keys.Text($"{item.Key}.{key}", value) ?? "";
        }

        return !ReferenceNeeds.All(texts.ContainsKey)
            ? null
            : new Sourced<ReferenceSetting>(
                new ReferenceSetting(
                    texts["database"], texts["sql"], texts["storage"], texts.GetValueOrDefault("strip_prefix", ""), texts.GetValueOrDefault("add_prefix", "")),
                keys.At(item.Value.Line));
    }

    private Sourced<string>? OptionalText(string key, int line, JsonTree value) =>
        value.Kind != JsonTokenType.Null && keys.Text(key, value) is { } text ? new Sourced<string>(text, keys.At(line)) : null;

    private Sourced<Secret>? OptionalAddress(string key, int line, JsonTree value) =>
        value.Kind != JsonTokenType.Null && keys.WebAddress(key, value) is { } address ? new Sourced<Secret>(new Secret(address), keys.At(line)) : null;
}
