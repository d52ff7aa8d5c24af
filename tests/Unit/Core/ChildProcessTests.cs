using System.Diagnostics;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

/// <summary>Other programs, run to their end.</summary>
public sealed class ChildProcessTests
{
    private readonly List<string> said = [];

    [Fact]
    public void What_it_says_is_heard_line_by_line_and_arguments_arrive_as_they_are()
    {
        var end = Run("printf", "%s\\n", "a b", "$HOME", "'\"");

        Assert.Equal(new ChildEnd(0, null), end);
        Assert.Equal(["a b", "$HOME", "'\""], said);
    }

    [Theory]
    [InlineData("exit 3", 3, "ended with exit code 3")]
    [InlineData("kill -9 $$", 137, "was killed by signal 9")]
    public void Its_failure_is_said(string script, int code, string problem) => Assert.Equal(new ChildEnd(code, problem), Run("sh", "-c", script));

    [Fact]
    public void One_that_does_not_exist_is_said_without_its_arguments() =>
        Assert.Equal(new ChildEnd(null, "cannot be started: No such file or directory"), Run("/no/such/program", "secret"));

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void One_that_somebody_suspends_is_ended_if_that_is_asked_for(bool isAsked)
    {
        var longest = isAsked ? TimeSpan.FromMinutes(5) : TimeSpan.FromMilliseconds(200);
        var end = Run(new ChildOptions { Timeout = longest, Said = said.Add, EndIfSuspended = isAsked, Grace = TimeSpan.FromMilliseconds(100) }, "sh", "-c", "kill -STOP $$");
        Assert.Equal(isAsked ? "was suspended by somebody (SIGSTOP), and ended for it" : "was not done within 0 seconds and was stopped", end.Problem);
    }

    [Fact]
    public void One_that_is_not_suspended_goes_on() =>
        Assert.Equal(new ChildEnd(0, null), Run(new ChildOptions { Timeout = TimeSpan.FromMinutes(5), Said = said.Add, EndIfSuspended = true }, "sleep", "1.5"));

    [Fact]
    public void A_name_that_PATH_does_not_have_is_not_sought_elsewhere() =>
        Assert.Equal(new ChildEnd(null, "cannot be started: it is in no directory of PATH"), Run("no-such-program"));

    [Fact]
    public void One_that_takes_too_long_is_stopped()
    {
        var watch = Stopwatch.StartNew();

        var end = Run(new ChildOptions { Timeout = TimeSpan.FromMilliseconds(100), Said = said.Add }, "sleep", "100");

        Assert.Equal("was not done within 0 seconds and was stopped", end.Problem);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), "it went on");
    }

    [Fact]
    public void One_that_will_not_end_is_killed_with_its_children()
    {
        var options = new ChildOptions { Timeout = TimeSpan.FromMilliseconds(500), Said = said.Add, Grace = TimeSpan.FromMilliseconds(100) };

        var end = Run(options, "sh", "-c", "trap '' TERM; echo $$; sleep 100; sleep 100");

        Assert.Contains("was stopped", end.Problem, StringComparison.Ordinal);
        Assert.False(Directory.Exists($"/proc/{Assert.Single(said)}"), "it is still there");
    }

    [Fact]
    public void A_stop_ends_it()
    {
        using var stopping = new CancellationTokenSource();
        var options = new ChildOptions { Timeout = Timeout.InfiniteTimeSpan, Said = _ => stopping.Cancel() };

        Assert.Equal("was told to stop", ChildProcess.Run(["sh", "-c", "echo ready; exec sleep 100"], options, stopping.Token).Problem);
    }

    [Fact]
    public void What_it_leaves_in_the_background_is_not_waited_for()
    {
        var watch = Stopwatch.StartNew();

        Assert.True(Run("sh", "-c", "sleep 100 & echo done").Succeeded);

        Assert.Equal(["done"], said);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), "it was waited for");
    }

    [Fact]
    public void It_reads_its_input_and_sees_its_variables_but_no_secret()
    {
        Environment.SetEnvironmentVariable("TELEGRAM_BOT_TOKEN", "123:secret");
        try
        {
            var options = new ChildOptions
            {
                Timeout = TimeSpan.FromMinutes(1),
                Said = said.Add,
                Input = "from us\n",
                Environment = new Dictionary<string, string> { ["FACT"] = "1 2" },
            };

            Assert.True(Run(options, "sh", "-c", "cat; echo \"$FACT\"; echo \"token=$TELEGRAM_BOT_TOKEN\"").Succeeded);
        }
        finally
        {
            Environment.SetEnvironmentVariable("TELEGRAM_BOT_TOKEN", null);
        }

        Assert.Equal(["from us", "1 2", "token="], said);
    }

    [Fact]
    public void A_line_without_end_does_not_fill_the_memory()
    {
        Assert.True(Run("sh", "-c", "head -c 1000000 /dev/zero | tr '\\0' x").Succeeded);

        Assert.Equal(2000, Assert.Single(said).Length);
    }

    private ChildEnd Run(params string[] command) => Run(new ChildOptions { Timeout = TimeSpan.FromMinutes(1), Said = said.Add }, command);

    private static ChildEnd Run(ChildOptions options, params string[] command) => ChildProcess.Run(command, options, CancellationToken.None);
}
