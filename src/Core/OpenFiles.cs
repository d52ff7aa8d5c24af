using System.Globalization;

namespace VertexAr.Backup.Core;

/// <summary>Who has a file open.</summary>
/// <param name="Processes">As "name (process 123)".</param>
/// <param name="IsSure">Every process could be looked at; otherwise there may be more.</param>
internal readonly record struct FileHolders(IReadOnlyList<string> Processes, bool IsSure);

/// <summary>Finds out which processes have a file open.</summary>
internal static class OpenFiles
{
    /// <summary>Processes that are known to have any of the files open, as "name (process 123)".</summary>
    public static IReadOnlyList<string> Holders(IEnumerable<string> paths) => Look(paths).Processes;

    /// <summary>
    /// An ordinary user sees only its own processes' descriptors, and so may root in a container; record locks, as SQLite takes
    /// them, show everybody's.
    /// </summary>
    public static FileHolders Look(IEnumerable<string> paths)
    {
        var files = new HashSet<(ulong Device, ulong Inode)>();
        var processes = new SortedSet<int>();
        foreach (var path in paths)
        {
            if (Posix.StatusOrNull(path) is { IsRegular: true } status)
            {
                files.Add((status.Device, status.Inode));
                AddLockHolder(path, processes);
            }
        }

        var isSure = files.Count == 0 || AddOpeners(files, processes);
        processes.Remove(Environment.ProcessId);
        return new FileHolders([.. processes.Select(Describe)], isSure);
    }

    private static void AddLockHolder(string path, SortedSet<int> processes)
    {
        try
        {
            using var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(path), follow: true);
            if (FileLock.HolderOfRecord(file) is > 0 and var process)
            {
                processes.Add(process);
            }
        }
        catch (PosixError)
        {
            // Not ours to open; the descriptors may still tell.
        }
    }

    /// <summary>Shows each file that a process has open, by device and inode; returns whether all processes could be looked at.</summary>
    public static bool Each(Action<int, (ulong Device, ulong Inode)> take)
    {
        // The first one is always there, unless others' are hidden from us.
        var isSure = Directory.Exists("/proc/1");
        foreach (var directory in TryList("/proc", out _))
        {
            if (!int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var process))
            {
                continue;
            }

            Array.ForEach(TryList(directory + "/fd", out var isRefused), link => take(process, Target(link)));

            isSure &= !isRefused;
        }

        return isSure;
    }

    private static bool AddOpeners(HashSet<(ulong Device, ulong Inode)> files, SortedSet<int> processes) => Each((process, file) =>
    {
        if (files.Contains(file))
        {
            processes.Add(process);
        }
    });

    private static (ulong Device, ulong Inode) Target(string link)
    {
        try
        {
            return Posix.StatusOrNull(link) is { } status ? (status.Device, status.Inode) : default;
        }
        catch (PosixError)
        {
            return default;
        }
    }

    /// <summary>Nothing if it is not there any more, or may not be looked into.</summary>
    private static string[] TryList(string directory, out bool isRefused)
    {
        isRefused = false;
        try
        {
            return Directory.GetFileSystemEntries(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            isRefused = e is UnauthorizedAccessException;
            return [];
        }
    }

    /// <summary>The process with its name.</summary>
    public static string Describe(int process)
    {
        try
        {
            return $"{File.ReadAllText($"/proc/{process}/comm").Trim()} (process {process})";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"process {process}";
        }
    }
}
