namespace VertexAr.Backup.Storage;

/// <summary>
/// Content on its way into a tar entry: a known number of bytes that are pushed once, from front to back. TarWriter asks
/// for the length before it takes the bytes, so this looks seekable without being so.
/// </summary>
internal sealed class PieceStream(long length, Action<Stream> push) : Stream
{
    private bool pushed;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get; set; }

    public override void CopyTo(Stream destination, int bufferSize)
    {
        if (!pushed)
        {
            pushed = true;
            push(destination);
        }
    }

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("content is pushed, not read");

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
