using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;
using VertexAr.Backup.Host;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Host;

/// <summary>A log in a file of the operator's.</summary>
public sealed class LogFileTests : IDisposable
{
    private readonly TempDirectory directory = new();
    private readonly FakeTimeProvider clock = new(new DateTimeOffset(2026, 11, 23, 1, 0, 0, 250, TimeSpan.Zero));
    private readonly LogFile log;

    public LogFileTests()
    {
        clock.SetLocalTimeZone(TimeZoneInfo.CreateCustomTimeZone("here", TimeSpan.FromHours(1), "here", "here"));
        log = new LogFile(directory["x.log"], clock);
    }

    public void Dispose() => directory.Dispose();

    [Fact]
    public void A_line_has_local_time_level_and_text()
    {
        Assert.Null(log.Write(Severity.Warning, "one"));
        Assert.Null(log.Write(Severity.Error, "two"));
        Assert.Null(log.Write(Severity.Information, "three"));

        Assert.Equal(
            ["2026-11-23T02:00:00.250+01:00 warning one", "2026-11-23T02:00:00.250+01:00 error two", "2026-11-23T02:00:00.250+01:00 info three"],
            File.ReadAllLines(directory["x.log"]));
        Assert.Equal((0, "640\n"), Tools.Run("stat", "-c", "%a", directory["x.log"]));
    }

    [Fact]
    public void One_that_was_renamed_is_left_and_one_that_was_made_in_its_place_is_gone_on_with()
    {
        log.Write(Severity.Error, "before");
        File.Move(directory["x.log"], directory["x.log.1"]);
        File.WriteAllText(directory["x.log"], "new\n");
        log.Write(Severity.Error, "after");

        Assert.EndsWith(" before", Assert.Single(File.ReadAllLines(directory["x.log.1"])), StringComparison.Ordinal);
        Assert.Equal(["new", "2026-11-23T02:00:00.250+01:00 error after"], File.ReadAllLines(directory["x.log"]));
    }

    [Fact]
    public void Lines_of_several_threads_are_whole()
    {
        var other = new LogFile(directory["x.log"], clock);
        Parallel.For(0, 2000, i => (i % 2 == 0 ? log : other).Write(Severity.Error, new string((char)('a' + (i % 26)), 100)));

        var lines = File.ReadAllLines(directory["x.log"]);
        Assert.Equal(2000, lines.Length);
        Assert.All(lines, line => Assert.EndsWith(" error " + new string(line[^1], 100), line, StringComparison.Ordinal));
    }

    [Fact]
    public void A_link_is_not_followed_and_a_pipe_not_waited_for()
    {
        File.WriteAllText(directory["victim"], "");
        File.CreateSymbolicLink(directory["x.log"], directory["victim"]);
        var watch = Stopwatch.StartNew();

        Assert.Equal($"the log file '{directory["x.log"]}' cannot be written: Too many levels of symbolic links", log.Write(Severity.Error, "x"));
        Assert.Empty(File.ReadAllText(directory["victim"]));

        File.Delete(directory["x.log"]);
        Tools.Run("mkfifo", directory["x.log"]);
        Assert.Contains("cannot be written", log.Write(Severity.Error, "x"), StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "it was waited for");
    }

    [Fact]
    public void A_directory_that_is_not_there_is_said() =>
        Assert.Equal(
            $"the log file '{directory["none/x.log"]}' cannot be written: No such file or directory",
            new LogFile(directory["none/x.log"], clock).Write(Severity.Error, "x"));
}
