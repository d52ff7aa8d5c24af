using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>Where a piece lies, and of what content it is: 160 bits of a digest's 256, which no two contents that anybody has, or could make, share.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct PiecePlace(ulong A, ulong B, uint C, int Pack, uint Offset, int Entry)
{
    public PiecePlace(in Piece piece)
        : this(piece.Sha256.A, piece.Sha256.B, (uint)(piece.Sha256.C >> 32), piece.Pack, (uint)piece.Offset, piece.Entry)
    {
    }

    public bool IsOf(Digest sha256) => A == sha256.A && B == sha256.B && C == (uint)(sha256.C >> 32);
}

/// <summary>
/// Places of pieces by the number in which they came. The newest are in memory, the others in a file without a name: a run asks for
/// few of them again, and a million take 32 MB. For any thread.
/// </summary>
/// <param name="directory">Where the file is made, once there are so many.</param>
internal sealed class PlaceLog(string directory) : IDisposable
{
    /// <summary>256 KiB.</summary>
    public const int InMemory = 8192;

    private static readonly int PlaceBytes = Marshal.SizeOf<PiecePlace>();

    private readonly NativeArray<PiecePlace> newest = new(InMemory);
    private SafeFileHandle? file;
    private int written;
    private int count;

    /// <returns>Its number.</returns>
    /// <exception cref="PosixError">The file cannot be written.</exception>
    public int Add(in PiecePlace place)
    {
        lock (newest)
        {
            if (count - written == InMemory)
            {
                WriteOut();
            }

            newest.Items[count - written] = place;
            return count++;
        }
    }

    /// <exception cref="PosixError">The file cannot be read.</exception>
    public PiecePlace Get(int number)
    {
        lock (newest)
        {
            if (number >= written)
            {
                return newest.Items[number - written];
            }

            var place = default(PiecePlace);
            var read = Posix.ReadAt(file!, MemoryMarshal.AsBytes(new Span<PiecePlace>(ref place)), (long)number * PlaceBytes);
            return read == PlaceBytes ? place : throw new IOException("a file in 'staging' was cut short while it was in use");
        }
    }

    public void Dispose()
    {
        file?.Dispose();
        newest.Free();
    }

    private void WriteOut()
    {
        file ??= CreateNameless();
        Posix.WriteAt(file, MemoryMarshal.AsBytes(newest.Items), (long)written * PlaceBytes);
        written = count;
    }

    private SafeFileHandle CreateNameless()
    {
        var path = Path.Combine(directory, "places.tmp");
        var made = AtomicFile.Create(path);
        AtomicFile.RemoveIfThere(path);
        return made;
    }
}
