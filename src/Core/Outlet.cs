namespace VertexAr.Backup.Core;

/// <summary>A stream that is only written to, front to back.</summary>
internal abstract class Outlet : Stream
{
    public sealed override bool CanRead => false;

    public sealed override bool CanSeek => false;

    public sealed override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public sealed override long Position { get => Length; set => throw new NotSupportedException(); }

    public abstract override void Write(ReadOnlySpan<byte> bytes);

    public sealed override void Write(byte[] array, int offset, int count) => Write(array.AsSpan(offset, count));

    /// <summary>Nothing: what buffers does so to avoid small writes, and compressors flush often.</summary>
    public sealed override void Flush()
    {
    }

    public sealed override int Read(byte[] array, int offset, int count) => throw new NotSupportedException();

    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public sealed override void SetLength(long value) => throw new NotSupportedException();
}
