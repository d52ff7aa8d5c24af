using System.Globalization;
using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>Something mounted: a directory (or file) of a file system, seen at a place of the machine's tree.</summary>
/// <param name="Id">The mount's number, as in <see cref="FileStatus.MountId"/>.</param>
/// <param name="Device">The file system, as "8:1".</param>
/// <param name="Root">What of it is mounted: a path within the file system, "/" for all of it.</param>
/// <param name="Point">Where it is seen, absolute and without links.</param>
internal sealed record MountedPlace(ulong Id, string Device, string Root, string Point)
{
    private const string Fuse = "fuse.";

    private static readonly HashSet<string> OfOneProgram = ["fuse2fs", "ext2", "ext3", "ext4", "exfat", "ntfs", "ntfs-3g", "zfs", "apfs"];

    /// <summary>The kind of file system, as "ext4" or "fuse.sshfs"; empty if the table does not say.</summary>
    public string Type { get; init; } = "";

    /// <summary>
    /// False where files have no owners and modes: those that are shown are the mount's, and only root can have chosen them. What "fuse" is
    /// by itself, the table does not say: ntfs-3g calls an image so, and any other program its own.
    /// </summary>
    public bool HasOwners => !(Type is "vfat" or "msdos" or "exfat" or "ntfs" or "ntfs3" || (Type == "fuseblk" && IsServedByRoot));

    /// <summary>Behind FUSE, who mounted it; null for anything else.</summary>
    public uint? ServedBy { get; init; }

    /// <summary>Behind FUSE, whether root mounted it: what anybody else's program says of its files is that user's word.</summary>
    public bool IsServedByRoot => ServedBy == 0;

    /// <summary>False where the kernel lets nobody but the user who mounted it see anything of it, not even root: FUSE without <c>allow_other</c>.</summary>
    public bool IsForAll { get; init; } = true;

    /// <summary>What is written there is on the way for a while after fsync(2) said that it is safe: rclone's answer to it is always yes.</summary>
    public bool KeepsBack => Type == "fuse.rclone";

    /// <summary>
    /// False where a file may have another inode number after each mount, or each time it is looked up: the kernel's FAT and exFAT number files as they
    /// come, libfuse does unless a file system asks it not to (use_ino in its fuse.h), and an SMB server may.
    /// </summary>
    public bool HasLastingInodes =>
        !(Type is "vfat" or "msdos" or "exfat" or "cifs" or "smb3" or "9p" or "fuseblk" or "fuse" || Type.StartsWith(Fuse, StringComparison.Ordinal));

    /// <summary>
    /// True where others may have the same files open by another way, with locks that do not reach here: what FUSE shows of another directory or of another
    /// machine (encrypted files, too, can be mounted twice), and what a server or a host shares. A disk or an image that a program of FUSE reads is its own.
    /// </summary>
    public bool HasFarSide => Type is "cifs" or "smb3" or "9p" or "virtiofs" or "vboxsf" or "prl_fs" or "fuse" || (Type.StartsWith(Fuse, StringComparison.Ordinal) && !OfOneProgram.Contains(Type[Fuse.Length..]));

    /// <summary>Where it is from: a device, a server's directory, or a word; empty if the table does not say.</summary>
    public string Source { get; init; } = "";

    /// <summary>The directory in which an overlay keeps what is written to it; null for anything else.</summary>
    public string? Upper { get; init; }
}

/// <summary>What is mounted where, as this process sees it: /proc/self/mountinfo, see proc_pid_mountinfo(5).</summary>
internal sealed class MountTable
{
    private const string UpperOption = "upperdir=";

    /// <summary>Of fuse(8).</summary>
    private const string UserOption = "user_id=";

    private readonly List<MountedPlace> mounts;

    private MountTable(List<MountedPlace> mounts) => this.mounts = mounts;

    /// <summary>A process whose table this is; null for our own.</summary>
    public string? Process { get; private init; }

    /// <summary>The table now; empty where there is no /proc.</summary>
    public static MountTable Read()
    {
        try
        {
            return Parse(File.ReadLines("/proc/self/mountinfo"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return new MountTable([]);
        }
    }

    /// <summary>
    /// The tables of other namespaces, such as those of containers and of services with a sandbox of their own, as far as this process may
    /// look. The paths at which something is seen there mean nothing here.
    /// </summary>
    public static IReadOnlyList<MountTable> ReadOthers()
    {
        var seen = new HashSet<string?> { NameSpace("self"), null };
        var tables = new List<MountTable>();
        foreach (var process in Processes().Where(process => seen.Add(NameSpace(process))))
        {
            try
            {
                tables.Add(new MountTable(Parse(File.ReadLines($"/proc/{process}/mountinfo")).mounts) { Process = process });
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        return tables;
    }

    public static MountTable Parse(IEnumerable<string> lines) =>
        new([.. lines.Select(line => line.Split(' ')).Select(Mount).OfType<MountedPlace>()]);

    /// <summary>Where a path is within its file system; the same for all paths that bind mounts give a place. Null if the table does not say.</summary>
    /// <param name="path">Absolute and without links.</param>
    public (string Device, string Path)? Place(string path) =>
        Over(path) is { } over ? (over.Device, Join(over.Root, path[over.Point.TrimEnd('/').Length..])) : null;

    /// <summary>What a path is on; null if the table does not say.</summary>
    /// <param name="path">Absolute and without links.</param>
    public MountedPlace? Over(string path)
    {
        MountedPlace? over = null;
        foreach (var mount in mounts)
        {
            // The last of several at one place hides the others.
            if (PathPrefix.Holds(mount.Point, path) && (over is null || mount.Point.Length >= over.Point.Length))
            {
                over = mount;
            }
        }

        return over;
    }

    /// <summary>
    /// The mount point by which something came to its place: not one where a part of a file system is bound over itself, as a service's sandbox does
    /// with each directory that it may write to.
    /// </summary>
    public string PointOf(MountedPlace mount) => mounts
        .Where(other => other.Device == mount.Device && PathPrefix.Holds(other.Point, mount.Point) && Join(other.Root, mount.Point[other.Point.TrimEnd('/').Length..]) == mount.Root)
        .Select(other => other.Point).MinBy(point => point.Length) ?? mount.Point;

    /// <summary>Where else mounts show what a path names, were nothing mounted over it there; to be compared with what is there.</summary>
    /// <param name="path">Absolute and without links.</param>
    public IEnumerable<string> OtherPaths(string path) => Place(path) is var (device, place)
        ? mounts.Where(mount => mount.Device == device && PathPrefix.Holds(mount.Root, place))
            .Select(mount => Join(mount.Point, place[mount.Root.TrimEnd('/').Length..])).Where(other => other != path).Distinct()
        : [];

    /// <summary>Where else a file is mounted by itself, here and in other namespaces such as those of containers: paths by which it can be looked at from here.</summary>
    /// <param name="path">Absolute and without links.</param>
    /// <param name="others">Their tables.</param>
    public IEnumerable<string> FileMounts(string path, IReadOnlyList<MountTable> others) => Place(path) is var (device, place)
        ? others.Prepend(this).SelectMany(table => table.mounts.Where(mount => (mount.Device, mount.Root) == (device, place))
            .Select(mount => table.Process is { } process ? $"/proc/{process}/root{mount.Point}" : mount.Point)).Where(other => other != path)
        : [];

    public IReadOnlyList<MountedPlace> All => mounts;

    /// <summary>
    /// What mounts hide: the directories and files that they are mounted on, each as a place within a file system. Not what is bound over
    /// itself, of which nothing is hidden.
    /// </summary>
    public IEnumerable<(string Device, string Path)> Covered
    {
        get
        {
            foreach (var mount in mounts.Where(mount => mount.Point != "/"))
            {
                if (Place(Path.GetDirectoryName(mount.Point)!) is var (device, directory)
                    && (device, Join(directory, Path.GetFileName(mount.Point))) is var covered && covered != (mount.Device, mount.Root))
                {
                    yield return covered;
                }
            }
        }
    }

    /// <summary>The path at which an overlay shows what lies in its upper directory; null if the path is in none.</summary>
    /// <param name="path">Absolute and without links.</param>
    public string? InOverlay(string path)
    {
        var overlay = mounts.Find(mount => mount.Upper is { } upper && PathPrefix.Holds(upper, path));
        return overlay is null ? null : overlay.Point.TrimEnd('/') + path[overlay.Upper!.Length..];
    }

    /// <summary>Where fstab(5) has something to mount that a path lies on, other than the root; null if it has nothing.</summary>
    /// <param name="path">Absolute.</param>
    /// <param name="file">The table.</param>
    public static string? PointInFstab(string path, string file = "/etc/fstab")
    {
        try
        {
            return File.ReadLines(file)
                .Select(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
                .Where(fields => fields.Length > 2 && fields[0][0] != '#')
                .Select(fields => Unescape(fields[1]).TrimEnd('/'))
                .Where(point => point.StartsWith('/') && PathPrefix.Holds(point, path))
                .MaxBy(point => point.Length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>What is mounted below a directory.</summary>
    /// <param name="path">Absolute and without links.</param>
    public IEnumerable<MountedPlace> Below(string path) => mounts.Where(mount => mount.Point != path && PathPrefix.Holds(path, mount.Point));

    /// <summary>
    /// Whether an inner mount shows what the outer one would show at that place without it: a directory bound over itself, as systemd
    /// does in a service's sandbox for ReadWritePaths= and the like. Nothing else is mounted there then.
    /// </summary>
    /// <param name="outer">A mount's number.</param>
    /// <param name="inner">The number of one mounted below it.</param>
    public bool IsBoundOverItself(ulong outer, ulong inner) =>
        mounts.Find(mount => mount.Id == outer) is { } above && mounts.Find(mount => mount.Id == inner) is { } below
        && above.Device == below.Device && PathPrefix.Holds(above.Point, below.Point)
        && below.Root == Join(above.Root, below.Point[above.Point.TrimEnd('/').Length..]);

    private static IEnumerable<string> Processes()
    {
        try
        {
            return [.. Directory.EnumerateDirectories("/proc").Select(path => path["/proc/".Length..]).Where(name => name.All(char.IsAsciiDigit))];
        }
        catch (IOException)
        {
            return [];
        }
    }

    /// <summary>Null if it may not be known.</summary>
    private static string? NameSpace(string process)
    {
        try
        {
            return new FileInfo($"/proc/{process}/ns/mnt").LinkTarget;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>After six fields and any number of others comes a dash, then type, source and options of the file system.</summary>
    private static MountedPlace? Mount(string[] fields)
    {
        if (fields.Length <= 4 || !ulong.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var id))
        {
            return null;
        }

        var mount = new MountedPlace(id, fields[2], Unescape(fields[3]), Unescape(fields[4]));
        if (Array.IndexOf(fields, "-") is not (> 0 and var dash) || fields.Length <= dash + 3)
        {
            return mount;
        }

        var options = fields[dash + 3].Split(',');
        var user = Array.Find(options, option => option.StartsWith(UserOption, StringComparison.Ordinal))?[UserOption.Length..];
        return mount with
        {
            Type = fields[dash + 1],
            Source = Unescape(fields[dash + 2]),
            Upper = fields[dash + 1] == "overlay" ? Upper(fields[dash + 3]) : null,
            ServedBy = uint.TryParse(user, NumberStyles.None, CultureInfo.InvariantCulture, out var served) ? served : null,
            IsForAll = user is null || options.Contains("allow_other"),
        };
    }

    /// <summary>From <c>rw,lowerdir=/a:/b,upperdir=/c,workdir=/d</c>: see https://docs.kernel.org/filesystems/overlayfs.html.</summary>
    private static string? Upper(string options) =>
        Array.Find(Unescape(options).Split(','), option => option.StartsWith(UpperOption, StringComparison.Ordinal))?[UpperOption.Length..].TrimEnd('/');

    private static string Join(string root, string rest) => rest.Trim('/').Length == 0 ? root : $"{root.TrimEnd('/')}/{rest.Trim('/')}";

    /// <summary>Blanks, tabs, line feeds and backslashes are written as a backslash and three octal digits.</summary>
    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
        {
            return text;
        }

        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            var code = text[i] == '\\' && i + 3 < text.Length ? Octal(text.AsSpan(i + 1, 3)) : -1;
            plain.Append(code < 0 ? text[i] : (char)code);
            i += code < 0 ? 0 : 3;
        }

        return plain.ToString();
    }

    private static int Octal(ReadOnlySpan<char> digits)
    {
        var value = 0;
        foreach (var digit in digits)
        {
            if (digit is < '0' or > '7')
            {
                return -1;
            }

            value = (value * 8) + (digit - (char)0x30);
        }

        return value;
    }
}
