using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>Reads the names in a directory as the bytes they are, and sorts them by those.</summary>
internal static class DirectoryNames
{
    // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name.
    private const int LengthAt = 16;
    private const int NameAt = 19;

    /// <param name="directory">An open directory.</param>
    /// <param name="buffer">Space for the kernel's records, for a caller that reads many; used only during the call.</param>
    public static List<byte[]> Read(SafeFileHandle directory, byte[]? buffer = null)
    {
        buffer ??= new byte[16 * 1024];
        var names = new List<byte[]>();
        for (int filled; (filled = Posix.ReadDirectory(directory, buffer)) > 0;)
        {
            for (var at = 0; at < filled;)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + LengthAt));
                var name = buffer.AsSpan(at + NameAt, length - NameAt);
                name = name[..name.IndexOf((byte)0)];
                if (!(name is [(byte)'.'] or [(byte)'.', (byte)'.']))
                {
                    names.Add(name.ToArray());
                }

                at += length;
            }
        }

        names.Sort(static (a, b) => a.AsSpan().SequenceCompareTo(b));
        return names;
    }
}
