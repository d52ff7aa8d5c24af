using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>Finds the name that a directory lists for another by which the same is found: in small letters, without dots at its end, with accents taken apart.</summary>
/// <param name="directory">Open.</param>
/// <param name="names">What it lists.</param>
internal sealed class ListedNames(SafeFileHandle directory, IEnumerable<byte[]> names)
{
    private readonly Lazy<ILookup<string, byte[]>> byText = new(() => names.ToLookup(Fold));
    private Dictionary<ulong, byte[]>? byInode;

    /// <returns>Null if nothing is found by the name.</returns>
    public byte[]? Find(byte[] name)
    {
        if (Inode(name) is not { } inode)
        {
            return null;
        }

        // Inode numbers may be made up for each look, and are the same for hard links.
        return byText.Value[Fold(name)].FirstOrDefault() ?? (byInode ??= ByInode()).GetValueOrDefault(inode);
    }

    private Dictionary<ulong, byte[]> ByInode()
    {
        var found = new Dictionary<ulong, byte[]>();
        foreach (var name in byText.Value.SelectMany(same => same))
        {
            if (Inode(name) is { } inode)
            {
                found.TryAdd(inode, name);
            }
        }

        return found;
    }

    /// <summary>Null if it is not there: a file that could not be written is removed again, and a name that cannot be is none.</summary>
    private ulong? Inode(byte[] name)
    {
        try
        {
            return Posix.StatusAt(directory, name).Inode;
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.Invalid or PosixError.NameTooLong or PosixError.IllegalSequence)
        {
            return null;
        }
    }

    private static string Fold(byte[] name) => BytePath.Text(name).TrimEnd('.', ' ').ToUpperInvariant();
}
