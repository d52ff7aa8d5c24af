using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Cli;

/// <summary>
/// How far a run is, in one line that is drawn over and over until disposed. It polls: counting must cost the run nothing.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    // Long enough to be calm, short enough to follow a change from small files to large ones.
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstEstimate = TimeSpan.FromSeconds(2);

    private readonly MessageStream messages;
    private readonly RunProgress progress;
    private readonly TimeProvider time;
    private readonly Func<int> width;
    private readonly Lock drawing = new();
    private readonly Queue<(long Time, long Bytes)> samples = new();
    private readonly ITimer timer;
    private bool ended;

    public ProgressLine(MessageStream messages, RunProgress progress, TimeProvider time, Func<int> width)
    {
        (this.messages, this.progress, this.time, this.width) = (messages, progress, time, width);
        timer = time.CreateTimer(_ => Draw(), null, Interval, Interval);
    }

    public void Dispose()
    {
        timer.Dispose();
        lock (drawing)
        {
            ended = true;
            messages.Clear();
        }
    }

    /// <summary>The line's text. A <paramref name="rate"/> (bytes a second) of null is not known yet.</summary>
    internal static string Render(string phase, long done, long total, long files, double? rate)
    {
        var parts = new List<string>();
        if (phase.Length > 0)
        {
            parts.Add(phase);
        }

        if (total > 0)
        {
            // More may be read than was expected, as files grow: never more than all, and all only when it is.
            var percent = Math.Min(100, Math.Floor(done * 1000d / total) / 10);
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"{percent:0.0}%"));
            parts.Add($"{Units.Size(done)} of {Units.Size(Math.Max(done, total))}");
        }
        else
        {
            parts.Add(Units.Size(done));
            parts.Add(Units.Count(files, "file"));
        }

        if (rate is { } bytes)
        {
            parts.Add(Units.Size((long)bytes) + "/s");
            if (bytes >= 1 && total > done)
            {
                parts.Add(Units.Duration(TimeSpan.FromSeconds(Math.Ceiling(Math.Min((total - done) / bytes, 1e8)))) + " left");
            }
        }

        return string.Join("  ", parts);
    }

    private void Draw()
    {
        lock (drawing)
        {
            if (!ended)
            {
                var line = Render(progress.Phase, progress.BytesDone, progress.BytesTotal, progress.FilesDone, Rate());
                // The last column stays free: some terminals wrap as soon as it is written.
                messages.Draw(Printable.Fit(Printable.Escape(line), Math.Max(1, width() - 1)));
            }
        }
    }

    private double? Rate()
    {
        var (now, bytes) = (time.GetTimestamp(), progress.BytesDone);
        samples.Enqueue((now, bytes));
        while (time.GetElapsedTime(samples.Peek().Time, now) > RateWindow)
        {
            samples.Dequeue();
        }

        var (start, startBytes) = samples.Peek();
        var elapsed = time.GetElapsedTime(start, now);
        return elapsed < FirstEstimate ? null : (bytes - startBytes) / elapsed.TotalSeconds;
    }
}
