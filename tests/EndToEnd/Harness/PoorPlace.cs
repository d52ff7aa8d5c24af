namespace VertexAr.Backup.EndToEnd;

/// <summary>File systems that do not hold all that a Unix has, as far as this machine can mount them.</summary>
internal static class PoorPlace
{
    private const string Rclone = "mkdir -p server; rclone mount --daemon --vfs-cache-mode writes --cache-dir \"$PWD/cache\" \":local:$PWD/server\" \"$1\" 2> rclone.log";

    public static readonly IReadOnlyDictionary<string, string> Mounts = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["sshfs"] = Machine.Sshfs,
        ["sshfs following links"] = Machine.Sshfs.Replace("ssh_command=", "follow_symlinks,ssh_command=", StringComparison.Ordinal),
        ["bindfs"] = "mkdir -p server; bindfs \"$PWD/server\" \"$1\"",
        ["ntfs"] = Ntfs("ntfs-3g"),

        // As Windows has it: no reserved characters, and no dots and blanks at the end.
        ["ntfs with Windows' names"] = Ntfs("ntfs-3g -o windows_names,umask=077"),

        // All names become small letters.
        ["ntfs in small letters"] = Ntfs("lowntfs-3g -o windows_names,ignore_case"),

        // One name in capital and in small letters, no reserved characters, and only UTF-8.
        ["exfat"] = "truncate -s 64M exfat; mkfs.exfat exfat > mkfs.log 2>&1; mount.exfat-fuse \"$(losetup -f --show exfat)\" \"$1\" > mount.log 2>&1",
        ["rclone"] = Rclone,
        ["rclone without capital letters"] = Rclone.Replace("--daemon", "--daemon --vfs-case-insensitive", StringComparison.Ordinal),
    };

    public static string Mount(Site site, string relative, string fileSystem)
    {
        Machine.NeedRoot("mounting a file system");
        if (fileSystem == "exfat")
        {
            Machine.NeedLoopDevices();
        }

        return site.MountFuse(relative, Mounts[fileSystem]);
    }

    /// <summary>Gives the loop device back, after all is unmounted.</summary>
    public static void Forget(Site site)
    {
        foreach (var device in Command.Run("losetup", "-n", "-O", "NAME,BACK-FILE").Output.Split('\n').Where(line => line.Contains(site.Root, StringComparison.Ordinal)))
        {
            Command.Run("losetup", "-d", device.Split(' ')[0]);
        }
    }

    private static string Ntfs(string mount) => $"truncate -s 64M ntfs; mkfs.ntfs -q -F -f ntfs > mkfs.log; {mount} \"$PWD/ntfs\" \"$1\"";
}
