using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>Writes at once, in the caller's thread.</summary>
internal sealed class PlainFile(SafeFileHandle file) : IBlockOutput
{
    /// <summary>What is written at once.</summary>
    public const int BufferBytes = 256 * 1024;

    private readonly byte[] buffer = new byte[BufferBytes];

    public Span<byte> Buffer => buffer;

    public void Pass(int count, int filled)
    {
        End(count);
        buffer.AsSpan(count, filled - count).CopyTo(buffer);
    }

    public void End(int count) => Posix.Write(file, buffer.AsSpan(0, count));

    public void Wait()
    {
    }

    public void Dispose()
    {
    }
}
