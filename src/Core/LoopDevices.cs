namespace VertexAr.Backup.Core;

/// <summary>
/// Files that the kernel itself has open as disks, as losetup(8) and <c>mount -o loop</c> make them: no process is seen to have them open, and
/// whatever is mounted from one goes on with it, whatever takes its name. See https://www.kernel.org/doc/Documentation/ABI/testing/sysfs-block-loop
/// </summary>
internal static class LoopDevices
{
    /// <summary>Each of them by device and inode, with its disk: "/dev/loop0". What is in another mount namespace is not known.</summary>
    public static IEnumerable<((ulong Device, ulong Inode) File, string Disk)> Read(string devices = "/sys/block")
    {
        foreach (var device in TryList(devices))
        {
            if (TryRead(Path.Combine(device, "loop/backing_file")) is { } path && FileStatus.IfSeen(path) is { } status)
            {
                yield return ((status.Device, status.Inode), $"/dev/{Path.GetFileName(device)}");
            }
        }
    }

    private static string[] TryList(string directory)
    {
        try
        {
            return Directory.GetDirectories(directory, "loop*");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string? TryRead(string file)
    {
        try
        {
            return File.ReadAllText(file).TrimEnd('\n');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has no file.
            return null;
        }
    }
}
