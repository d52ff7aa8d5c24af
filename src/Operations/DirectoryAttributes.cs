using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>
/// The ACLs and attributes of a directory as one line of text, <c>NAME:VALUE NAME:VALUE</c> with both in base64 and in the order of
/// names, as a step stores them. A mode without its ACL would open a directory to more than it was open to, since the group's bits
/// of it are the ACL's mask.
/// </summary>
internal static class DirectoryAttributes
{
    /// <exception cref="PosixError">They cannot be read.</exception>
    public static string Read(SafeFileHandle directory)
    {
        var place = AttributePlace.Of(directory);
        var found = new List<string>();
        foreach (var name in SavedNames(place))
        {
            if (place.Value([.. name, 0]) is { } value)
            {
                found.Add($"{Convert.ToBase64String(name)}:{Convert.ToBase64String(value)}");
            }
        }

        found.Sort(StringComparer.Ordinal);
        return string.Join(' ', found);
    }

    /// <summary>Gives a directory these and no others of the kinds that are saved.</summary>
    /// <exception cref="PosixError">It cannot have them.</exception>
    /// <exception cref="FormatException">The text is none that was read.</exception>
    public static void Apply(SafeFileHandle directory, string text)
    {
        if (text == Read(directory))
        {
            return;
        }

        var place = AttributePlace.Of(directory);
        var wanted = text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Parse).ToList();
        foreach (var name in SavedNames(place).Where(name => !wanted.Exists(one => one.Name.AsSpan().SequenceEqual(name))))
        {
            place.Remove([.. name, 0]);
        }

        foreach (var (name, value) in wanted.Where(one => IsSaved(one.Name)))
        {
            place.Set([.. name, 0], value);
        }
    }

    private static (byte[] Name, byte[] Value) Parse(string pair) =>
        pair.Split(':') is [var name, var value]
            ? (Convert.FromBase64String(name), Convert.FromBase64String(value))
            : throw new FormatException("an attribute has no value");

    private static List<byte[]> SavedNames(AttributePlace place)
    {
        var names = new List<byte[]>();
        var rest = place.Names().AsSpan();
        for (int end; (end = rest.IndexOf((byte)0)) >= 0; rest = rest[(end + 1)..])
        {
            if (IsSaved(rest[..end]))
            {
                names.Add(rest[..end].ToArray());
            }
        }

        return names;
    }

    private static bool IsSaved(ReadOnlySpan<byte> name) =>
        name.SequenceEqual(AttributeReader.Access[..^1]) || name.SequenceEqual(AttributeReader.Default[..^1]) || ExtendedAttributes.IsSaved(name);
}
