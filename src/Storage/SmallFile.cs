using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>Reads files that are a few kilobytes when they are what they claim to be.</summary>
internal static class SmallFile
{
    private const int Largest = 16 << 20;

    /// <exception cref="PosixError">It cannot be read.</exception>
    /// <exception cref="DamageError">It is far too large.</exception>
    public static byte[] Read(string path)
    {
        using var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(path));
        var size = Posix.Status(file).Size;
        if (size > Largest)
        {
            throw new DamageError($"is {size} bytes long");
        }

        var content = new byte[size];
        var read = Posix.ReadAt(file, content, 0);
        return read == content.Length ? content : content[..read];
    }
}
