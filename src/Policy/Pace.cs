namespace VertexAr.Backup.Policy;

/// <summary>
/// Spreads work over time: never more than so many bytes a second, whoever asks. What was not used is not saved up for a
/// burst later. Safe for several threads.
/// </summary>
internal sealed class Pace(long bytesPerSecond, TimeProvider clock)
{
    private readonly Lock planning = new();
    private long next = clock.GetTimestamp();

    /// <summary>How long to wait before dealing with these bytes.</summary>
    public TimeSpan Before(int bytes)
    {
        lock (planning)
        {
            var now = clock.GetTimestamp();
            var begin = Math.Max(now, next);
            next = begin + (long)((double)bytes / bytesPerSecond * clock.TimestampFrequency);
            return clock.GetElapsedTime(now, begin);
        }
    }
}
