using VertexAr.Backup.Config;

namespace VertexAr.Backup.Tests.Config;

public sealed class SecretsTests
{
    [Theory]
    [InlineData("notify.telegram.token", "123:abc")]
    [InlineData("bot_token", "123:abc")]
    [InlineData("TELEGRAM_BOT_TOKEN", "123:abc")]
    [InlineData("notify.webhook_url", "https://hooks.example/T0/B0/x")]
    [InlineData("offsite.remote", "https://me:pass@example.org/")]
    public void A_secret_is_not_shown(string key, string value) => Assert.Equal("(set)", Secrets.Shown(key, value));

    [Theory]
    [InlineData("backup_dir", "/var/backups/me@home")]
    [InlineData("notify.telegram.token_file", "/etc/token")]
    [InlineData("bot_token", "")]
    [InlineData("offsite.remote", "s3:bucket/x")]
    public void Anything_else_is(string key, string value) => Assert.Equal(value, Secrets.Shown(key, value));
}
