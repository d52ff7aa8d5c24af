using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Commands of the operator's around a run, and the log file.</summary>
public sealed class HookTests : IDisposable
{
    private readonly Site site = new();

    public void Dispose() => site.Dispose();

    [Fact]
    public void Hooks_know_the_facts()
    {
        Hook("before_create", $"env | grep ^VERTEX_AR | sort > '{site.In("before")}'");
        Hook("after_create", $"env | grep ^VERTEX_AR | sort > '{site.In("after")}'; echo all is well");

        var id = site.Create().Id;

        Assert.Equal(["BACKUP_DIR=" + site.Backups, "HOOK=before_create", "JOB=create-full", "TYPE=full"], Facts("before"));
        Assert.Equal(
            ["BACKUP_DIR", "BYTES", "DURATION_SECONDS", "ERROR", "EXIT_CODE", "HOOK", "JOB", "NEW_BYTES", "OUTCOME", "SNAPSHOT", "TYPE", "WARNINGS"],
            Facts("after").Select(fact => fact.Split('=')[0]));
        Assert.Contains($"SNAPSHOT={id}", Facts("after"));
        Assert.Contains("EXIT_CODE=0", Facts("after"));
        site.Run("create").Succeeds().Says("after_create: all is well\n");
    }

    [Fact]
    public void A_before_create_that_fails_stops_the_run_and_is_a_failure()
    {
        site.Settings["hooks"] = new JsonObject
        {
            ["before_create"] = new JsonArray(new JsonArray("sh", "-c", "echo not today >&2; exit 9"), new JsonArray("touch", site.In("second"))),
            ["on_failure"] = new JsonArray("sh", "-c", $"echo \"$VERTEX_AR_BACKUP_OUTCOME $VERTEX_AR_BACKUP_ERROR\" > '{site.In("failed")}'"),
        };

        site.Run("create").Ends(1).Says("before_create: not today", "error: the hook before_create failed: sh ended with exit code 9; nothing was saved");

        Assert.Empty(Directory.EnumerateFileSystemEntries(site.Backups));
        Assert.False(File.Exists(site.In("second")));
        Assert.Equal("failure the hook before_create failed: sh ended with exit code 9; nothing was saved\n", File.ReadAllText(site.In("failed")));
    }

    [Fact]
    public void An_after_create_that_fails_is_a_warning()
    {
        Hook("after_create", "exit 1");
        site.Run("create").Succeeds().Says("warning: the hook after_create failed: sh ended with exit code 1");
        Assert.Equal("success 1", Command.Shell($"jq -r '.last | \"\\(.outcome) \\(.warnings)\"' '{site.In("backups/runs/create-full.json")}'").Output.Trim());
    }

    /// <summary>In what is shown, in the log file, in what is remembered of the run.</summary>
    [Fact]
    public void What_hooks_print_has_no_secrets_when_it_is_shown()
    {
        site.Settings["log_file"] = site.In("log");
        Hook("after_create", "echo 'export DB_PASSWORD=hush-1'; echo 'https://me:hush-2@host/x' >&2; printf -- '-----BEGIN PRIVATE KEY-----\\naHVzaC0z\\n-----END PRIVATE KEY-----\\n'; echo '  all   is well'");
        var said = site.Run("create").Succeeds().Says("after_create: export DB_PASSWORD=…\n", "after_create: https://…@host/x\n", "after_create:   all   is well\n").Errors;
        var all = said + Command.Shell("cat log backups/runs/*", site.Root).Output;
        Assert.DoesNotMatch("hush|aHVzaC0z", all);
    }

    [Fact]
    public void A_dry_run_runs_no_hook()
    {
        Hook("before_create", "exit 1");
        site.Run("create", "--dry-run").Succeeds();
    }

    [Fact]
    public void A_hook_that_takes_too_long_is_stopped()
    {
        Hook("before_create", "exec sleep 300");
        site.Settings["hooks"]!["timeout_seconds"] = 1;
        site.Run("create").Ends(1).Says("sh was not done within 1 seconds and was stopped");
    }

    [Fact]
    public void A_stop_ends_a_hook_and_the_run()
    {
        Hook("before_create", $"touch '{site.In("ready")}'; exec sleep 300");
        using var run = site.Start(["create"]);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(site.In("ready")), TimeSpan.FromSeconds(60)), "the hook did not run");
        run.Signal("TERM");
        run.Wait().Ends(143).Says("interrupted");
        Assert.Empty(site.Snapshots());
    }

    [Fact]
    public void Run_by_root_hooks_run_as_the_owner_of_the_backup_directory()
    {
        Machine.NeedRoot("becoming another user");
        Hook("after_create", "id -u");
        site.BelongToOrdinaryUser();
        site.Run("create").Succeeds().Says($"after_create: {Machine.OrdinaryUser}\n");
    }

    [Fact]
    public void The_log_file_has_what_is_said_from_begin_to_end_even_if_it_is_said_quietly()
    {
        site.Settings["log_file"] = site.In("log");
        Hook("after_create", "printf 'one\\033[2Jline\\n'");
        var id = site.Create("--quiet").Id;
        File.Move(site.In("log"), site.In("log.1"));
        site.HideSources();
        site.Run("create", "--quiet").Ends(1);
        site.Run("restore", "latest", "--to", site.In("out"), "--quiet").Succeeds();

        const string time = @"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d ";
        Assert.Collection(
            File.ReadAllLines(site.In("log.1")),
            line => Assert.Matches($"^{time}info create-full begins$", line),
            line => Assert.EndsWith(@"info after_create: one\x1b[2Jline", line, StringComparison.Ordinal),
            line => Assert.Matches($"^{time}info create-full ends: success, exit code 0, after .*, snapshot {id}$", line));
        Assert.Collection(
            File.ReadAllLines(site.In("log")),
            line => Assert.EndsWith("info create-full begins", line, StringComparison.Ordinal),
            line => Assert.Contains("info create-full ends: failure, exit code 1", line, StringComparison.Ordinal),
            line => Assert.Matches($"^{time}error .*{site.Database}.*; hint: ", line),
            line => Assert.EndsWith("info restore latest begins", line, StringComparison.Ordinal),
            line => Assert.Contains($"info restore latest ends: ", line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_log_file_that_cannot_be_written_is_one_warning()
    {
        site.Settings["log_file"] = site.In("none/log");
        Hook("after_create", "echo one; echo two");
        var result = site.Run("create").Succeeds();
        Assert.Single(result.Errors.Split('\n'), line => line.StartsWith("warning: ", StringComparison.Ordinal));
        result.Says($"warning: the log file '{site.In("none/log")}' cannot be written: No such file or directory");
    }

    [Fact]
    public void A_log_file_that_roots_restore_makes_belongs_to_the_owner_of_its_directory()
    {
        Machine.NeedRoot("becoming another user");
        site.Create();
        Directory.CreateDirectory(site.In("logs"));
        site.Settings["log_file"] = site.In("logs/x");
        site.BelongToOrdinaryUser();
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds();
        Assert.Equal($"{Machine.OrdinaryUser}:{Machine.OrdinaryGroup} 640", Command.Run("stat", "-c", "%u:%g %a", site.In("logs/x")).Output.Trim());
    }

    private void Hook(string name, string script)
    {
        site.Settings["hooks"] ??= new JsonObject();
        site.Settings["hooks"]![name] = new JsonArray("sh", "-c", script);
    }

    /// <summary>Without the variable that tells the tests where the program is.</summary>
    private List<string> Facts(string file) =>
        [.. File.ReadAllLines(site.In(file)).Select(line => line["VERTEX_AR_BACKUP_".Length..]).Where(fact => !fact.StartsWith("BINARY=", StringComparison.Ordinal))];
}
