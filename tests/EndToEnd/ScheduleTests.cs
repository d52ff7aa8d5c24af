using System.Globalization;
using System.Text.Json.Nodes;
using VertexAr.Backup.Tests.Host;

namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// The scheduler as a process. The clock that it sees is libfaketime's, which the test sets and which runs as ever from there: so
/// no test waits for a minute to be full.
/// </summary>
public sealed class ScheduleTests : IDisposable
{
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly Site site = new();
    private readonly Dictionary<string, string?> environment = new() { ["TZ"] = "Europe/Berlin" };

    /// <summary>Everything the scheduler and its jobs say.</summary>
    private string Said => File.Exists(site.In("said")) ? File.ReadAllText(site.In("said")) : "";

    public void Dispose() => site.Dispose();

    [Fact]
    public void It_prints_when_each_job_runs_next()
    {
        var printed = Run(["schedule", "--print"]).Succeeds().Output;

        Assert.Matches(@"^database +0 2 \* \* \* +\w\w\w \d{4}-\d\d-\d\d 02:00 \+0[12]:00\n", printed[(printed.IndexOf('\n', StringComparison.Ordinal) + 1)..]);
        Assert.Matches(@"\nstorage +off\n", printed);
        Assert.Contains("\ntimes are those of Europe/Berlin\n", printed, StringComparison.Ordinal);

        environment["BACKUP_STORAGE_SCHEDULE"] = "@daily";
        environment["BACKUP_STORAGE_ENABLED"] = "yes";
        var lines = Json.Lines(Run(["schedule", "--print", "--json"]).Succeeds().Output);
        Assert.Equal(["database", "storage", "full", "rotation"], lines.Select(line => (string?)line["job"]));
        Assert.Equal("environment BACKUP_STORAGE_SCHEDULE", (string?)lines[1]["origin"]);
        Assert.Matches("T00:00:00\\+0[12]:00$", (string?)lines[1]["next_run"]);
    }

    [Fact]
    public void A_wrong_expression_stops_it_at_the_start_and_no_other_command()
    {
        environment["BACKUP_FULL_SCHEDULE"] = "0 25 * * *";
        string[] words = ["environment BACKUP_FULL_SCHEDULE", "'0 25 * * *'", "Hours: Value must be a number between 0 and 23"];

        Run(["schedule"]).Fails(2, words);
        Run(["config", "check"]).Fails(2, words);
        Run(["create"]).Succeeds();
        environment["BACKUP_FULL_ENABLED"] = "false";
        Run(["schedule", "--print"]).Succeeds();
    }

    [Fact]
    public void Where_it_has_nothing_to_do_it_says_so()
    {
        site.Settings["schedule"] = System.Text.Json.Nodes.JsonNode.Parse("""{ "database": null, "full": null, "rotation": null }""");

        Run(["schedule"]).Fails(2, "every job is switched off");
    }

    [Fact]
    public void A_zone_that_the_machine_does_not_know_is_said()
    {
        environment["TZ"] = "Europe/Berln";

        Run(["schedule", "--print"]).Succeeds().Says("warning: environment TZ is 'Europe/Berln'", "tzdata").Prints("times are those of UTC");
    }

    [Fact]
    public void One_job_can_be_run_now_with_its_exit_code()
    {
        Run(["schedule", "--run-now", "database"]).Succeeds().Prints("saved");
        Assert.Equal("database", site.Newest().Type);

        Directory.Move(site.Storage, site.Storage + ".away");
        Assert.Equal(1, Run(["schedule", "--run-now", "storage"]).Code);
        Run(["schedule", "--run-now", "rotation", "--json"]).Succeeds().Prints("\"message_type\":\"rotation\"");
    }

    /// <summary>In the night when two o'clock does not exist, what is due at two runs at three, with what is due at three.</summary>
    [Fact]
    public void Jobs_due_together_run_in_their_order_each_as_its_own_process()
    {
        environment["BACKUP_STORAGE_ENABLED"] = "1";
        environment["BACKUP_ROTATION_SCHEDULE"] = "0 2-4 * * *";
        using var manager = new ServiceManager(site.In("notify"));
        environment["NOTIFY_SOCKET"] = manager.Address;
        using var scheduler = Start("2026-03-29 01:59:57");

        WaitFor("rotation is done");
        scheduler.Signal("TERM");
        scheduler.Wait().Succeeds();

        string[] order =
        [
            "times are those of Europe/Berlin", "database is due Sun 2026-03-29 03:00 +02:00; the full backup of the same minute covers it",
            "storage is due Sun 2026-03-29 03:00", "full starts, due Sun 2026-03-29 03:00 +02:00", "saved", "full is done", "rotation starts", "rotation is done",
        ];
        Assert.Equal(order, order.OrderBy(words => Said.IndexOf(words, StringComparison.Ordinal)));
        Assert.All(order, words => Assert.Contains(words, Said, StringComparison.Ordinal));
        Assert.Equal("full", Assert.Single(site.Snapshots()).Type);
        var heard = manager.Heard();
        Assert.Equal(["READY=1", "STATUS=next: full, Sun 2026-03-29 03:00 +02:00", "STATUS=running full, due Sun 2026-03-29 03:00 +02:00"], heard.Take(3));
        Assert.Equal("STOPPING=1", heard[^1]);
    }

    [Fact]
    public void A_job_that_fails_or_is_killed_does_not_stop_the_others()
    {
        Directory.Move(site.Storage, site.Storage + ".away");
        environment["BACKUP_DATABASE_SCHEDULE"] = "* * * * *";
        environment["BACKUP_STORAGE_SCHEDULE"] = "* * * * *";
        environment["BACKUP_STORAGE_ENABLED"] = "1";
        environment["BACKUP_ROTATION_SCHEDULE"] = "* * * * *";
        using var scheduler = Start("2026-11-23 11:59:58");

        WaitFor("rotation is done");
        scheduler.Signal("TERM");
        scheduler.Wait().Succeeds();

        Assert.Contains("database is done", Said, StringComparison.Ordinal);
        Assert.Contains("error: storage failed after", Said, StringComparison.Ordinal);
        Assert.Contains(" create storage' ended with exit code 1", Said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public void Told_to_stop_it_stops_the_running_job_cleanly_and_ends_well(string signal)
    {
        environment["BACKUP_DATABASE_SCHEDULE"] = "0 12 * * *";
        using var held = Command.Start(["sqlite3", site.Database, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE held(x);", ".shell sleep 100"]);
        using var scheduler = Start("2026-11-23 11:59:58");

        WaitFor("database starts");
        scheduler.Signal("USR1");
        WaitFor("running database, due Mon 2026-11-23 12:00 +01:00");
        Assert.Equal(2, Said.Split("times are those of").Length - 1);
        scheduler.Signal(signal);
        scheduler.Wait().Succeeds();

        Assert.Contains("database was stopped after", Said, StringComparison.Ordinal);
        Assert.DoesNotContain("internal error", Said, StringComparison.Ordinal);
        Assert.Empty(site.Snapshots());
    }

    [Fact]
    public void A_killed_job_is_the_only_one_that_dies_and_is_told_of()
    {
        using var server = new TestServer();
        site.Settings["notify"] = new JsonObject { ["webhook_url"] = $"{server.Address}/hook" };
        environment["BACKUP_DATABASE_SCHEDULE"] = "0 12 * * *";
        using var held = Command.Start(["sqlite3", site.Database, "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE held(x);", ".shell sleep 100"]);
        using var scheduler = Start("2026-11-23 11:59:58");
        WaitFor("database starts");
        Command.Shell($"until job=$(pgrep -P {scheduler.ProcessId}); do sleep 0.1; done; kill -KILL $job");
        WaitFor("was killed by signal 9");
        Assert.True(SpinWait.SpinUntil(() => server.Requests.Count > 0, TimeSpan.FromSeconds(60)), "nobody was told");
        Assert.Contains("the scheduled create database was killed by signal 9", server.Requests.Single().Body, StringComparison.Ordinal);
        Assert.False(scheduler.HasEnded);
        scheduler.Signal("TERM");
        scheduler.Wait().Succeeds();
    }

    [Fact]
    public void What_the_clock_jumps_over_is_skipped_and_what_ran_is_not_run_again()
    {
        environment["BACKUP_DATABASE_SCHEDULE"] = "0 * * * *";
        environment["BACKUP_ROTATION_SCHEDULE"] = "30 * * * *";
        using var scheduler = Start("2026-11-23 11:59:58");
        WaitFor("database is done");

        SetClock("2026-11-23 13:20:00");
        WaitFor("warning: database was due Mon 2026-11-23 13:00 +01:00, which was missed by more than 5 min: skipped");
        WaitFor("warning: rotation was due Mon 2026-11-23 12:30 +01:00, which was missed");
        SetClock("2026-11-23 11:59:00");
        WaitFor("warning: the clock was set back by 1 h 2");
        SetClock("2026-11-23 12:29:58");
        WaitFor("rotation is done");
        scheduler.Signal("TERM");
        scheduler.Wait().Succeeds();

        Assert.Single(site.Snapshots());
        Assert.Equal(2, Said.Split("database is done").Length);
    }

    private Result Run(string[] arguments) => site.Run(arguments, environment);

    /// <summary>Starts it at a time of its own.</summary>
    private Command Start(string time)
    {
        SetClock(time);
        // The library's look at a file's times is guarded by a lock that a killed job would leave to its parent as taken.
        string[] clock = ["bash", "-c", "export LD_PRELOAD=$0 FAKETIME_TIMESTAMP_FILE=$PWD/clock FAKETIME_NO_CACHE=1 NO_FAKE_STAT=1; exec \"$@\" > said 2>&1", FakeClock.Library];
        return Command.Start([.. clock, Program.Binary, .. site.Arguments(["schedule"])], Program.Environment(environment), site.Root);
    }

    /// <summary>Sets the clock of the scheduler and its jobs to a time in Berlin.</summary>
    private void SetClock(string time)
    {
        var instant = TimeZoneInfo.ConvertTimeToUtc(DateTime.Parse(time, CultureInfo.InvariantCulture), TimeZoneInfo.FindSystemTimeZoneById("Europe/Berlin"));
        File.WriteAllText(site.In("clock.new"), (instant - DateTime.UtcNow).TotalSeconds.ToString("+0.000;-0.000", CultureInfo.InvariantCulture));
        File.Move(site.In("clock.new"), site.In("clock"), overwrite: true);
    }

    private void WaitFor(string words)
    {
        for (var deadline = DateTime.UtcNow + Longest; !Said.Contains(words, StringComparison.Ordinal); Thread.Sleep(20))
        {
            Assert.True(DateTime.UtcNow < deadline, $"never said: {words}\n{Said}");
        }
    }
}
