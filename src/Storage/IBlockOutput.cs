namespace VertexAr.Backup.Storage;

/// <summary>A file that is written front to back, a buffer at a time. What went wrong is thrown by the call after it, at the latest by <see cref="Wait"/>.</summary>
internal interface IBlockOutput : IDisposable
{
    /// <summary>To be filled from its front; empty after <see cref="End"/>.</summary>
    Span<byte> Buffer { get; }

    /// <summary>Takes the buffer's first bytes. Those that follow up to <paramref name="filled"/> are at its front then.</summary>
    void Pass(int count, int filled);

    /// <summary>Takes the buffer's first bytes, which are the file's last.</summary>
    void End(int count);

    /// <summary>Returns when all that was passed is with the kernel.</summary>
    void Wait();
}
