namespace VertexAr.Backup.Storage;

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

    /// <summary>Nothing: compressors flush often, and small writes are what these streams are there to avoid.</summary>
    public sealed override void Flush()
    {
    }

    public sealed override int Read(byte[] array, int offset, int count) => throw new NotSupportedException();

    public sealed override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public sealed override void SetLength(long value) => throw new NotSupportedException();
}
