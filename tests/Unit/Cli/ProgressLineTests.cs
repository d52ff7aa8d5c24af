using System.Text;
using Microsoft.Extensions.Time.Testing;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Cli;

public sealed class ProgressLineTests : IDisposable
{
    private const string Clear = "\r\u001b[K";
    private const long Mebi = 1 << 20;

    private readonly FakeTimeProvider time = new();
    private readonly MemoryStream stream = new();
    private readonly MessageStream messages;
    private readonly RunProgress progress;

    public ProgressLineTests()
    {
        messages = new MessageStream(stream);
        progress = new RunProgress(new Log(messages).Say);
    }

    private string Written => Encoding.UTF8.GetString(stream.ToArray());

    public void Dispose() => stream.Dispose();

    [Fact]
    public void It_draws_five_times_a_second()
    {
        using var line = Start();
        Tick(5);

        Assert.Equal(5, Written.Split(Clear).Length - 1);
    }

    [Fact]
    public void It_tells_percent_bytes_rate_and_time_left()
    {
        using var line = Start();
        progress.Phase = "storage";
        progress.Expect(100 * Mebi);
        Tick(1);
        for (var tick = 0; tick < 15; tick++)
        {
            progress.AddBytes(2 * Mebi);
            Tick(1);
        }

        Assert.EndsWith(Clear + "storage  30.0%  30 MiB of 100 MiB  10 MiB/s  7.0 s left", Written, StringComparison.Ordinal);
    }

    [Fact]
    public void The_rate_follows_the_last_seconds()
    {
        using var line = Start();
        Tick(1);
        progress.AddBytes(1000 * Mebi);
        Tick(100);

        Assert.EndsWith("  0 B/s", Written, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_never_as_wide_as_the_terminal()
    {
        using var line = Start(width: 20);
        progress.Phase = "a phase with a very long name\n";
        Tick(1);

        Assert.Equal(Clear + "a phase with a ver…", Written);
    }

    [Fact]
    public void It_is_cleared_before_a_message_and_drawn_again_after_it()
    {
        using var line = Start();
        progress.Phase = "p";
        Tick(1);
        progress.Say(Severity.Warning, "w");
        progress.Say(Severity.Warning, "x");
        Tick(1);

        const string Line = Clear + "p  0 B  0 files";
        Assert.Equal(Line + Clear + "warning: w\nwarning: x\n" + Line, Written);
    }

    [Fact]
    public void At_the_end_it_is_gone()
    {
        var line = Start();
        Tick(1);
        line.Dispose();
        var length = stream.Length;
        time.Advance(TimeSpan.FromSeconds(1));

        Assert.EndsWith(Clear, Written, StringComparison.Ordinal);
        Assert.Equal(length, stream.Length);
    }

    [Theory]
    [InlineData("", 0, 0, 1, null, "0 B  1 file")]
    [InlineData("checking", 512, 0, 2, 256d, "checking  512 B  2 files  256 B/s")]
    [InlineData("", 999, 1000, 1, null, "99.9%  999 B of 1000 B")]
    [InlineData("", 99_999, 100_000, 1, null, "99.9%  97.7 KiB of 97.7 KiB")]
    [InlineData("", 150, 100, 1, 10d, "100.0%  150 B of 150 B  10 B/s")]
    [InlineData("", 10, 100, 1, 0d, "10.0%  10 B of 100 B  0 B/s")]
    [InlineData("", 0, long.MaxValue, 1, 1d, "0.0%  0 B of 8 EiB  1 B/s  1157 d 9 h left")]
    public void Its_text_says_what_is_known(string phase, long done, long total, long files, double? rate, string text) =>
        Assert.Equal(text, ProgressText.Render(phase, done, total, files, rate));

    private void Tick(int times)
    {
        for (var i = 0; i < times; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(200));
        }
    }

    private ProgressLine Start(int width = 80) => new(messages, progress, time, () => width);
}
