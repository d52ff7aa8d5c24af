using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>Reads ACLs and extended attributes of files. Most have none, and cost one system call.</summary>
internal static class AttributeReader
{
    /// <summary>The kernel's name of the ACL, with its zero byte.</summary>
    public static ReadOnlySpan<byte> Access => "system.posix_acl_access\0"u8;

    /// <summary>The kernel's name of the ACL that new files in a directory begin with, with its zero byte.</summary>
    public static ReadOnlySpan<byte> Default => "system.posix_acl_default\0"u8;

    /// <summary>Whether anything can be looked for: the kernel is asked by way of /proc about what is not open.</summary>
    public static bool CanRead { get; } = Directory.Exists("/proc/self/fd");

    /// <summary>What this process looks for: the kernel shows the last to root alone.</summary>
    public static string[] Kinds => !CanRead ? [] : Posix.IsRoot ? ["acl", "user", "security.capability", "trusted"] : ["acl", "user", "security.capability"];

    /// <param name="place">The file.</param>
    /// <param name="isAclOnly">Whether all else is passed over.</param>
    /// <returns>Null if there is nothing that is saved.</returns>
    /// <exception cref="PosixError">They cannot be read.</exception>
    /// <exception cref="DamageError">They are nothing that can be kept; says why.</exception>
    public static ExtendedAttributes? Read(AttributePlace place, bool isAclOnly = false)
    {
        var names = place.Names().AsSpan();
        if (names.IsEmpty)
        {
            return null;
        }

        var (access, defaults, bytes) = (Array.Empty<AccessEntry>(), Array.Empty<AccessEntry>(), 0);
        var others = new List<NamedAttribute>();
        while (names.IndexOf((byte)0) is >= 0 and var end)
        {
            var name = names[..end];
            var terminated = names[..(end + 1)];
            names = names[(end + 1)..];
            if (terminated.SequenceEqual(Access))
            {
                access = ReadList(place.Value(terminated));
            }
            else if (terminated.SequenceEqual(Default))
            {
                defaults = ReadList(place.Value(terminated));
            }
            else if (!isAclOnly && ExtendedAttributes.IsSaved(name) && place.Value(terminated) is { } value)
            {
                others.Add(new NamedAttribute(name.ToArray(), value));
                bytes += name.Length + value.Length;
                if (bytes > ExtendedAttributes.MostBytes)
                {
                    throw new DamageError($"take more than {Units.Size(ExtendedAttributes.MostBytes)}");
                }
            }
        }

        others.Sort(static (one, other) => one.Name.AsSpan().SequenceCompareTo(other.Name));
        var found = new ExtendedAttributes { Access = access, Default = defaults, Others = [.. others] };
        return found.IsEmpty ? null : found;
    }

    private static AccessEntry[] ReadList(byte[]? value) => value is null ? [] : Array.ConvertAll(AccessList.Parse(value), static entry => entry.Tag switch
    {
        AccessTag.User => entry with { Name = Accounts.UserName(entry.Id) },
        AccessTag.Group => entry with { Name = Accounts.GroupName(entry.Id) },
        _ => entry,
    });
}
