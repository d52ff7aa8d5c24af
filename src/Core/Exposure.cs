using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>A place that somebody can change who should not be able to: a file, or a directory on the way to it.</summary>
/// <param name="Path">The place.</param>
/// <param name="Reason">Who can change it, as the end of a sentence that begins with the path.</param>
internal sealed record Exposure(string Path, string Reason)
{
    private const int Sticky = 0x200;
    private const int GroupMayWrite = 0x10;
    private const int EverybodyMayWrite = 0x2;

    public string Sentence => $"{Path} {Reason}";

    /// <summary>Whether that is so for everything there, since it is on a stick or the like whose files have no owners: the mount's options decide.</summary>
    public bool IsOfMount => MountTable.Read().Over(RealPath.Of(Path)) is { HasOwners: false };

    /// <summary>Root, and whoever runs this: what they can change is as good as what they do.</summary>
    public static uint[] Ourselves => Posix.IsRoot ? [0] : [0, Posix.EffectiveUser];

    /// <summary>
    /// The first place that others can change on the way to a path, itself included; null if there is none. Links are followed,
    /// each of them and the directory that it is in being part of the way. A directory with the sticky bit, as /tmp, lets nobody
    /// change what belongs to somebody else. A group that has the owner's name and no other member is nobody else either.
    /// </summary>
    /// <param name="path">Absolute. What is not there can be put there by those who can change the directory.</param>
    /// <param name="trusted">Users who may change it.</param>
    public static Exposure? Find(string path, params ReadOnlySpan<uint> trusted) => Find(path, isAround: false, trusted);

    /// <summary>As <see cref="Find(string, ReadOnlySpan{uint})"/>, for a directory in which one of ours is made: the sticky bit keeps it there.</summary>
    public static Exposure? FindAround(string directory, params ReadOnlySpan<uint> trusted) => Find(directory, isAround: true, trusted);

    /// <summary>What an open file or directory lets others do by itself, wherever it is.</summary>
    /// <param name="open">The file.</param>
    /// <param name="path">What to call it.</param>
    /// <param name="trusted">Users who may change it.</param>
    public static Exposure? OfOpen(SafeFileHandle open, string path, params ReadOnlySpan<uint> trusted) =>
        Posix.Status(open) is var status && Judge(path, status, trusted) is { } stranger ? stranger : Opened(path, status, AttributePlace.Of(open));

    private static Exposure? Find(string path, bool isAround, ReadOnlySpan<uint> trusted)
    {
        var (at, rest, links) = ("/", new Stack<string>(RealPath.Parts(path)), 0);
        var status = Look("/") ?? default;
        if (Judge("/", status, trusted) is { } root)
        {
            return root;
        }

        while (rest.TryPop(out var part))
        {
            var next = System.IO.Path.GetFullPath(System.IO.Path.Combine(at, part));
            if (Look(next) is not { } there)
            {
                return Opened(at, status);
            }

            if (Judge(next, there, trusted) is { } stranger)
            {
                return stranger;
            }

            if ((status.Permissions & Sticky) == 0 && Opened(at, status) is { } open)
            {
                return open;
            }

            if (!there.IsSymlink)
            {
                (at, status) = (next, there);
            }
            else if (++links > RealPath.MostLinks)
            {
                return new Exposure(next, "leads in a circle");
            }
            else
            {
                var target = System.Text.Encoding.UTF8.GetString(Posix.ReadLink(Posix.Here, Posix.Bytes(next)));
                Array.ForEach([.. RealPath.Parts(target)], rest.Push);
                at = target.StartsWith('/') ? "/" : at;
                status = Look(at) ?? status;
            }
        }

        return isAround && (status.Permissions & Sticky) != 0 ? null : Opened(at, status);
    }

    /// <summary>As <see cref="Find(string, ReadOnlySpan{uint})"/>, and below the path too.</summary>
    public static Exposure? FindIn(string path, params uint[] trusted)
    {
        if (Find(path, trusted) is { } above)
        {
            return above;
        }

        try
        {
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(path), follow: true);
            foreach (var name in DirectoryNames.Read(directory))
            {
                var status = Posix.StatusAt(directory, name);
                var next = System.IO.Path.Combine(path, System.Text.Encoding.UTF8.GetString(name));
                var found = status.IsSymlink ? Find(next, trusted)
                    : Judge(next, status, trusted) ?? Opened(next, status) ?? (status.IsDirectory ? FindIn(next, trusted) : null);
                if (found is not null)
                {
                    return found;
                }
            }

            return null;
        }
        catch (PosixError e)
        {
            return new Exposure(path, $"cannot be looked into: {e.Message}");
        }
    }

    private static Exposure? Judge(string path, in FileStatus status, ReadOnlySpan<uint> trusted) => trusted.Contains(status.Uid)
        ? null
        : new Exposure(path, $"belongs to {Accounts.UserName(status.Uid) ?? $"user {status.Uid}"}");

    private static Exposure? Opened(string path, in FileStatus status) => Opened(path, status, AttributePlace.At(path));

    private static Exposure? Opened(string path, in FileStatus status, AttributePlace attributes) =>
        status.IsSymlink ? null
        : (status.Permissions & EverybodyMayWrite) != 0 ? new Exposure(path, "can be written to by everybody")
        : (status.Permissions & GroupMayWrite) == 0 ? null
        : !Accounts.IsAlone(status.Uid, status.Gid) ? new Exposure(path, $"can be written to by the group {Accounts.GroupName(status.Gid) ?? $"{status.Gid}"}")
        : HasAccessList(attributes) ? new Exposure(path, "can be written to by those whom its ACL names")
        : null;

    /// <summary>What stands for the group's rights is then the most that anybody has whom the list names.</summary>
    private static bool HasAccessList(AttributePlace attributes)
    {
        try
        {
            return attributes.Value("system.posix_acl_access\0"u8) is not null;
        }
        catch (PosixError)
        {
            return false;
        }
    }

    private static FileStatus? Look(string path)
    {
        try
        {
            return Posix.StatusAt(Posix.Here, Posix.Bytes(path));
        }
        catch (PosixError)
        {
            return null;
        }
    }
}
