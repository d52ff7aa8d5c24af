using System.Diagnostics;

namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// The process that reads a database of another user for root belongs to that user, who suspends it. The run goes on without the database,
/// and ends when it is told to.
/// </summary>
public sealed class SuspendedOwnerTests : IDisposable
{
    private readonly Site site = new();

    public SuspendedOwnerTests()
    {
        Machine.NeedRoot("owning a repository of its own");
        Command.Shell($"chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} app; chmod 755 .", site.Root);
        site.Settings["lock_timeout_seconds"] = 600;
    }

    public void Dispose() => site.Dispose();

    [Fact]
    public void All_else_is_saved()
    {
        using var run = StartAndSuspend();
        run.Wait().IsPartial("app_data.db could not be worked on as its owner: the process that did so was suspended by somebody (SIGSTOP), and ended for it (everything else was saved)");
        Assert.Contains("\"path\":\"storage/videos/clip.mp4\"", Command.Shell("zcat backups/snapshots/*.files.jsonl.gz", site.Root).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void SIGTERM_ends_the_run()
    {
        using var run = StartAndSuspend();
        var watch = Stopwatch.StartNew();
        Command.Shell($"kill -TERM {run.ProcessId}");
        run.Wait().Ends(143);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"it took {watch.Elapsed}");
    }

    /// <summary>A lock on the database keeps the process there until it is found.</summary>
    private Command StartAndSuspend()
    {
        var locked = new ProcessStartInfo("sqlite3", [site.Database, "PRAGMA journal_mode=DELETE; BEGIN EXCLUSIVE;", ".shell touch locked; while [ -e locked ]; do sleep 0.05; done"])
        {
            WorkingDirectory = site.Root,
            RedirectStandardOutput = true,
        };
        using var holder = Process.Start(locked)!;
        WaitFor(() => File.Exists(site.In("locked")), "the lock");
        var run = site.Start(["create"]);
        var child = "";
        WaitFor(() => (child = Child(run.ProcessId)).Length > 0, "the owner's process");
        Command.Run("setpriv", $"--reuid={Machine.OrdinaryUser}", $"--regid={Machine.OrdinaryGroup}", "--clear-groups", "kill", "-STOP", child).Succeeds();
        File.Delete(site.In("locked"));
        holder.WaitForExit();
        return run;
    }

    /// <summary>Once it belongs to the owner: before, only root could suspend it.</summary>
    private static string Child(int parent)
    {
        var children = Command.Run("pgrep", "-P", $"{parent}", "-u", $"{Machine.OrdinaryUser}", "-f", "as-owner .* copy ").Output.Trim();
        return children.Split('\n')[0];
    }

    private static void WaitFor(Func<bool> condition, string what)
    {
        for (var deadline = DateTime.UtcNow + TimeSpan.FromMinutes(1); !condition(); Thread.Sleep(20))
        {
            Assert.True(DateTime.UtcNow < deadline, $"{what} never came");
        }
    }
}
