using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>
/// Whether the log of a database is where SQLite looks for it. SQLite names the log after the path by which the file was opened, so
/// an application that opens the file by another name (a hard link, a file mounted by itself in a container) keeps its log
/// there, and what is read by our name lacks the rows in it. Locks are on the file itself and show this: whoever has a database in
/// WAL mode open keeps the file locked for reading, and a byte of the <c>-shm</c> next to its own name
/// (https://www.sqlite.org/walformat.html, "Dead-Man-Switch").
/// </summary>
internal static class DatabaseLog
{
    // Of SQLite's os_unix.c: SHARED_FIRST, SHARED_SIZE and UNIX_SHM_DMS.
    private const long SharedFirst = 0x4000_0002;
    private const long SharedLength = 510;
    private const long DeadManSwitch = 128;

    /// <summary>An application that is just opening or closing the database holds one lock without the other for a moment.</summary>
    private const int Looks = 4;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <param name="path">The database file, links resolved. Not while this process has it open: closing it here would end SQLite's locks.</param>
    /// <returns>What is wrong: a loss if rows may be missing, else a warning; null if nothing is.</returns>
    /// <exception cref="PosixError">It cannot be read.</exception>
    public static WalkProblem? Look(string path)
    {
        if (Posix.StatusOrNull(path) is not { IsRegular: true } status)
        {
            return null;
        }

        var others = OtherNames(path, status);
        if (!SqliteFile.IsWriteAhead(path))
        {
            return others is null ? null : new WalkProblem($"{others}; if the application uses that, its journal is there after a crash, and is not seen here", IsLoss: false);
        }

        for (var i = 1; ; i++)
        {
            if (IsOpenHere(path))
            {
                return others is null ? null : new WalkProblem($"{others}; its log is next to {path} now: let nobody open it by the other name", IsLoss: false);
            }

            if (!IsOpen(path) && (others is null || IsClosedEverywhere(path, status)))
            {
                return null;
            }

            if (i == Looks)
            {
                return new WalkProblem(Explain(path, others), IsLoss: true);
            }

            Thread.Sleep(Pause);
        }
    }

    private static string Explain(string path, string? others)
    {
        var known = others is null ? "" : $"{others}; ";
        return OpenFiles.Holders([path]) is { Count: > 0 } holders
            ? $"{known}{string.Join(", ", holders)} has it open by another name than {path}, so that the log is elsewhere and rows may be missing: configure the path that the application uses"
            : $"{known}its log may be there, so that rows may be missing: configure the path that the application uses, or remove the other name";
    }

    /// <summary>Says that the file has other names; null if it has not.</summary>
    private static string? OtherNames(string path, in FileStatus status)
    {
        if (status.Links > 1)
        {
            var siblings = Siblings(path, status);
            return siblings.Count > 0 ? $"the file has other names: {string.Join(", ", siblings)}" : $"the file has {status.Links} names (hard links)";
        }

        return Posix.StatusOrNull(Path.GetDirectoryName(path) ?? "/") is { } directory
            && directory.MountId != status.MountId && !MountTable.Read().IsBoundOverItself(directory.MountId, status.MountId)
            ? "the file is mounted by itself and has another name elsewhere" : null;
    }

    /// <summary>Every name is in this directory, and none has a log.</summary>
    private static bool IsClosedEverywhere(string path, in FileStatus status)
    {
        var siblings = Siblings(path, status);
        return siblings.Count + 1 == status.Links && siblings.TrueForAll(name => Posix.StatusOrNull(name + SqliteCompanions.Log) is null or { Size: 0 });
    }

    /// <summary>Other names of the file in its directory, as far as that can be listed.</summary>
    private static List<string> Siblings(string path, in FileStatus status)
    {
        var (place, found) = (Path.GetDirectoryName(path) ?? "/", new List<string>());
        try
        {
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(place), follow: true);
            foreach (var name in DirectoryNames.Read(directory))
            {
                var other = Posix.StatusAt(directory, name);
                if ((other.Device, other.Inode) == (status.Device, status.Inode))
                {
                    found.Add(Path.Combine(place, Encoding.UTF8.GetString(name)));
                }
            }
        }
        catch (PosixError)
        {
            // What was found so far is not all; nothing is concluded from that.
        }

        found.Remove(path);
        return found;
    }

    private static bool IsOpen(string path)
    {
        using var file = Open(path);
        return FileLock.IsReadLocked(file, SharedFirst, SharedLength);
    }

    /// <summary>Somebody has it open by this name, with its log.</summary>
    private static bool IsOpenHere(string path)
    {
        try
        {
            if (Posix.StatusOrNull(path + SqliteCompanions.Log) is null || Posix.StatusOrNull(path + SqliteCompanions.Index) is null)
            {
                return false;
            }

            using var index = Open(path + SqliteCompanions.Index);
            return FileLock.IsReadLocked(index, DeadManSwitch, 1);
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound)
        {
            return false;
        }
    }

    private static SafeFileHandle Open(string path) => Posix.OpenToRead(Posix.Here, Posix.Bytes(path), follow: true);
}
