using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Host;

/// <summary>What each channel sends, and what it says when it cannot.</summary>
public sealed class ChannelTests : IDisposable
{
    private const string Token = "123456:SECRETsecret_-9";

    private static readonly RunReport Run = new()
    {
        Job = "create-full",
        Outcome = RunOutcome.Partial,
        ExitCode = 3,
        Host = "web1",
        Tool = "vertex-ar-backup 1",
        BackupDirectory = "/b",
        StartedAt = new DateTimeOffset(2026, 11, 23, 2, 0, 0, TimeSpan.Zero),
        FinishedAt = new DateTimeOffset(2026, 11, 23, 2, 1, 5, TimeSpan.Zero),
        Snapshot = "20261123T020000Z",
        Bytes = 12,
        Warnings = 2,
        FirstWarnings = ["a", "b"],
    };

    private static readonly Message Usual = new("web1", "vertex-ar-backup 1", "the subject", "line 1\nline 2 ä", HealthSign.Failure, Run);

    private readonly TempDirectory directory = new();
    private readonly PauseClock clock = new();

    public void Dispose() => directory.Dispose();

    [Fact]
    public void Telegram_is_sent_plain_text_for_its_chat()
    {
        using var server = new TestServer();

        Assert.Null(Tell(Telegram(server, Token)));

        var request = Assert.Single(server.Requests);
        Assert.Equal($"/bot{Token}/sendMessage", request.Target);
        var json = JsonNode.Parse(request.Body)!;
        Assert.Equal(("-100", "the subject\n\nline 1\nline 2 ä"), ((string)json["chat_id"]!, (string)json["text"]!));
        Assert.Null(json["parse_mode"]);
    }

    [Fact]
    public void Telegram_takes_only_so_much_and_no_half_characters()
    {
        using var server = new TestServer();

        Assert.Null(Tell(Telegram(server, Token), Usual with { Text = string.Concat(Enumerable.Repeat("😀", 5000)) }));

        var text = (string)JsonNode.Parse(Assert.Single(server.Requests).Body)!["text"]!;
        Assert.InRange(text.Length, 3990, 4096);
        Assert.DoesNotContain('\ufffd', text);
        Assert.EndsWith("😀…", text, StringComparison.Ordinal);
    }

    [Fact]
    public void What_Telegram_refuses_is_said_with_its_reason_and_without_the_token()
    {
        using var server = new TestServer("400") { Body = $$"""{"ok":false,"description":"Bad Request: chat not found for {{Token}}"}""" };

        Assert.Equal("127.0.0.1 answered 400: Bad Request: chat not found for …", Tell(Telegram(server, Token)));
    }

    [Fact]
    public void A_reason_that_comes_in_chunks_is_said()
    {
        using var server = new TestServer("403") { Fields = "Transfer-Encoding: chunked\r\n", Body = "21\r\n{\"description\":\"Forbidden: blocked\"}\r\n0\r\n\r\n" };

        Assert.Equal("127.0.0.1 answered 403: Forbidden: blocked", Tell(Telegram(server, Token)));
    }

    [Theory]
    [InlineData("<html>no JSON")]
    [InlineData("}{")]
    [InlineData("[1]")]
    [InlineData("{\"description\":7}")]
    [InlineData("{\"description\":\"\\ud800\"}")]
    public void An_answer_that_is_not_Telegrams_is_passed_over(string body)
    {
        using var server = new TestServer("404") { Body = body };

        Assert.Equal("127.0.0.1 answered 404", Tell(Telegram(server, Token)));
    }

    [Fact]
    public void The_token_is_the_environments_else_the_files_else_the_credential()
    {
        var file = directory.Write("token", Encoding.UTF8.GetBytes(Token + "\n"));
        directory.Write("telegram-token", "9:credential"u8);
        var credential = BotToken.ReadCredential(directory.Root);

        Assert.Equal("1:env", BotToken.Choose("1:env", file, credential).Value);
        Assert.Equal(Token, BotToken.Choose(null, file, credential).Value);
        Assert.Equal("9:credential", BotToken.Choose(null, null, credential).Value);
        Assert.Contains("there is no bot token", BotToken.Choose(null, null, null).Problem, StringComparison.Ordinal);
        Assert.Null(BotToken.ReadCredential(directory["none"]));
    }

    [Fact]
    public void A_token_that_cannot_be_read_or_is_none_is_said_without_what_is_there()
    {
        var file = directory.Write("token", "1:x/../y?secret"u8);

        Assert.Equal($"what '{file}' holds is no bot token", BotToken.Choose(null, file, null).Problem);
        Assert.Equal($"the token file '{directory["none"]}' cannot be read: no such file", BotToken.Choose(null, directory["none"], null).Problem);
        Assert.Equal("what TELEGRAM_BOT_TOKEN holds is no bot token", BotToken.Choose("a secret\r\nHeader: x", null, null).Problem);
    }

    [Fact]
    public void The_webhook_is_sent_the_report_in_documented_keys()
    {
        using var server = new TestServer();

        Assert.Null(Tell(new WebhookChannel(server.Address + "/x?y=1")));

        var request = Assert.Single(server.Requests);
        Assert.Equal("/x?y=1", request.Target);
        var json = JsonNode.Parse(request.Body)!.AsObject();
        Assert.Equal(
            [
                "event", "subject", "text", "host", "tool", "job", "outcome", "exit_code", "backup_directory", "started_at", "finished_at", "duration_seconds",
                "snapshot", "files", "bytes", "new_bytes", "stored_bytes", "warnings", "first_warnings", "lost_content", "error", "hint",
            ],
            json.Select(pair => pair.Key));
        Assert.Equal(("run", "partial", 65), ((string)json["event"]!, (string)json["outcome"]!, (int)json["duration_seconds"]!));
        Assert.Equal(("2026-11-23T02:00:00+00:00", 12L, null), ((string)json["started_at"]!, (long)json["bytes"]!, json["new_bytes"]));
    }

    [Theory]
    [InlineData("Success", "/ping/u?a=b")]
    [InlineData("Failure", "/ping/u/fail?a=b")]
    [InlineData("Note", "/ping/u/log?a=b")]
    public void A_healthcheck_is_given_the_sign(string sign, string target)
    {
        using var server = new TestServer();
        var channel = new HealthcheckChannel(server.Address + "/ping/u?a=b");
        channel.Start(PatienceLimits.Usual, clock);

        Assert.Null(Tell(channel, Usual with { Sign = Enum.Parse<HealthSign>(sign) }));

        Assert.Equal(["/ping/u/start?a=b", target], server.Requests.Select(request => request.Target));
    }

    [Fact]
    public void A_start_that_hangs_does_not_keep_back_the_end()
    {
        using var server = new TestServer("hang", "200");
        var channel = new HealthcheckChannel(server.Address);
        channel.Start(PatienceLimits.Usual, clock);
        Assert.True(SpinWait.SpinUntil(() => server.Requests.Count == 1, TimeSpan.FromSeconds(30)), "the start was not sent");

        Assert.Null(Tell(channel));

        Assert.Equal("/fail", server.Requests[^1].Target);
    }

    [Fact]
    public void Mail_is_handed_to_sendmail_with_its_receiver_in_the_head()
    {
        var program = Script("cat > \"$0.mail\"; echo \"$@\" > \"$0.arguments\"");

        Assert.Null(Tell(new MailChannel("ops@example.org", program)));

        Assert.Equal("-i -t\n", File.ReadAllText(program + ".arguments"));
        Assert.Equal(
            "To: ops@example.org\nSubject: the subject\nAuto-Submitted: auto-generated\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                + "Content-Transfer-Encoding: 8bit\n\nline 1\nline 2 ä\n",
            File.ReadAllText(program + ".mail"));
    }

    [Fact]
    public void Nothing_in_a_subject_or_a_receiver_becomes_a_line_of_the_head()
    {
        var subject = "host\r\nBcc: everybody@example.org ä" + new string('ö', 300) + "=?utf-8?Q?x?=";

        var head = MailChannel.Compose("a@b\nBcc: x", Usual with { Subject = subject }).Split("\n\n")[0];

        var unfolded = head.Replace("\n ", " ", StringComparison.Ordinal).Split('\n');
        Assert.Equal(["To", "Subject", "Auto-Submitted", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"], unfolded.Select(line => line.Split(':')[0]));
        Assert.All(head.Split('\n'), line => Assert.InRange(line.Length, 1, 78));
        var words = unfolded[1]["Subject: ".Length..].Split(' ').Select(word => Encoding.UTF8.GetString(Convert.FromBase64String(word[10..^2])));
        Assert.StartsWith("host  Bcc: everybody@example.org äöö", string.Concat(words), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_of_a_mail_are_no_longer_than_mail_servers_take()
    {
        var lines = MailChannel.Compose("a", Usual with { Text = new string('ä', 5000) }).Split('\n');

        Assert.All(lines, line => Assert.InRange(Encoding.UTF8.GetByteCount(line), 0, 998));
        Assert.Equal(5000, lines.Sum(line => line.Count(c => c == 'ä')));
    }

    [Fact]
    public void A_sendmail_that_fails_is_said_with_its_last_line()
    {
        var program = Script("exec >&2; echo one; echo 'queue is full'; exit 75");

        Assert.Equal($"{program} ended with exit code 75: queue is full", Tell(new MailChannel("root", program)));
        Assert.Equal("/no/sendmail cannot be started: No such file or directory", Tell(new MailChannel("root", "/no/sendmail")));
    }

    [Fact]
    public void Channels_are_told_at_once_and_one_that_hangs_is_left_behind()
    {
        using var hanging = new TestServer("hang");
        using var good = new TestServer();
        var limits = new PatienceLimits { Try = TimeSpan.FromMinutes(5), Total = TimeSpan.FromMinutes(5), Grace = TimeSpan.FromSeconds(1) - TimeSpan.FromMinutes(5) };
        var watch = Stopwatch.StartNew();

        var told = Telling.Tell(
            [new WebhookChannel(hanging.Address), new WebhookChannel(good.Address), new Faulty()], Usual, limits, TimeProvider.System, CancellationToken.None);

        Assert.Equal([new Told("webhook", "it was not done within 1 seconds"), new Told("webhook", null), new Told("faulty", "internal error: NotSupportedException")], told);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), "it was waited for");
    }

    [Fact]
    public void A_stop_ends_the_telling()
    {
        using var hanging = new TestServer("hang");
        using var stopping = new CancellationTokenSource();
        stopping.CancelAfter(TimeSpan.FromMilliseconds(100));

        var told = Telling.Tell([new WebhookChannel(hanging.Address)], Usual, PatienceLimits.Usual, TimeProvider.System, stopping.Token);

        Assert.Equal("the program was told to stop", Assert.Single(told).Problem);
    }

    private static TelegramChannel Telegram(TestServer server, string token) => new(server.Address, "-100", new BotToken(token, null));

    private string? Tell(IChannel channel, Message? message = null) => channel.Tell(message ?? Usual, new Patience(PatienceLimits.Usual, clock, CancellationToken.None));

    private string Script(string body)
    {
        var path = directory.Write("sendmail", Encoding.UTF8.GetBytes($"#!/bin/sh\n{body}\n"));
        Tools.Run("chmod", "700", path);
        return path;
    }

    private sealed class Faulty : IChannel
    {
        public string Name => "faulty";

        public string? Tell(Message message, Patience patience) => throw new NotSupportedException("with a secret");
    }
}
