namespace VertexAr.Backup.Tests.Cli;

/// <summary>Every write fails as the system call would.</summary>
internal sealed class BrokenStream(int errno) : MemoryStream
{
    public override void Write(ReadOnlySpan<byte> buffer) => throw new IOException("write", errno);
}
