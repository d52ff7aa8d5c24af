using Microsoft.Extensions.Time.Testing;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Cli;

public sealed class ProgressStatusTests
{
    [Fact]
    public void It_tells_every_three_seconds_what_the_progress_line_would_say_until_the_end()
    {
        var (time, told, progress) = (new FakeTimeProvider(), new List<string>(), new RunProgress(_ => { }));
        progress.Phase = "storage";
        progress.Expect(100 << 20);
        using (new ProgressStatus(told.Add, progress, time))
        {
            time.Advance(TimeSpan.FromSeconds(3));
            progress.AddBytes(30 << 20);
            time.Advance(TimeSpan.FromSeconds(3));
        }

        time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(["storage  0.0%  0 B of 100 MiB", "storage  30.0%  30 MiB of 100 MiB  10 MiB/s  7.0 s left"], told);
    }
}
