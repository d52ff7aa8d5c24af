namespace VertexAr.Backup.EndToEnd;

/// <summary>What is said, to whom, and how.</summary>
public sealed class OutputTests
{
    [Fact]
    public void Results_go_to_stdout_and_messages_to_stderr()
    {
        using var site = new Site();
        Command.MakeSocket(site.InStorage("pipe"));
        var result = site.Run("create").Succeeds();
        Assert.StartsWith("snapshot ", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("pipe", result.Output, StringComparison.Ordinal);
        Assert.StartsWith("warning: ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_lines_parse_whatever_the_command()
    {
        using var site = new Site();
        Command.MakeSocket(site.InStorage("pipe"));
        Command.Shell("printf x >$'odd\\xff'", site.Storage);
        var created = site.Run("create", "--json").Succeeds();
        Assert.Equal(["notice"], Types(created.Errors).Distinct());
        Assert.Contains("summary", Types(created.Output));
        Assert.Equal(["snapshot"], Types(site.Run("list", "--json").Succeeds().Output));
        Assert.Equal(["snapshot"], Types(site.Run("show", "latest", "--json").Succeeds().Output));
        Assert.Equal(["file"], Types(site.Run("show", "latest", "--files", "--json").Succeeds().Output).Distinct());
        Assert.Equal(["rotation"], Types(site.Run("rotate", "--json").Succeeds().Output));
        Assert.Contains("summary", Types(site.Run("stats", "--json").Succeeds().Output));
        Assert.Contains("summary", Types(site.Run("verify", "--json").Succeeds().Output));
        Assert.Equal(["setting"], Types(site.Run("config", "show", "--json").Succeeds().Output).Distinct());
        Assert.Equal(["restored"], Types(site.Run("restore", "latest", "--to", site.In("out"), "--json").Succeeds().Output));
    }

    [Fact]
    public void An_error_in_JSON_has_code_message_and_hint()
    {
        using var site = new Site();
        var error = Assert.Single(Json.Lines(site.Run("list", "--json").Fails(10).Errors));
        Assert.Equal("exit_error", (string?)error["message_type"]);
        Assert.Equal(10, (int)error["code"]!);
        Assert.Contains(site.Backups, (string?)error["message"], StringComparison.Ordinal);
        Assert.False(string.IsNullOrEmpty((string?)error["hint"]));
    }

    [Fact]
    public void Quiet_says_nothing_when_all_is_well_and_warns_when_not()
    {
        using var site = new Site();
        var quiet = site.Run("create", "--quiet").Succeeds();
        Assert.Equal("", quiet.Output + quiet.Errors);
        Command.MakeSocket(site.InStorage("pipe"));
        site.Run("create", "--quiet").Succeeds().Says("pipe");
    }

    [Fact]
    public void Quiet_says_nothing_of_what_retention_removes()
    {
        using var site = new Site();
        site.Create("--quiet");
        site.Create("--quiet");
        var create = site.Run("create", "--quiet", "--max-backups", "1").Succeeds();
        site.Run("create", "--quiet", "--no-rotate").Succeeds();
        var rotate = site.Run("rotate", "--quiet", "--max-backups", "1").Succeeds();
        Assert.Equal("", create.Output + create.Errors + rotate.Output + rotate.Errors);
        Assert.Single(site.Snapshots());
        Assert.Contains("keep", site.Run("rotate", "--quiet", "--dry-run", "--max-backups", "1").Succeeds().Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_reader_that_leaves_early_is_no_error()
    {
        using var site = new Site(withMedia: false);
        for (var i = 0; i < 3000; i++)
        {
            site.Write($"portraits/with-a-rather-long-name-{i}.jpg", "");
        }

        var snapshot = site.Create("storage").Id;
        var result = Command.Run(
            "bash", "-c", $"set -o pipefail; '{Program.Binary}' show {snapshot} --files --backup-dir '{site.Backups}' | head -n 1").Succeeds();
        Assert.Equal("", result.Errors);
        Assert.Single(result.Output.TrimEnd('\n').Split('\n'));
    }

    [Fact]
    public void Output_that_cannot_be_written_is_an_error()
    {
        using var site = new Site();
        site.Create();
        Command.Run("bash", "-c", $"'{Program.Binary}' list --backup-dir '{site.Backups}' >/dev/full").Ends(1);
    }

    [Fact]
    public void Closed_standard_streams_get_nothing_into_the_repository()
    {
        using var site = new Site();
        Command.Run(["bash", "-c", $"exec '{Program.Binary}' create --config '{site.Config}' <&- >&- 2>&-", .. site.Arguments([])]).Succeeds();
        site.Run("verify", "--deep").Succeeds();
    }

    [Fact]
    public void Where_nothing_can_take_the_place_of_closed_streams_nothing_is_done()
    {
        Machine.NeedStrace();
        using var site = new Site();
        Command.Run(
            [
                "strace", "-f", "-o", site.In("strace.log"), "-e", "trace=openat", "-P", "/dev/null", "-e", "inject=openat:error=ENOENT", "--",
                Program.Binary, "create", "--config", site.Config, .. site.Arguments([]),
            ]).Ends(1).Says("/dev/null cannot be opened");
        Assert.False(Directory.Exists(site.Backups) && Directory.EnumerateFileSystemEntries(site.Backups).Any());
    }

    [Fact]
    public void Lines_for_the_journal_carry_their_priority()
    {
        using var site = new Site();
        Command.MakeSocket(site.InStorage("pipe"));
        const string asUnit = """
            socketpair(my $us, my $them, AF_UNIX, SOCK_STREAM, 0) or die; my @s = stat $them;
            if (!fork) { close $us; $ENV{JOURNAL_STREAM} = "$s[0]:$s[1]"; open STDERR, ">&", $them; exec @ARGV or die }
            close $them; print STDERR while <$us>; wait; exit $? >> 8;
            """;
        var result = site.Run(["create"], before: ["perl", "-MSocket", "-e", asUnit, "--"]).Succeeds();
        Assert.All(result.Errors.TrimEnd('\n').Split('\n'), line => Assert.Matches("^<[3-7]>", line));
        Assert.StartsWith("<4>warning: ", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_redirected_stderr_gets_no_priorities_though_the_unit_has_a_journal()
    {
        using var site = new Site();
        Command.MakeSocket(site.InStorage("pipe"));
        var result = site.Run(["create"], new Dictionary<string, string?> { ["JOURNAL_STREAM"] = "8:12345" });
        Assert.StartsWith("warning: ", result.Succeeds().Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_terminal_gets_a_progress_line_that_is_gone_in_the_end()
    {
        using var site = new Site();
        site.Write("videos/large.mp4", Content.Random(150_000_000, seed: 1));
        var screen = OnTerminal(site, "create");
        Assert.Contains("\r", screen.Replace("\r\n", "", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("\r\e[Ksnapshot ", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("\e[K", OnTerminal(site, "create --no-progress"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_list_fits_80_columns()
    {
        using var site = new Site();
        site.Create();
        site.Create("database");
        Assert.All(
            site.Run("list").Succeeds().Output.Split('\n').Concat(site.Run("stats").Succeeds().Output.Split('\n')),
            line => Assert.True(line.Length <= 80, line));
    }

    [Fact]
    public void The_service_manager_is_told_how_far_a_run_is()
    {
        using var site = new Site();
        using var manager = new ServiceManager(site.In("notify"));
        File.Delete(site.Database);
        using var database = new TestDatabase(site.Database, "delete");
        database.Fill(rows: 10);
        database.Execute("BEGIN EXCLUSIVE");
        using var run = Command.Start([Program.Binary, .. site.Arguments(["create", "database"])], Program.Environment(new Dictionary<string, string?> { ["NOTIFY_SOCKET"] = manager.Address }));

        List<string> heard = [];
        for (var deadline = DateTime.UtcNow.AddSeconds(60); heard.Count < 2 && DateTime.UtcNow < deadline; Thread.Sleep(20))
        {
            heard.AddRange(manager.Heard());
        }

        Assert.Equal(2, heard.Count);
        Assert.All(heard, line => Assert.Matches("^STATUS=.+ 0 B", line));
        run.Signal("TERM");
        run.Wait().Ends(143);
    }

    private static string OnTerminal(Site site, string arguments)
    {
        site.SaveSettings();
        return Command.Run("script", "-qec", $"'{Program.Binary}' {arguments} --config '{site.Config}'", "/dev/null").Succeeds().Output;
    }

    private static IReadOnlyList<string> Types(string output) => [.. Json.Lines(output).Select(line => (string)line["message_type"]!)];
}
