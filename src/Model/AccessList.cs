using System.Buffers.Binary;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>A POSIX ACL: what the kernel keeps of it in an attribute, and what a file is open to without it.</summary>
internal static class AccessList
{
    /// <summary>An attribute holds no more.</summary>
    public const int MostEntries = (AttributePlace.LongestValue - HeadBytes) / EntryBytes;

    private const int HeadBytes = 4;
    private const int EntryBytes = 8;
    private const uint Version = 2;
    private const uint NoId = uint.MaxValue;

    /// <summary>Reads the kernel's form (linux/posix_acl_xattr.h), all of it little-endian.</summary>
    /// <exception cref="DamageError">It is not of this form.</exception>
    public static AccessEntry[] Parse(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < HeadBytes || (bytes.Length - HeadBytes) % EntryBytes != 0 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Version)
        {
            throw new DamageError("include an ACL of an unknown form");
        }

        var entries = new AccessEntry[(bytes.Length - HeadBytes) / EntryBytes];
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = bytes[(HeadBytes + (i * EntryBytes))..];
            var tag = (AccessTag)BinaryPrimitives.ReadUInt16LittleEndian(entry);
            var id = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
            var permissions = BinaryPrimitives.ReadUInt16LittleEndian(entry[2..]);
            entries[i] = new AccessEntry(tag, permissions, tag is AccessTag.User or AccessTag.Group ? id : 0);
        }

        return IsValid(entries) ? entries : throw new DamageError("include an ACL that no kernel accepts");
    }

    /// <summary>The kernel's form.</summary>
    /// <param name="entries">In the order of the kernel.</param>
    /// <param name="idOf">The number that a named user or group has here.</param>
    public static byte[] Format(ReadOnlySpan<AccessEntry> entries, Func<AccessEntry, uint> idOf)
    {
        var bytes = new byte[HeadBytes + (entries.Length * EntryBytes)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Version);
        for (var i = 0; i < entries.Length; i++)
        {
            var entry = bytes.AsSpan(HeadBytes + (i * EntryBytes));
            BinaryPrimitives.WriteUInt16LittleEndian(entry, (ushort)entries[i].Tag);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], (ushort)entries[i].Permissions);
            BinaryPrimitives.WriteUInt32LittleEndian(entry[4..], entries[i].IsNamed ? idOf(entries[i]) : NoId);
        }

        return bytes;
    }

    /// <summary>Owner, named users, owning group, named groups, a mask where anybody is named, others; in this order.</summary>
    public static bool IsValid(ReadOnlySpan<AccessEntry> entries)
    {
        var (last, seen, isNamed) = (0, 0, false);
        foreach (var entry in entries)
        {
            var tag = (int)entry.Tag;
            if (tag is not (1 or 2 or 4 or 8 or 16 or 32) || tag < last || (tag == last && !entry.IsNamed) || entry.Permissions is < 0 or > 7)
            {
                return false;
            }

            (last, seen, isNamed) = (tag, seen | tag, isNamed || entry.IsNamed);
        }

        const int needed = (int)AccessTag.Owner | (int)AccessTag.OwningGroup | (int)AccessTag.Others;
        return (seen & needed) == needed && (!isNamed || (seen & (int)AccessTag.Mask) != 0) && entries.Length <= MostEntries;
    }

    /// <summary>
    /// The mode for a file whose ACL cannot be kept. The group's bits of a mode are the ACL's mask, which without the ACL would
    /// open the file to the owning group; and who was named with less than others have would be one of the others. So nobody is
    /// given more than everybody had who may be meant.
    /// </summary>
    public static int ModeWithout(ReadOnlySpan<AccessEntry> entries, int mode)
    {
        var (mask, group, others) = (7, 7, 7);
        foreach (var entry in entries)
        {
            mask = entry.Tag == AccessTag.Mask ? entry.Permissions : mask;
        }

        foreach (var entry in entries)
        {
            group &= entry.Tag is AccessTag.User or AccessTag.OwningGroup ? entry.Permissions & mask : 7;
            others &= entry.IsNamed ? entry.Permissions & mask : entry.Tag == AccessTag.Others ? entry.Permissions : 7;
        }

        return mode & ~63 | ((group << 3) & mode) | (others & mode);
    }
}
