using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using VertexAr.Backup.Tests.Host;

namespace VertexAr.Backup.EndToEnd;

/// <summary>SIGTERM ends every command within two seconds, whatever it waits for or works on. Only a call that the kernel lets nobody interrupt can hold one longer.</summary>
public sealed class StopTests : IDisposable
{
    private static readonly TimeSpan Promised = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>On a machine with too much to do one try proves nothing: the quickest of these counts.</summary>
    private const int Tries = 4;

    private const string Marker = "reached";
    private const string Forever = "exec sleep 1000";
    private const string Deaf = "trap '' TERM; while :; do sleep 1000; done";

    private readonly List<Site> sites = [];
    private readonly List<IDisposable> servers = [];
    private readonly List<int> frozen = [];

    public void Dispose()
    {
        // A file system whose process stands still could not be unmounted.
        frozen.ForEach(process => Command.Run("bash", "-c", $"kill -CONT {process}"));
        sites.ForEach(site => Command.Run("bash", "-c", $"umount -l '{site.In("slow")}' '{site.In("backups")}'"));
        servers.ForEach(server => server.Dispose());
        sites.ForEach(site => site.Dispose());
    }

    [Theory]
    [InlineData("before_create", Forever, 143)]
    [InlineData("before_create", Deaf, 143)]
    [InlineData("after_create", Deaf, 0)]
    public void A_hook(string name, string script, int code) => Ends(
        site =>
        {
            site.Settings["hooks"] = new JsonObject { [name] = Script(site, script) };
            return Until(site, site.Start(["create"]));
        },
        code);

    /// <summary>It may have to undo what another did, and has a minute for it; a second signal ends it.</summary>
    [Fact]
    public void A_hook_for_failures_at_the_second_signal() => Ends(site =>
    {
        site.Settings["hooks"] = new JsonObject
        {
            ["before_create"] = new JsonArray("sh", "-c", $"touch '{site.In("first")}'; {Forever}"),
            ["on_failure"] = Script(site, Deaf),
        };
        var run = site.Start(["create"]);
        Await(run, () => File.Exists(site.In("first")));
        run.Signal("TERM");
        return Until(site, run);
    });

    [Theory]
    [InlineData("create")]
    [InlineData("offsite push")]
    [InlineData("offsite status")]
    [InlineData("offsite verify")]
    [InlineData("offsite pull")]
    [InlineData("restore latest --from-offsite --to elsewhere")]
    [InlineData("doctor")]
    public void Rclone_that_hangs(string command) => Ends(
        site =>
        {
            var place = new SecondPlace(site);
            site.Create();
            place.ReplaceRclone($"touch '{site.In(Marker)}'; {Deaf}");
            File.Delete(site.In(Marker));
            return Until(site, site.Start(Words(site, command)));
        },
        CodeOf(command));

    [Theory]
    [InlineData("create")]
    [InlineData("notify hello")]
    [InlineData("doctor --notify")]
    public void A_mail_program_that_hangs(string command) => Ends(
        site =>
        {
            File.WriteAllText(site.In("sendmail"), $"#!/bin/bash\ntouch '{site.In(Marker)}'; {Deaf}\n");
            Command.Run("chmod", "755", site.In("sendmail")).Succeeds();
            site.Settings["notify"] = new JsonObject { ["on"] = new JsonArray("success"), ["mail"] = new JsonObject { ["to"] = "ops@example.org", ["sendmail"] = site.In("sendmail") } };
            return Until(site, site.Start(Words(site, command)));
        },
        CodeOf(command));

    [Theory]
    [InlineData("webhook_url")]
    [InlineData("healthcheck_url")]
    public void A_server_that_does_not_answer_messages(string key) => Ends(site =>
    {
        var server = Silent();
        site.Settings["notify"] = new JsonObject { ["on"] = new JsonArray("success"), [key] = server.Address };
        return (Start(site, "notify", "hello"), () => server.Requests.Count > 0);
    });

    /// <summary>That it was interrupted is to be told, to whoever does not listen.</summary>
    [Fact]
    public void A_run_whose_messages_are_not_taken() => Ends(site =>
    {
        var server = Silent();
        site.Settings["notify"] = new JsonObject { ["webhook_url"] = server.Address, ["healthcheck_url"] = server.Address };
        site.Settings["hooks"] = new JsonObject { ["before_create"] = Script(site, Forever) };
        return Until(site, site.Start(["create"]));
    });

    [Fact]
    public void A_database_that_is_locked() => Ends(site =>
    {
        File.Delete(site.Database);
        var database = new TestDatabase(site.Database, "delete");
        servers.Add(database);
        database.Fill(rows: 10);
        database.Execute("BEGIN EXCLUSIVE");
        return (Start(site, "create"), () => Directory.Exists(site.In("backups/packs")));
    });

    [Fact]
    public void A_question() => Ends(site =>
    {
        site.Create();
        var said = site.In("said");
        var command = string.Join(' ', site.Arguments(["restore", "latest"]).Prepend(Program.Binary).Select(word => $"'{word}'"));
        var terminal = Command.Start(
            ["bash", "-c", "mkfifo \"$1\"; exec 8<>\"$1\"; exec script -qefc \"$2\" \"$3\" <&8", "bash", site.In("keys"), $"exec {command}", said], Program.Environment(null));
        return (new Stalled(terminal, () => Child(terminal)), () => File.Exists(said) && File.ReadAllText(said).Contains("[y/N]", StringComparison.Ordinal));
    });

    [Fact]
    public void A_reader_of_its_output_that_does_not_read() => Ends(site =>
    {
        // More than a pipe takes.
        for (var i = 0; i < 3000; i++)
        {
            site.Write($"a-long-name-for-a-file-so-that-the-list-is-longer-than-what-fits-into-a-pipe-{i}.txt", "x");
        }

        site.Create();
        var run = site.Start(["show", "latest", "--files"], ["bash", "-c", $"mkfifo '{site.In("pipe")}'; exec 8<>'{site.In("pipe")}'; exec \"$0\" \"$@\" >&8"]);
        return (new Stalled(run, () => run.ProcessId), () => IsIn(run.ProcessId, "pipe_write"));
    });

    /// <summary>A file system whose process stands still: nothing that asks it comes back.</summary>
    [Theory]
    [InlineData("create")]
    [InlineData("list")]
    [InlineData("status")]
    [InlineData("doctor")]
    [InlineData("verify --deep")]
    [InlineData("restore latest --to elsewhere")]
    [InlineData("drill")]
    [InlineData("rotate")]
    [InlineData("stats")]
    public void A_backup_directory_that_does_not_answer(string command) => Ends(site => InFrozen(site, "backups", command));

    [Theory]
    [InlineData("create")]
    [InlineData("import slow")]
    public void Sources_that_do_not_answer(string command) => Ends(site =>
    {
        site.TreeSettings["path"] = site.In("slow");
        return InFrozen(site, "slow", command);
    });

    /// <summary>Work that goes on for minutes, since each read of one file is made to take its time.</summary>
    [Theory]
    [InlineData("create storage --rescan", "pread64", "app/storage/large.bin")]
    [InlineData("create database --rescan", "pread64", "app/app_data/app_data.db")]
    [InlineData("verify --deep", "pread64", "backups/packs")]
    [InlineData("restore latest --only storage --to elsewhere", "pread64", "backups/packs")]
    [InlineData("drill", "pread64", "backups/packs")]
    public void Long_work(string command, string call, string path) => Ends(site =>
    {
        site.Write("large.bin", Content.Random(30_000_000, seed: 1));
        using (var database = site.OpenDatabase())
        {
            database.Execute("CREATE TABLE IF NOT EXISTS large (id INTEGER PRIMARY KEY, x BLOB)");
            database.Execute("WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 8000) INSERT INTO large SELECT i, randomblob(3000) FROM n");
        }

        site.Create();
        return Slowed(site, command, call, Directory.Exists(site.In(path)) ? site.Packs().MaxBy(pack => new FileInfo(pack).Length)! : site.In(path));
    });

    /// <summary>What is saved by then stays saved, and is what create's exit code is about.</summary>
    private static int CodeOf(string command) => command == "create" ? 0 : 143;

    private static JsonArray Script(Site site, string script) => ["bash", "-c", $"touch '{site.In(Marker)}'; {script}"];

    private static string[] Words(Site site, string command) =>
        [.. command.Split(' ').Select(word => word is "elsewhere" or "slow" ? site.In(word) : word)];

    private static Stalled Start(Site site, params string[] arguments)
    {
        var command = site.Start(arguments);
        return new Stalled(command, () => command.ProcessId);
    }

    private static (Stalled Run, Func<bool> Reached) Until(Site site, Command run) => (new Stalled(run, () => run.ProcessId), () => File.Exists(site.In(Marker)));

    private TestServer Silent()
    {
        var server = new TestServer("hang");
        servers.Add(server);
        return server;
    }

    private (Stalled Run, Func<bool> Reached) InFrozen(Site site, string directory, string command)
    {
        Machine.NeedRoot("mounting a file system");
        Assert.SkipUnless(File.Exists("/usr/bin/bindfs") && File.Exists("/dev/fuse"), "there is no bindfs, or no /dev/fuse");
        if (directory != "backups")
        {
            Command.Shell($"cp -a app/storage {directory}", site.Root);
        }

        site.Create();
        Command.Shell($"mv {directory} below; mkdir {directory}", site.Root);
        var served = Command.Start(["bindfs", "-f", site.In("below"), site.In(directory)]);
        servers.Add(served);
        Await(served, () => Command.Run("mountpoint", "-q", site.In(directory)).Code == 0);
        Command.Shell($"kill -STOP {served.ProcessId}; until grep -q '^State:.T' /proc/{served.ProcessId}/status; do :; done");
        frozen.Add(served.ProcessId);
        var run = Start(site, Words(site, command));
        return (run, () => IsIn(run.Process(), "request_wait_answer"));
    }

    private static (Stalled Run, Func<bool> Reached) Slowed(Site site, string command, string call, string path)
    {
        Machine.NeedStrace();
        var log = site.In("strace.log");
        var strace = site.Start(Words(site, command), ["strace", "-f", "-o", log, "-e", $"trace={call}", "-P", path, "-e", $"inject={call}:delay_exit=100000", "--"]);
        return (new Stalled(strace, () => Child(strace)), () => File.Exists(log) && File.ReadAllText(log).Split('\n').Length > 3);
    }

    private static bool IsIn(int process, string function) => Directory.Exists($"/proc/{process}/task")
        && Directory.GetDirectories($"/proc/{process}/task").Any(task => File.Exists($"{task}/wchan") && File.ReadAllText($"{task}/wchan").EndsWith(function, StringComparison.Ordinal));

    private static int Child(Command parent) => Number(File.ReadAllText($"/proc/{parent.ProcessId}/task/{parent.ProcessId}/children"));

    private static int Number(string text) => int.Parse(text.Trim(), CultureInfo.InvariantCulture);

    private static void Await(Command run, Func<bool> reached)
    {
        for (var deadline = DateTime.UtcNow + Longest; !reached(); Thread.Sleep(10))
        {
            Assert.False(run.HasEnded, "it ended before it came to what it was to wait for");
            Assert.True(DateTime.UtcNow < deadline, "it never came to what it was to wait for");
        }
    }

    /// <summary>Starts it, waits until it waits, tells it to stop, and looks how long that takes; until it was quick enough once.</summary>
    private void Ends(Func<Site, (Stalled Run, Func<bool> Reached)> start, params int[] codes)
    {
        var took = TimeSpan.MaxValue;
        for (var left = Tries; left > 0 && took > Promised; left--)
        {
            var site = new Site(withMedia: false);
            sites.Add(site);
            var (run, reached) = start(site);
            using (run.Command)
            {
                Await(run.Command, reached);
                Command.Shell($"kill -TERM {run.Process()}");
                var watch = Stopwatch.StartNew();
                var result = run.Command.Wait();
                took = watch.Elapsed;
                Assert.True(codes.DefaultIfEmpty(143).Contains(result.Code), result.ToString());
            }
        }

        Assert.True(took <= Promised, $"it took {took.TotalSeconds:0.0} seconds to end");
    }

    /// <param name="Command">What was started, and ends with the program.</param>
    /// <param name="Process">The program itself.</param>
    private sealed record Stalled(Command Command, Func<int> Process);
}
