using System.Buffers.Binary;
using System.Collections;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// The names in a directory as the bytes they are, sorted by those. They lie in one block, and each becomes an array only when
/// it is asked for: what a directory of 200,000 entries holds would otherwise outlive several collections.
/// </summary>
internal sealed class DirectoryNames : IReadOnlyList<byte[]>
{
    // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name.
    private const int LengthAt = 16;
    private const int NameAt = 19;

    private byte[] text = [];
    private int used;
    private (int Start, int Length)[] places = [];

    private DirectoryNames()
    {
    }

    public int Count { get; private set; }

    public byte[] this[int index] => Name(index).ToArray();

    public static DirectoryNames None { get; } = new();

    /// <param name="directory">An open directory.</param>
    /// <param name="buffer">Space for the kernel's records, for a caller that reads many; used only during the call.</param>
    /// <param name="ending">Only names that end so.</param>
    public static DirectoryNames Read(SafeFileHandle directory, byte[]? buffer = null, ReadOnlySpan<byte> ending = default)
    {
        buffer ??= new byte[16 * 1024];
        var names = new DirectoryNames();
        for (int filled; (filled = Fill(buffer, directory)) > 0;)
        {
            for (var at = 0; at < filled;)
            {
                var length = BinaryPrimitives.ReadUInt16LittleEndian(buffer.AsSpan(at + LengthAt));
                var name = buffer.AsSpan(at + NameAt, length - NameAt);
                name = name[..name.IndexOf((byte)0)];
                if (name.EndsWith(ending) && !(name is [(byte)'.'] or [(byte)'.', (byte)'.']))
                {
                    names.Add(name);
                }

                at += length;
            }
        }

        names.Sort();
        return names;
    }

    /// <summary>Fills the buffer with the kernel's records; 0 at the end.</summary>
    private static unsafe int Fill(byte[] buffer, SafeFileHandle directory)
    {
        fixed (byte* p = buffer)
        {
            return (int)Posix.Check(PosixCalls.GetDents(Posix.Descriptor(directory), p, (nuint)buffer.Length));
        }
    }

    /// <summary>A name where it lies.</summary>
    public ReadOnlySpan<byte> Name(int index) => text.AsSpan(places[index].Start, places[index].Length);

    public bool Contains(ReadOnlySpan<byte> name)
    {
        for (var (from, to) = (0, Count); from < to;)
        {
            var middle = (from + to) / 2;
            var order = Name(middle).SequenceCompareTo(name);
            if (order == 0)
            {
                return true;
            }

            (from, to) = order < 0 ? (middle + 1, to) : (from, middle);
        }

        return false;
    }

    public IEnumerator<byte[]> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    private void Add(ReadOnlySpan<byte> name)
    {
        if (used + name.Length > text.Length)
        {
            Array.Resize(ref text, Math.Max(256, 2 * (used + name.Length)));
        }

        if (Count == places.Length)
        {
            Array.Resize(ref places, Math.Max(16, 2 * Count));
        }

        name.CopyTo(text.AsSpan(used));
        places[Count++] = (used, name.Length);
        used += name.Length;
    }

    private void Sort()
    {
        var all = text;
        places.AsSpan(0, Count).Sort((a, b) => all.AsSpan(a.Start, a.Length).SequenceCompareTo(all.AsSpan(b.Start, b.Length)));
    }
}
