using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>What every line of a file list keeps to. A list may come from anywhere: a line that breaks a rule is damage, not data.</summary>
internal static class EntryRules
{
    /// <summary>The longest path the kernel takes, without its final zero.</summary>
    public const int LongestPath = 4095;

    /// <exception cref="DamageError">A rule is broken.</exception>
    public static void Check(FileEntry entry)
    {
        FileEntryJson.Expect(IsSafePath(entry.Path), "holds a path that leads out of the snapshot");
        FileEntryJson.Expect(entry.Size >= 0, "holds a file of negative size");
        FileEntryJson.Expect(
            (entry.Type is EntryType.Symlink or EntryType.HardLink) == (entry.Target is not null), "holds a link without a target");
        FileEntryJson.Expect(entry.Type != EntryType.HardLink || IsSafePath(entry.Target), "holds a link that leads out of the snapshot");
        FileEntryJson.Expect(entry.Target is null || !entry.Target.AsSpan().Contains((byte)0), "holds a link with a zero byte");
        FileEntryJson.Expect(entry.Type.IsDevice() == (entry.Device is not null), "holds a device without its numbers");
        FileEntryJson.Expect((entry.Type == EntryType.Absent) == (entry.Reason is not null), "holds something that was not saved without a reason");
        entry.Attributes?.Check();
        FileEntryJson.Expect(Length(entry.Pieces) == (entry.HasContent ? entry.Size : 0), "holds a file whose pieces do not add up");
    }

    /// <summary>Relative, and every component a real name.</summary>
    public static bool IsSafePath(ReadOnlySpan<byte> path)
    {
        if (path.Length is 0 or > LongestPath || path.Contains((byte)0))
        {
            return false;
        }

        foreach (var range in path.Split((byte)'/'))
        {
            if (path[range] is [] or [(byte)'.'] or [(byte)'.', (byte)'.'])
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Bytes of all pieces; -1 if one of them is impossible.</summary>
    private static long Length(Piece[] pieces)
    {
        var sum = 0L;
        foreach (var piece in pieces)
        {
            if (piece.Pack < Piece.NoPack || piece.Offset < 0 || piece.Entry < 0 || piece.Length <= 0 || piece.Length > long.MaxValue - sum)
            {
                return -1;
            }

            sum += piece.Length;
        }

        return sum;
    }
}
