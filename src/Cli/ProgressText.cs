using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Cli;

/// <summary>How far a run is, in words. Not for several threads at once.</summary>
internal sealed class ProgressText(RunProgress progress, TimeProvider time)
{
    // Long enough to be calm, short enough to follow a change from small files to large ones.
    private static readonly TimeSpan RateWindow = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan FirstEstimate = TimeSpan.FromSeconds(2);

    private readonly Queue<(long Time, long Bytes)> samples = new();

    /// <summary>As of now. The rate is that since earlier calls, so there must be some.</summary>
    public string Now() => Render(progress.Phase, progress.BytesDone, progress.BytesTotal, progress.FilesDone, Rate());

    /// <summary>The text. A <paramref name="rate"/> (bytes a second) of null is not known yet.</summary>
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
