using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// A run of bytes of an open file, read with a buffer of the caller. Past the file's end it reads as zeros, as tar does when a
/// file shrinks. <paramref name="pause"/> is called before each read with its length, to slow it down.
/// </summary>
internal readonly struct PieceReader(SafeFileHandle file, long offset, long length, Action<int>? pause = null)
{
    public long Length => length;

    /// <summary>
    /// Hands on exactly the promised number of bytes, in order: whatever reads them may be in the middle of a tar entry.
    /// Returns true if the file had them all.
    /// </summary>
    /// <param name="buffer">Where the bytes pass through.</param>
    /// <param name="take">Takes each run of bytes; may not keep them.</param>
    /// <param name="error">Why reading stopped early, after which all bytes are zeros; null if it did not.</param>
    public bool Read(byte[] buffer, Action<ReadOnlyMemory<byte>> take, out SourceReadError? error)
    {
        var whole = true;
        error = null;
        for (var done = 0L; done < length;)
        {
            var wanted = (int)Math.Min(buffer.Length, length - done);
            var got = 0;
            try
            {
                got = error is null ? Fill(buffer.AsSpan(0, wanted), offset + done) : 0;
            }
            catch (SourceReadError e)
            {
                error = e;
            }

            whole &= got == wanted;
            buffer.AsSpan(got, wanted - got).Clear();
            take(buffer.AsMemory(0, wanted));
            done += wanted;
        }

        return whole;
    }

    /// <summary>Fills the buffer's beginning with the first bytes; returns how many the file had.</summary>
    /// <exception cref="SourceReadError">The file cannot be read.</exception>
    public int Fill(Span<byte> buffer, long from = -1)
    {
        var wanted = (int)Math.Min(buffer.Length, length);
        pause?.Invoke(wanted);
        try
        {
            return Posix.ReadAt(file, buffer[..wanted], from < 0 ? offset : from);
        }
        catch (PosixError e)
        {
            throw new SourceReadError(e);
        }
    }
}

/// <summary>Content could not be read where it came from; that is the file's trouble, not the repository's.</summary>
internal sealed class SourceReadError(PosixError cause) : Exception(cause.Message, cause);
