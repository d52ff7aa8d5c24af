using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Whether what was saved of a file that changed meanwhile is a state that it had all the same. A log is appended to all the time, and a
/// file that another one is renamed over gets a new time while it is as it was. If all that was saved is still there when it is read a second
/// time, it was there at once at the end of the first time. Only files that changed are read twice.
/// </summary>
internal static class SecondReading
{
    private const int BufferBytes = 256 * 1024;

    /// <param name="item">Its content is stored; the file is still open.</param>
    /// <param name="now">The open file now.</param>
    /// <param name="pause">Slows reading down; null not to.</param>
    /// <param name="stop">Ends it, with the answer no.</param>
    public static bool Confirms(CreateItem item, in FileStatus now, Action<int>? pause, CancellationToken stop)
    {
        if (!MayConfirm(item, now))
        {
            return false;
        }

        var (buffer, offset) = (new byte[BufferBytes], 0L);
        try
        {
            foreach (var piece in item.Entry.Pieces)
            {
                if (stop.IsCancellationRequested || !IsSame(new PieceReader(item.File!, offset, piece.Length, pause), piece, buffer))
                {
                    return false;
                }

                offset += piece.Length;
            }
        }
        catch (SourceReadError)
        {
            return false;
        }

        return true;
    }

    /// <summary>
    /// Only its size grew, or only its state changed and not its content. Not what belongs to a database, which is not read at one moment with
    /// the files next to it; and not what has holes, of which no piece says what was read.
    /// </summary>
    private static bool MayConfirm(CreateItem item, in FileStatus now)
    {
        var before = item.Status;
        var isTouched = now.Modified != before.Modified;
        return (now.Device, now.Inode) == (before.Device, before.Inode)
            && (now.Size > before.Size || (now.Size == before.Size && !isTouched))
            && !(isTouched && item.IsOfDatabase())
            && !Array.Exists(item.Entry.Pieces, piece => piece.IsHole);
    }

    private static bool IsSame(PieceReader content, in Piece piece, byte[] buffer)
    {
        using var hash = new Sha256();
        return content.Read(buffer, bytes => hash.Append(bytes.Span), out _) && hash.Finish() == piece.Sha256;
    }
}
