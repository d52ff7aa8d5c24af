using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Cli;

/// <summary>
/// How far a run is, in one line that is drawn over and over until disposed. It polls: counting must cost the run nothing.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private readonly MessageStream messages;
    private readonly ProgressText text;
    private readonly Func<int> width;
    private readonly Lock drawing = new();
    private readonly ITimer timer;
    private bool ended;

    public ProgressLine(MessageStream messages, RunProgress progress, TimeProvider time, Func<int> width)
    {
        (this.messages, this.width, text) = (messages, width, new ProgressText(progress, time));
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

    private void Draw()
    {
        lock (drawing)
        {
            if (!ended)
            {
                // The last column stays free: some terminals wrap as soon as it is written.
                messages.Draw(Printable.Fit(Printable.Escape(text.Now()), Math.Max(1, width() - 1)));
            }
        }
    }
}
