using System.Globalization;

namespace VertexAr.Backup.Host;

/// <summary>Tells a message on several channels at once, within a time that no channel can make longer.</summary>
internal static class Telling
{
    private static readonly TimeSpan AfterStop = TimeSpan.FromSeconds(1);

    /// <returns>What became of it on each channel, in their order.</returns>
    public static IReadOnlyList<Told> Tell(IReadOnlyList<IChannel> channels, Message message, PatienceLimits limits, TimeProvider clock, CancellationToken stop)
    {
        var patience = new Patience(limits, clock, stop);
        var told = new Told?[channels.Count];
        var left = channels.Count;
        // Threads that are left behind use it later; its finalizer closes it.
        var done = new ManualResetEvent(left == 0);
        for (var i = 0; i < channels.Count; i++)
        {
            var at = i;
            var thread = new Thread(() => TellOne(at), 512 * 1024) { IsBackground = true, Name = channels[i].Name };
            thread.Start();
        }

        var ended = WaitHandle.WaitAny([done, stop.WaitHandle], limits.Total + limits.Grace);
        if (ended == 1)
        {
            // For a mail program to be ended.
            done.WaitOne(AfterStop);
        }

        var reason = ended == 1 ? "the program was told to stop"
            : string.Create(CultureInfo.InvariantCulture, $"it was not done within {(limits.Total + limits.Grace).TotalSeconds:0} seconds");
        return [.. channels.Select((channel, i) => Volatile.Read(ref told[i]) ?? new Told(channel.Name, reason))];

        void TellOne(int at)
        {
            Volatile.Write(ref told[at], new Told(channels[at].Name, Guarded(channels[at], message, patience)));
            if (Interlocked.Decrement(ref left) == 0)
            {
                done.Set();
            }
        }
    }

    private static string? Guarded(IChannel channel, Message message, Patience patience)
    {
        try
        {
            return channel.Tell(message, patience);
        }
#pragma warning disable CA1031 // A mistake in here must not end a process whose work is done.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // The message of it could hold an address.
            return $"internal error: {e.GetType().Name}";
        }
    }
}
