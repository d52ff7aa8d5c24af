using VertexAr.Backup.Config;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Config;

/// <summary>The settings of what happens around a run.</summary>
public sealed class RunSettingsTests : IDisposable
{
    private readonly ConfigFile file = new();

    public void Dispose() => file.Dispose();

    [Fact]
    public void Every_key_arrives()
    {
        file.Text = """
            {
              "databases": [ { "name": "app", "path": "/d/app.db" } ], "storage": [ { "name": "tree", "path": "/t" } ],
              "notify": {
                "on": ["success", "failure"],
                "telegram": { "chat_id": -100123, "token_file": "/etc/token", "api_url": "http://127.0.0.1:8081/" },
                "webhook_url": "https://hooks.example/T0/x", "healthcheck_url": "https://hc.example/uuid",
                "mail": { "to": "ops@example.org", "sendmail": "/usr/bin/msmtp" }
              },
              "hooks": { "before_create": ["/bin/a", "b c"], "after_create": [["/bin/d"], ["/bin/e", "f"]], "on_failure": [], "timeout_seconds": 9 },
              "metrics_file": "/var/m/x.prom", "log_file": "/var/log/x.log",
              "schedule": { "database": "5 * * * *", "storage": "1 2 * * 3", "full": null, "rotation": false },
              "drill": { "dir": "/scratch", "queries": [ { "name": "users", "database": "app", "sql": "select 1", "min": 1, "max": 5, "within_percent": 10 } ] },
              "references": [ { "database": "app", "sql": "select p from t", "storage": "tree", "strip_prefix": "/t/", "add_prefix": "x/" } ],
            }
            """;

        var settings = file.Load().Settings;

        var notify = settings.Notify;
        Assert.Equal([RunOutcome.Success, RunOutcome.Failure], notify.On);
        Assert.Equal(new TelegramSetting("-100123", null, "/etc/token", "http://127.0.0.1:8081"), notify.Telegram);
        Assert.Equal(("https://hooks.example/T0/x", "https://hc.example/uuid"), (notify.WebhookUrl?.Value, notify.HealthcheckUrl?.Value));
        Assert.Equal(new MailSetting("ops@example.org", "/usr/bin/msmtp"), notify.Mail);
        Assert.Equal([["/bin/a", "b c"]], settings.Hooks.BeforeCreate);
        Assert.Equal([["/bin/d"], ["/bin/e", "f"]], settings.Hooks.AfterCreate);
        Assert.Empty(settings.Hooks.OnFailure);
        Assert.Equal(9, settings.Hooks.TimeoutSeconds);
        Assert.Equal(("/var/m/x.prom", "/var/log/x.log"), (settings.MetricsFile, settings.LogFile));
        Assert.Equal(
            [(ScheduledJob.Database, "5 * * * *", true), (ScheduledJob.Storage, "1 2 * * 3", true), (ScheduledJob.Full, "0 3 * * 0", false), (ScheduledJob.Rotation, "0 4 * * *", false)],
            settings.Schedule.Select(job => (job.Job, job.Expression, job.Enabled)));
        Assert.Equal("/scratch", settings.Drill.Dir);
        Assert.Equal(new DrillQuerySetting("users", "app", "select 1", 1, 5, 10), Assert.Single(settings.Drill.Queries));
        Assert.Equal(new ReferenceSetting("app", "select p from t", "tree", "/t/", "x/"), Assert.Single(settings.References));
    }

    [Fact]
    public void Without_any_nobody_is_told_and_the_schedule_is_that_of_the_replaced_system()
    {
        file.Text = "{}";

        var settings = file.Load().Settings;

        Assert.Equal([RunOutcome.Failure, RunOutcome.Partial], settings.Notify.On);
        Assert.Equal((null, null, null, null), (settings.Notify.Telegram, settings.Notify.WebhookUrl, settings.Notify.HealthcheckUrl, settings.Notify.Mail));
        Assert.Equal(
            [(ScheduledJob.Database, "0 2 * * *", true), (ScheduledJob.Storage, "0 3 * * 0", false), (ScheduledJob.Full, "0 3 * * 0", true), (ScheduledJob.Rotation, "0 4 * * *", true)],
            settings.Schedule.Select(job => (job.Job, job.Expression, job.Enabled)));
    }

    [Fact]
    public void The_environment_sets_schedule_and_telegram()
    {
        file.Text = "{}";
        file.Environment["TELEGRAM_BOT_TOKEN"] = "123:abc";
        file.Environment["TELEGRAM_CHAT_ID"] = "42";
        file.Environment["BACKUP_STORAGE_ENABLED"] = "True";
        file.Environment["BACKUP_FULL_ENABLED"] = "0";
        file.Environment["BACKUP_DATABASE_SCHEDULE"] = "*/5 * * * *";

        var loaded = file.Load();

        Assert.Equal(("42", "123:abc"), (loaded.Settings.Notify.Telegram?.ChatId, loaded.Settings.Notify.Telegram?.Token?.Value));
        Assert.Equal([true, true, false, true], loaded.Settings.Schedule.Select(job => job.Enabled));
        Assert.Equal(("*/5 * * * *", "environment BACKUP_DATABASE_SCHEDULE"), (loaded.Settings.Schedule[0].Expression, loaded.Settings.Schedule[0].Origin));
    }

    [Fact]
    public void No_secret_is_shown()
    {
        file.Text = """{ "notify": { "webhook_url": "https://hooks.example/secret", "healthcheck_url": "https://hc.example/secret" } }""";

        file.Environment["TELEGRAM_BOT_TOKEN"] = "123:secret";
        file.Environment["TELEGRAM_CHAT_ID"] = "42";

        var loaded = file.Load();

        Assert.DoesNotContain("secret", string.Join('\n', loaded.Origins), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", loaded.Settings.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("secret", loaded.Settings.Notify.Telegram!.ToString(), StringComparison.Ordinal);
        Assert.Contains(loaded.Origins, row => row is { Key: "notify.telegram.token", Value: "(set)", Origin: "environment TELEGRAM_BOT_TOKEN" });
    }

    [Theory]
    [InlineData("""{ "notify": { "telegram": { "token": "x" } } }""", "'notify.telegram.token' is unknown")]
    [InlineData("""{ "notify": { "telegram": {} } }""", "'notify.telegram' has no 'chat_id'")]
    [InlineData("""{ "notify": { "on": ["failed"] } }""", "'notify.on[0]' is 'failed'; it must be failure, partial or success")]
    [InlineData("""{ "notify": { "webhook_url": "ftp://x" } }""", "'notify.webhook_url' is not an address")]
    [InlineData("""{ "notify": { "mail": { "to": "x", "sendmail": "bin/mail" } } }""", "must be an absolute path")]
    [InlineData("""{ "hooks": { "before_create": ["/bin/a", 3] } }""", "'hooks.before_create[1]' is 3")]
    [InlineData("""{ "hooks": { "timeout_seconds": 0 } }""", "'hooks.timeout_seconds' is 0")]
    [InlineData("""{ "schedule": { "ful": "* * * * *" } }""", "did you mean 'schedule.full'?")]
    [InlineData("""{ "drill": { "queries": [ { "name": "x", "database": "app_dat", "sql": "y" } ] } }""", "there is no database named 'app_dat'")]
    [InlineData("""{ "drill": { "queries": [ { "name": "x" } ] } }""", "has no 'database'")]
    [InlineData("""{ "references": [ { "database": "app_data", "sql": "y", "storage": "tree" } ] }""", "there is no storage named 'tree'")]
    [InlineData("""{ "metrics_file": "x.prom" }""", "'metrics_file' is 'x.prom'; it must be an absolute path")]
    public void A_mistake_is_named(string text, string words)
    {
        file.Text = text;

        Assert.Contains(file.Errors(), line => line.StartsWith("FILE:1: ", StringComparison.Ordinal) && line.Contains(words, StringComparison.Ordinal));
    }

    [Fact]
    public void An_enabled_that_is_neither_true_nor_false_is_refused()
    {
        file.Text = "{}";
        file.Environment["BACKUP_FULL_ENABLED"] = "maybe";

        Assert.Equal(["environment BACKUP_FULL_ENABLED: it is 'maybe'; it must be true or false"], file.Errors());
    }
}
