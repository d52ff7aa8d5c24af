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

    private bool IsLink { get; init; }

    public string Sentence => $"{Path} {Reason}";

    /// <summary>
    /// Whether that is so for everything there, since it is on a stick or the like whose files have no owners: the mount's options decide.
    /// Of a link there it is not said: that leads where others have it lead. Reads the table of mounts.
    /// </summary>
    public bool IsOfMount() => !IsLink && MountTable.Read().Over(RealPath.Of(Path)) is { } mount
        && (!mount.HasOwners || (mount is { Type: "fuse", IsServedByRoot: true } && IsNtfs(mount.Point)));

    /// <summary>Root, and whoever runs this: what they can change is as good as what they do.</summary>
    public static uint[] Ourselves => Posix.IsRoot ? [0] : [0, Posix.EffectiveUser];

    /// <summary>
    /// The first place that others can change on the way to a path, itself included; null if there is none. Links are followed,
    /// each of them and the directory that it is in being part of the way. A directory with the sticky bit, as /tmp, lets nobody
    /// change what belongs to somebody else. A group that has the owner's name and no other member is nobody else either.
    /// </summary>
    /// <param name="path">Absolute. What is not there can be put there by those who can change the directory.</param>
    /// <param name="trusted">Users who may change it.</param>
    public static Exposure? Find(string path, params ReadOnlySpan<uint> trusted) => Each(path, isAround: false, trusted.ToArray()).FirstOrDefault();

    /// <summary>As <see cref="Find(string, ReadOnlySpan{uint})"/>, for a directory in which one of ours is made: the sticky bit keeps it there.</summary>
    public static Exposure? FindAround(string directory, params ReadOnlySpan<uint> trusted) => EachAround(directory, trusted).FirstOrDefault();

    /// <summary>The same, each such place on the way, and each link behind the first: whoever can change what is above can have made it.</summary>
    public static IEnumerable<Exposure> EachAround(string directory, params ReadOnlySpan<uint> trusted) => Each(directory, isAround: true, trusted.ToArray());

    /// <summary>Each place that <see cref="Find(string, ReadOnlySpan{uint})"/> would find if those before it were not there, and each link behind the first.</summary>
    public static IEnumerable<Exposure> Each(string path, params ReadOnlySpan<uint> trusted) => Each(path, isAround: false, trusted.ToArray());

    /// <summary>What an open file or directory lets others do by itself, wherever it is.</summary>
    /// <param name="open">The file.</param>
    /// <param name="path">What to call it.</param>
    /// <param name="trusted">Users who may change it.</param>
    public static Exposure? OfOpen(SafeFileHandle open, string path, params ReadOnlySpan<uint> trusted) =>
        Posix.Status(open) is var status && Judge(path, status, trusted) is { } stranger ? stranger : Opened(path, status, AttributePlace.Of(open));

    private static IEnumerable<Exposure> Each(string path, bool isAround, uint[] trusted)
    {
        var (at, rest, links, isExposed) = ("/", new Stack<string>(RealPath.Parts(path)), 0, false);
        var status = Look("/") ?? default;
        if (Judge("/", status, trusted) is { } root)
        {
            isExposed = true;
            yield return root;
        }

        while (rest.TryPop(out var part))
        {
            var next = System.IO.Path.GetFullPath(System.IO.Path.Combine(at, part));
            if (Look(next) is not { } there)
            {
                isAround = false;
                break;
            }

            var strangers = new[] { Judge(next, there, trusted), (status.Permissions & Sticky) == 0 ? Opened(at, status) : null };
            foreach (var stranger in strangers.OfType<Exposure>())
            {
                isExposed = true;
                yield return stranger;
            }

            if (!there.IsSymlink)
            {
                (at, status) = (next, there);
                continue;
            }

            if (isExposed)
            {
                yield return new Exposure(next, "is a link that others can have made") { IsLink = true };
            }

            if (++links > RealPath.MostLinks)
            {
                yield return new Exposure(next, "leads in a circle") { IsLink = true };
                yield break;
            }

            var target = System.Text.Encoding.UTF8.GetString(Posix.ReadLink(Posix.Here, Posix.Bytes(next)));
            Array.ForEach([.. RealPath.Parts(target)], rest.Push);
            at = target.StartsWith('/') ? "/" : at;
            status = Look(at) ?? status;
        }

        if ((!isAround || (status.Permissions & Sticky) == 0) && Opened(at, status) is { } open)
        {
            yield return open;
        }
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

    /// <summary>By an attribute that ntfs-3g gives each file.</summary>
    private static bool IsNtfs(string point)
    {
        try
        {
            return AttributePlace.At(point).Value("system.ntfs_attrib\0"u8) is not null;
        }
        catch (PosixError)
        {
            return false;
        }
    }

    private static Exposure? Judge(string path, in FileStatus status, ReadOnlySpan<uint> trusted) => trusted.Contains(status.Uid)
        ? null
        : new Exposure(path, $"belongs to {Accounts.UserText(status.Uid, "user ")}");

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
