using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>
/// The names by which a database file can be opened. SQLite keeps a log next to the name that it was given, so each name has its own:
/// that of every hard link, and that of every place where the file is mounted by itself, in a container too. Directories that are mounted at several places have
/// the same names at each of them.
/// </summary>
internal sealed class SqliteNames
{
    private readonly HashSet<Entry> entries = [];
    private readonly HashSet<Entry> real = [];
    private readonly List<string> others = [];
    private readonly MountTable mounts = MountTable.Read();
    private readonly FileStatus file;

    private SqliteNames(string path, in FileStatus file)
    {
        this.file = file;
        Path = path;
        IsMounted = Add(path) is false;
        var found = mounts.OtherPaths(path).Concat(mounts.FileMounts(path, MountTable.ReadOthers())).Where(IsSame).ToList();
        foreach (var directory in found.Prepend(path).Select(Above).ToList())
        {
            found.AddRange(file.Links > 1 ? Siblings(directory) : []);
        }

        others.AddRange(found.Where(name => Add(name) is not null));
    }

    /// <summary>The name that was looked at.</summary>
    public string Path { get; }

    /// <summary>The file is mounted there by itself, so that nothing else can get this name.</summary>
    public bool IsMounted { get; }

    /// <summary>Further names that were found.</summary>
    public IReadOnlyList<string> Others => others;

    /// <summary>There are no names but these. The others may be hidden by a mount, outside of a container, or in any directory.</summary>
    public bool AreAll => real.Count >= file.Links;

    /// <summary>A further name next to which nothing can be missed: one that its directory has, and is not only mounted there.</summary>
    public IEnumerable<string> OthersInDirectories => others.Where(name => EntryOf(name) is { } entry && real.Contains(entry));

    /// <summary>It is a database whose changes SQLite keeps in a log first.</summary>
    public bool IsWriteAhead
    {
        get
        {
            try
            {
                using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(Above(Path)), follow: true);
                return SqliteFile.IsDatabase(directory, Posix.Bytes(System.IO.Path.GetFileName(Path))) && SqliteFile.IsWriteAhead(Path);
            }
            catch (PosixError)
            {
                return false;
            }
        }
    }

    /// <summary>What was found besides the name itself, as the first part of a sentence; null if it is the only one.</summary>
    public string? Sentence => others.Count > 0 ? $"the file has other names: {string.Join(", ", others)}"
        : IsMounted ? "the file is mounted by itself and has another name elsewhere"
        : file.Links > 1 ? $"the file has {file.Links} names (hard links)"
        : null;

    /// <param name="path">The database file, absolute and without links.</param>
    /// <returns>Null if it is no file.</returns>
    public static SqliteNames? Of(string path) => FileStatus.IfSeen(path) is { IsRegular: true } file ? new SqliteNames(path, file) : null;

    /// <summary>Logs next to the other names that SQLite would read if it was given these.</summary>
    public IReadOnlyList<string> OtherLogs() => [.. others.SelectMany(LogsOf)];

    /// <summary>What lies next to a name that SQLite would read with the file: rows in a write-ahead log, or a transaction that was not finished in a journal.</summary>
    public static IReadOnlyList<string> LogsOf(string name)
    {
        try
        {
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(Above(name)), follow: true);
            return [.. ((string[])[SqliteCompanions.Log, SqliteCompanions.Journal]).Select(end => name + end)
                .Where(log => SqliteLog.HoldsSomething(directory, Posix.Bytes(System.IO.Path.GetFileName(log))))];
        }
        catch (PosixError)
        {
            return [];
        }
    }

    private static string Above(string path) => System.IO.Path.GetDirectoryName(path) ?? "/";

    /// <summary>A place by what the kernel knows of it: several paths may lead there.</summary>
    private static Entry? EntryOf(string path) =>
        FileStatus.IfSeen(Above(path)) is { } directory ? new Entry(directory.Device, directory.Inode, System.IO.Path.GetFileName(path)) : null;

    private bool IsSame(string path) => FileStatus.IfSeen(path) is { } other && (other.Device, other.Inode) == (file.Device, file.Inode);

    /// <summary>Whether a name is one that its directory has; null for one that is known.</summary>
    private bool? Add(string path)
    {
        if (EntryOf(path) is not { } entry || !entries.Add(entry))
        {
            return null;
        }

        var (here, above) = (FileStatus.IfSeen(path), FileStatus.IfSeen(Above(path)));
        var isReal = here?.MountId == above?.MountId || mounts.IsBoundOverItself(above?.MountId ?? 0, here?.MountId ?? 0);
        return isReal && real.Add(entry);
    }

    /// <summary>Names of the file in a directory, as far as that can be listed.</summary>
    private List<string> Siblings(string path)
    {
        var found = new List<string>();
        try
        {
            using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(path), follow: true);
            foreach (var name in DirectoryNames.Read(directory))
            {
                var other = Posix.StatusAt(directory, name);
                if ((other.Device, other.Inode) == (file.Device, file.Inode))
                {
                    found.Add(System.IO.Path.Combine(path, Encoding.UTF8.GetString(name)));
                }
            }
        }
        catch (PosixError)
        {
            // What was found so far is not all; nothing is concluded from that.
        }

        return found;
    }

    private readonly record struct Entry(ulong Device, ulong Inode, string Name);
}
