using System.Diagnostics;
using System.Text.Json.Nodes;
using VertexAr.Backup.Tests.Host;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Who is told how a run ended, and of what.</summary>
public sealed class NotifyTests : IDisposable
{
    private const string Token = "123456:T0psecretT0psecret";
    private const string Path = "/T0psecretPath";

    private readonly Site site = new();
    private readonly TestServer server = new();

    public void Dispose()
    {
        site.Dispose();
        server.Dispose();
    }

    [Fact]
    public void A_failure_is_told_once_on_each_channel()
    {
        Configure(server.Address);
        site.HideSources();

        site.Run("create").Ends(1).Says("told how this ended: telegram, webhook, mail");

        Assert.Equal([$"{Path}/hook", $"{Path}/ping/fail", $"{Path}/ping/start", $"/bot{Token}/sendMessage"], Targets());
        var hook = JsonNode.Parse(server.Requests.Single(request => request.Target == $"{Path}/hook").Body)!;
        Assert.Equal(("run", "create-full", "failure", 1), ((string)hook["event"]!, (string)hook["job"]!, (string)hook["outcome"]!, (int)hook["exit_code"]!));
        Assert.Contains(site.Database, (string)hook["error"]!, StringComparison.Ordinal);
        var text = (string)JsonNode.Parse(server.Requests.Single(request => request.Target.StartsWith("/bot", StringComparison.Ordinal)).Body)!["text"]!;
        Assert.StartsWith($"vertex-ar-backup on {Environment.MachineName}: create full failed\n\nError: ", text, StringComparison.Ordinal);
        Assert.Contains("\nWhat to do: ", text, StringComparison.Ordinal);
        Assert.Contains($"\nBackups: {site.Backups}", text, StringComparison.Ordinal);
        var mail = File.ReadAllText(site.In("mail"));
        Assert.StartsWith($"To: ops@example.org\nSubject: vertex-ar-backup on {Environment.MachineName}: create full failed\n", mail, StringComparison.Ordinal);
    }

    [Fact]
    public void Doctor_tells_all_channels_when_asked_to()
    {
        Configure(server.Address);
        site.Create();
        var before = server.Requests.Count;

        site.Run("doctor", "--notify").Prints("ok       notifications: telegram took a test message", "webhook took", "healthcheck took", "mail took");

        Assert.Equal([$"{Path}/hook", $"{Path}/ping/log", $"/bot{Token}/sendMessage"], server.Requests.Skip(before).Select(request => request.Target).Order(StringComparer.Ordinal));
        site.Settings["notify"]!["telegram"]!["api_url"] = "http://127.0.0.1:1";
        site.Run("doctor", "--notify").Ends(1).Prints("failed   notifications: telegram was not told: ");
    }

    [Fact]
    public void Of_a_success_only_the_healthcheck_hears_unless_all_want_to()
    {
        Configure(server.Address);
        site.Create();
        Assert.Equal([$"{Path}/ping", $"{Path}/ping/start"], Targets());

        site.Settings["notify"]!["on"] = new JsonArray("success");
        var snapshot = site.Create("storage");
        var hook = JsonNode.Parse(server.Requests.Single(request => request.Target == $"{Path}/hook").Body)!;
        Assert.Equal((snapshot.Id, "success"), ((string)hook["snapshot"]!, (string)hook["outcome"]!));
        Assert.Contains("MiB, new 0 B, stored as ", (string)hook["text"]!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_partial_snapshot_is_told_with_its_warnings_and_fails_the_healthcheck()
    {
        Configure(server.Address);
        Command.MakeSocket(site.InStorage("pipe"));
        Command.Shell($"chmod 000 '{site.InStorage("portraits/1")}'");

        site.Run(["create"], null, site.BelongToOrdinaryUser()).Ends(3);

        Assert.Contains($"{Path}/ping/fail", Targets());
        var hook = JsonNode.Parse(server.Requests.Single(request => request.Target == $"{Path}/hook").Body)!;
        Assert.Equal("partial", (string)hook["outcome"]!);
        Assert.Contains("2 warnings:\n- ", (string)hook["text"]!, StringComparison.Ordinal);
        Assert.Contains($"see what is missing: vertex-ar-backup --config {site.Config} show {site.Newest().Id}", (string)hook["text"]!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT", 130)]
    [InlineData("TERM", 143)]
    public void Who_pressed_ctrl_c_knows_and_an_end_by_sigterm_is_told(string signal, int code)
    {
        Configure(server.Address);
        site.Settings["workers"] = 1;
        site.Write("zz-last.bin", Content.Random(60_000_000, seed: 7));
        using (var run = StoppedRun.At(site, "pread64", site.InStorage("zz-last.bin"), slow: true))
        {
            run.Signal(signal);
            run.Continue().Ends(code);
        }

        Assert.Contains($"{Path}/ping/fail", Targets());
        Assert.Equal(signal == "TERM", Targets().Contains($"{Path}/hook"));
        Assert.Equal(signal == "TERM", File.Exists(site.In("mail")));
    }

    [Fact]
    public void Damage_that_verify_finds_and_a_missing_repository_are_told()
    {
        Configure(server.Address);
        site.Create();
        File.Delete(site.Packs()[0]);
        site.Run("verify").Ends(1);
        Directory.Move(site.Backups, site.Backups + ".away");
        site.Run("verify").Ends(10);

        Assert.Equal(["verify", "verify"], server.Requests.Where(request => request.Target == $"{Path}/hook").Select(request => (string)JsonNode.Parse(request.Body)!["job"]!));
        Assert.DoesNotContain(server.Requests.Skip(2), request => request.Target.Contains("ping", StringComparison.Ordinal));
    }

    [Fact]
    public void Verify_without_a_good_configuration_works_and_says_that_nobody_is_told()
    {
        site.Create();
        site.Settings["max_backup"] = 1;
        var said = site.Run("verify", "--backup-dir", site.Backups).Succeeds().Errors.Split('\n');
        Assert.Contains("max_backup", Assert.Single(said, line => line.StartsWith("warning: nobody is told how this ends: ", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_proxy_that_the_environment_names_is_used()
    {
        Configure(server.Address);
        site.Settings["notify"] = new JsonObject { ["webhook_url"] = "http://hooks.invalid/x" };
        site.Run(["notify", "x"], new Dictionary<string, string?> { ["http_proxy"] = server.Address }).Succeeds();
        Assert.Equal(["http://hooks.invalid/x"], Targets());
    }

    [Fact]
    public void No_secret_is_anywhere_however_much_goes_wrong()
    {
        using var failing = new TestServer("500") { Body = $"{{\"description\":\"no {Token}\"}}" };
        Configure(failing.Address);
        site.Settings["notify"]!["on"] = new JsonArray("success", "failure");
        site.Settings["log_file"] = site.In("log");
        var look = $"cat /proc/self/environ /proc/$PPID/cmdline /proc/self/cmdline >> '{site.In("seen")}'";
        site.Settings["hooks"] = new JsonObject { ["before_create"] = new JsonArray("sh", "-c", look), ["after_create"] = new JsonArray("sh", "-c", look) };
        Script("sendmail", look);
        var environment = new Dictionary<string, string?> { ["TELEGRAM_BOT_TOKEN"] = Token, ["CREDENTIALS_DIRECTORY"] = site.In("T0psecretDirectory") };

        var create = site.Run(["create", "--verbose"], environment).Succeeds();
        create.Says("telegram was not told how this ended: 127.0.0.1 answered 500: no … (tried 3 times)", "webhook was not told", "healthcheck was not told");
        var notify = site.Run(["notify", "test", "--json"], environment).Ends(1);
        var show = site.Run(["config", "show"], environment).Succeeds();

        Assert.True(new FileInfo(site.In("seen")).Length > 500, "hooks and sendmail did not look");
        Command.Run("grep", "-a", "-q", "VERTEX_AR_BACKUP_HOOK=after_create", site.In("seen")).Succeeds();
        Assert.All([create, notify, show], said => Assert.DoesNotContain("T0psecret", said.Output + said.Errors, StringComparison.Ordinal));
        Assert.Equal(1, Command.Run("grep", "-r", "-a", "-l", "T0psecret", site.Backups, site.In("log"), site.In("seen")).Code);
    }

    [Fact]
    public void Channels_that_hang_keep_the_end_back_for_half_a_minute_at_most_and_change_nothing()
    {
        using var hanging = new TestServer("hang");
        Configure(hanging.Address);
        site.Settings["notify"]!["on"] = new JsonArray("success");
        var watch = Stopwatch.StartNew();

        var result = site.Run("create").Succeeds();

        Assert.InRange(watch.Elapsed.TotalSeconds, 20, 45);
        Assert.Equal(3, result.Errors.Split('\n').Count(line => line.StartsWith("warning: ", StringComparison.Ordinal)));
        result.Says("webhook was not told how this ended: 127.0.0.1 did not answer within ", "told how this ended: mail");
    }

    [Fact]
    public void Notify_tells_what_it_reads_and_says_what_became_of_it()
    {
        Configure(server.Address);
        site.Run(["notify", "disk\nfull"], null, ["bash", "-c", "printf 'one\\ntwo\\n' | \"$@\"", "bash"]).Succeeds()
            .Prints("telegram was told\nwebhook was told\nhealthcheck was told\nmail was told\n");

        Assert.Contains($"{Path}/ping/log", Targets());
        var hook = JsonNode.Parse(server.Requests.Single(request => request.Target == $"{Path}/hook").Body)!;
        Assert.Equal(("message", $"vertex-ar-backup on {Environment.MachineName}: disk\\nfull\none\ntwo"), ((string)hook["event"]!, (string)hook["text"]!));

        site.Run("notify", "--failure", "x").Succeeds();
        Assert.Contains($"{Path}/ping/fail", Targets());
    }

    [Fact]
    public void Notify_needs_no_more_of_the_configuration_to_be_right_than_its_channels()
    {
        Configure(server.Address);
        site.Settings["max_backup"] = 1;
        site.Settings["notify"]!["mail"]!["sendmail"] = "/no/sendmail";
        site.Run("create").Ends(2);
        site.Run("notify", "x").Ends(1).Says("mail was not told: /no/sendmail cannot be started: No such file or directory");
        Assert.Contains($"{Path}/hook", Targets());

        site.Settings.Remove("notify");
        site.Run("notify", "x").Fails(2, "there is nobody to tell");
    }

    [Fact]
    public void Run_by_root_notify_works_as_the_owner_of_the_backup_directory()
    {
        Machine.NeedRoot("becoming another user");
        Configure(server.Address);
        site.BelongToOrdinaryUser();
        Script("sendmail", $"id -u > '{site.In("mail")}'");
        Command.Shell($"chown root '{site.In("token")}' && chmod 600 '{site.In("token")}'");

        site.Run("notify", "x").Ends(1).Says($"telegram was not told: the token file '{site.In("token")}' cannot be read: permission denied");

        Assert.Equal($"{Machine.OrdinaryUser}\n", File.ReadAllText(site.In("mail")));
    }

    private void Configure(string address)
    {
        File.WriteAllText(site.In("token"), Token + "\n");
        Script("sendmail", $"cat > '{site.In("mail")}'");
        site.Settings["notify"] = new JsonObject
        {
            ["telegram"] = new JsonObject { ["chat_id"] = 42, ["token_file"] = site.In("token"), ["api_url"] = address },
            ["webhook_url"] = $"{address}{Path}/hook",
            ["healthcheck_url"] = $"{address}{Path}/ping",
            ["mail"] = new JsonObject { ["to"] = "ops@example.org", ["sendmail"] = site.In("sendmail") },
        };
    }

    private void Script(string name, string body)
    {
        File.WriteAllText(site.In(name), $"#!/bin/sh\n{body}\n");
        Command.Shell($"chmod 755 '{site.In(name)}'");
    }

    private List<string> Targets() => [.. server.Requests.Select(request => request.Target).Order(StringComparer.Ordinal)];
}
