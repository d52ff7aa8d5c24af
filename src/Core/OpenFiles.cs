using System.Globalization;

namespace VertexAr.Backup.Core;

/// <summary>Finds out which processes have a file open.</summary>
internal static class OpenFiles
{
    /// <summary>
    /// Processes that have any of the files open, as "name (process 123)". An ordinary user sees only its own processes'
    /// descriptors; record locks, as SQLite takes them, show everybody's.
    /// </summary>
    public static List<string> Holders(IEnumerable<string> paths)
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

        if (files.Count > 0)
        {
            AddOpeners(files, processes);
        }

        processes.Remove(Environment.ProcessId);
        return [.. processes.Select(Describe)];
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

    private static void AddOpeners(HashSet<(ulong Device, ulong Inode)> files, SortedSet<int> processes)
    {
        foreach (var directory in ListOrNothing("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var process)
                && ListOrNothing(directory + "/fd").Any(link => files.Contains(Target(link))))
            {
                processes.Add(process);
            }
        }
    }

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

    private static string[] ListOrNothing(string directory)
    {
        try
        {
            return Directory.GetFileSystemEntries(directory);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string Describe(int process)
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
