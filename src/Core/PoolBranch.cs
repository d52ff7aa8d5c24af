using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>
/// One of the directories whose content a pool of mergerfs shows as one. The pool is mounted whatever is below it: that the disk of a branch is not,
/// only the branch tells.
/// </summary>
/// <param name="Path">Absolute.</param>
/// <param name="FileSystem">What it is on; null if that cannot be seen from here.</param>
internal sealed record PoolBranch(string Path, FileSystemIdentity? FileSystem)
{
    /// <summary>What mount(8) calls a pool. Its source is made of its branches, and changes with them.</summary>
    public const string Pool = "fuse.mergerfs";

    /// <summary>A pool can be a branch of another.</summary>
    private const int Deepest = 3;

    /// <summary>Of mergerfs(1), "RUNTIME INTERFACES"; the second is what it was called first.</summary>
    private static readonly byte[][] Attributes = ["user.mergerfs.branches\0"u8.ToArray(), "user.mergerfs.srcmounts\0"u8.ToArray()];

    /// <summary>What a sandbox hides with an empty directory: systemd.exec(5) has ProtectHome= and PrivateTmp=.</summary>
    private static readonly string[] Hidden = ["/home", "/root", "/run/user", "/tmp", "/var/tmp"];

    /// <summary>
    /// Those of what is mounted; empty if it is no pool, or does not say. What a program of another user says of itself is not asked.
    /// </summary>
    /// <param name="mount">It may show a part of the pool only.</param>
    /// <param name="mounts">What is mounted where.</param>
    /// <param name="depth">How many pools are around.</param>
    public static IReadOnlyList<PoolBranch> Of(MountedPlace mount, MountTable mounts, int depth)
    {
        if (mount.Type != Pool || depth >= Deepest || !(mount.IsServedByRoot || mount.ServedBy == Posix.EffectiveUser))
        {
            return [];
        }

        var all = mounts.All.FirstOrDefault(other => other.Device == mount.Device && other.Root == "/") ?? mount;
        return [.. Parse(Read($"{all.Point.TrimEnd('/')}/.mergerfs")).Select(path => new PoolBranch(path, IsHidden(path, mounts) ? null : FileSystemIdentity.Of(path, mounts, depth + 1)))];
    }

    /// <summary>From "/mnt/one=RW:/mnt/two=NC,4G", or the paths alone.</summary>
    public static IEnumerable<string> Parse(string branches) => branches.Split(':')
        .Select(branch => branch.LastIndexOf('=') is > 0 and var mode && branch.AsSpan(mode + 1) is ['R', 'W' or 'O', ..] or ['N', 'C', ..] ? branch[..mode] : branch)
        .Where(path => path.StartsWith('/')).Select(path => path.Length > 1 ? path.TrimEnd('/') : path).Distinct();

    private static string Read(string control)
    {
        foreach (var attribute in Attributes)
        {
            try
            {
                if (AttributePlace.At(control).Value(attribute) is { } value)
                {
                    return Encoding.UTF8.GetString(value).TrimEnd('\0');
                }
            }
            catch (PosixError)
            {
                // The next one, if there is one.
            }
        }

        return "";
    }

    /// <summary>Whether the path is not there for us, and may be for others.</summary>
    private static bool IsHidden(string path, MountTable mounts) =>
        !Directory.Exists(path) && mounts.Over(path) is { Type: "tmpfs" } over && Hidden.Contains(over.Point);
}
