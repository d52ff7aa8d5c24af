using System.Globalization;

namespace VertexAr.Backup.Core;

/// <summary>
/// Which files processes have open or locked, at one moment: for asking about many files. An ordinary user sees only its own
/// processes' descriptors; record locks, as SQLite takes them, show everybody's.
/// </summary>
internal sealed class OpenFileTable
{
    private readonly Dictionary<(ulong Device, ulong Inode), SortedSet<int>> holders = [];
    private readonly Dictionary<(ulong Device, ulong Inode), string> disks = [];

    private OpenFileTable()
    {
    }

    public static OpenFileTable Read()
    {
        var table = new OpenFileTable();
        _ = OpenFiles.Each(table.Add);
        table.AddLocks(ReadLocks());
        foreach (var (file, disk) in LoopDevices.Read())
        {
            table.disks[file] = disk;
        }

        return table;
    }

    /// <summary>What the kernel's table of locks says, for files that are locked by records.</summary>
    /// <param name="text">As proc_locks(5) has it: <c>1: POSIX  ADVISORY  READ  708 08:01:2687 0 EOF</c>.</param>
    public static IEnumerable<(int Process, (ulong Device, ulong Inode) File)> ParseLocks(string text)
    {
        foreach (var line in text.Split('\n'))
        {
            if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, "POSIX", _, _, var process, var place, ..]
                && place.Split(':') is [var major, var minor, var inode]
                && int.TryParse(process, NumberStyles.None, CultureInfo.InvariantCulture, out var id)
                && uint.TryParse(major, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var high)
                && uint.TryParse(minor, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var low)
                && ulong.TryParse(inode, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            {
                yield return (id, (((ulong)high << 32) | low, number));
            }
        }
    }

    /// <summary>Other processes that have a file open or locked, as "name (process 123)".</summary>
    public IReadOnlyList<string> Holders(in FileStatus file) =>
        holders.TryGetValue((file.Device, file.Inode), out var processes) ? [.. processes.Select(OpenFiles.Describe)] : [];

    /// <summary>The disk that the kernel makes of a file, as "/dev/loop0"; null if it makes none.</summary>
    public string? Disk(in FileStatus file) => disks.GetValueOrDefault((file.Device, file.Inode));

    private static string ReadLocks()
    {
        try
        {
            return File.ReadAllText("/proc/locks");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private void AddLocks(string text)
    {
        foreach (var (process, file) in ParseLocks(text))
        {
            Add(process, file);
        }
    }

    private void Add(int process, (ulong Device, ulong Inode) file)
    {
        if (process != Environment.ProcessId)
        {
            (holders.TryGetValue(file, out var known) ? known : holders[file] = []).Add(process);
        }
    }
}
