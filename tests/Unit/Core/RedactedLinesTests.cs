using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

/// <summary>What other programs print, before it is shown.</summary>
public sealed class RedactedLinesTests
{
    [Theory]
    [InlineData("  total   3 files", "  total   3 files")]
    [InlineData("", "")]
    [InlineData("password=hush1 and more", "password=… and more")]
    [InlineData("cannot reach https://me:hush1@host/x", "cannot reach https://…@host/x")]
    [InlineData("tool --password hush1 --token=hush2 --password-file /etc/x", "tool --password … --token=… --password-file /etc/x")]
    [InlineData("pg_dump --no-password db", "pg_dump --no-password db")]
    [InlineData("401: Bearer error=\"invalid_token\"", "401: Bearer error=\"invalid_token\"")]
    [InlineData("curl -u me:hush1 -H 'X-Api-Key: hush2'", "curl -u me:… -H 'X-Api-Key: …")]
    [InlineData("auth=Basic bWU6aHVzaA== was refused; Basic authentication failed", "auth=Basic … was refused; Basic authentication failed")]
    [InlineData("<password>hush1</password> <size>3</size>", "<password>…</password> <size>3</size>")]
    [InlineData("https://api.telegram.org/bot12:hush1/send and ghp_hush2", "https://api.telegram.org/bot… and ghp_…")]
    [InlineData("https://hooks.slack.com/services/T0/B0/hush1", "https://hooks.slack.com/services/…")]
    [InlineData("-----BEGIN PRIVATE KEY-----\naHVzaDE=\nSA==\n-----END PRIVATE KEY-----\ndone", "…\ndone")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\naHVzaDE=\n-----END RSA PRIVATE KEY-----\n  done", "…\n  done")]
    [InlineData("-----BEGIN PRIVATE KEY-----\naHVzaDE=\nnow it ended early", "…\nnow it ended early")]
    [InlineData("-----BEGIN A----- x -----END A-----\nnext", "…\nnext")]
    public void Secrets_are_hidden_and_the_rest_stays(string printed, string shown)
    {
        var heard = new List<string>();
        var lines = new RedactedLines(heard.Add);
        Array.ForEach(printed.Split('\n'), lines.Hear);
        Assert.Equal(shown, string.Join('\n', heard));
    }
}
