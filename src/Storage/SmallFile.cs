using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Reads files that are a few kilobytes when they are what they claim to be, one after the other into the same memory: there may
/// be thousands.
/// </summary>
internal sealed class SmallFile
{
    private const int Largest = 16 << 20;

    private byte[] buffer = new byte[4096];

    /// <summary>What the file holds.</summary>
    /// <exception cref="PosixError">It cannot be read.</exception>
    /// <exception cref="DamageError">It is far too large.</exception>
    public static ReadOnlyMemory<byte> Read(string path) => new SmallFile().ReadNext(Posix.Here, Posix.Bytes(path));

    /// <summary>What the file holds, until the next one is read.</summary>
    /// <exception cref="PosixError">It cannot be read.</exception>
    /// <exception cref="DamageError">It is far too large.</exception>
    public ReadOnlyMemory<byte> ReadNext(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        using var file = RegularFile.Open(directory, name);
        var size = Posix.Status(file).Size;
        if (size > Largest)
        {
            throw new DamageError($"is {size} bytes long");
        }

        if (size > buffer.Length)
        {
            buffer = new byte[size];
        }

        return buffer.AsMemory(0, Posix.ReadAt(file, buffer.AsSpan(0, (int)size), 0));
    }
}
