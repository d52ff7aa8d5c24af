using VertexAr.Backup.Model;

namespace VertexAr.Backup.Host;

/// <summary>What a healthcheck is to make of a message.</summary>
internal enum HealthSign
{
    /// <summary>Something to note; it changes nothing.</summary>
    Note,
    Success,
    Failure,
}

/// <summary>What is told, the same on every channel. <paramref name="Run"/> is the run it is about, if it is about one.</summary>
internal sealed record Message(string Host, string Tool, string Subject, string Text, HealthSign Sign, RunReport? Run = null);

/// <summary>What became of a message on one channel: <paramref name="Problem"/> says why it was not told; null if it was.</summary>
internal sealed record Told(string Channel, string? Problem);

/// <summary>A way to tell somebody something.</summary>
internal interface IChannel
{
    string Name { get; }

    /// <summary>Tells, and returns why it could not, as a sentence without any secret; null if it could.</summary>
    string? Tell(Message message, Patience patience);
}
