using VertexAr.Backup.Model;

namespace VertexAr.Backup.Cli;

/// <summary>How far a run is, told every few seconds until disposed: for a service manager, which shows the last that it heard.</summary>
internal sealed class ProgressStatus : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(3);

    private readonly ProgressText text;
    private readonly Action<string> tell;
    private readonly Lock telling = new();
    private readonly ITimer timer;
    private bool ended;

    public ProgressStatus(Action<string> tell, RunProgress progress, TimeProvider time)
    {
        (this.tell, text) = (tell, new ProgressText(progress, time));
        timer = time.CreateTimer(_ => Tell(), null, Interval, Interval);
    }

    public void Dispose()
    {
        timer.Dispose();
        lock (telling)
        {
            ended = true;
        }
    }

    private void Tell()
    {
        lock (telling)
        {
            if (!ended)
            {
                tell(text.Now());
            }
        }
    }
}
