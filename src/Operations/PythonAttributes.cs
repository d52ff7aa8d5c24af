using System.IO.Hashing;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Owners and modes of what was unpacked by somebody who may not give them to files. Most files of a tree belong to one user and
/// have modes that anybody can set: only what is otherwise takes memory, 30 bytes each.
/// </summary>
internal sealed class PythonAttributes
{
    private const int SpecialBits = 0xE00;
    private const int OwnerOfFile = 0x180;
    private const int OwnerOfDirectory = 0x1C0;

    private readonly Dictionary<(ulong Upper, ulong Lower), int> others = [];
    private readonly List<Attributes> kinds = [];
    private readonly Dictionary<Attributes, int> known = [];

    /// <summary>What an unprivileged owner can work with, of a mode.</summary>
    public static int Workable(int mode, bool isDirectory) => (mode & ~SpecialBits) | (isDirectory ? OwnerOfDirectory : OwnerOfFile);

    /// <param name="path">Below the top of the tree.</param>
    /// <param name="entry">What belongs there.</param>
    public void Add(byte[] path, FileEntry entry)
    {
        // The mode is on disk, unless the disk could not take it.
        var mode = entry.Type == EntryType.Symlink || Workable(entry.Mode, entry.Type == EntryType.Directory) == entry.Mode ? (int?)null : entry.Mode;
        var attributes = new Attributes(mode, entry.Uid, entry.Gid, entry.User, entry.Group);
        if (!known.TryGetValue(attributes, out var number))
        {
            known.Add(attributes, number = kinds.Count);
            kinds.Add(attributes);
        }

        if (number > 0)
        {
            others[Hash(path)] = number;
        }
    }

    /// <summary>An entry as it was before it was unpacked. Inode 0 is nobody's: no later run takes an unpacked file for the live one.</summary>
    /// <param name="entry">As it lies on disk now, under the name of its source.</param>
    public FileEntry Apply(FileEntry entry)
    {
        var number = others.GetValueOrDefault(Hash(ListPath.Below(entry.Path)));
        var plain = entry with { Changed = entry.Modified, Inode = 0 };
        return kinds.Count == 0 ? plain : plain with
        {
            Mode = kinds[number].Mode ?? entry.Mode,
            Uid = kinds[number].Uid,
            Gid = kinds[number].Gid,
            User = kinds[number].User,
            Group = kinds[number].Group,
        };
    }

    private static (ulong Upper, ulong Lower) Hash(ReadOnlySpan<byte> path)
    {
        var hash = XxHash128.HashToUInt128(path);
        return ((ulong)(hash >> 64), (ulong)hash);
    }

    private sealed record Attributes(int? Mode, uint Uid, uint Gid, string? User, string? Group);
}
