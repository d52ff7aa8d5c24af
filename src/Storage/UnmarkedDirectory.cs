using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// What may be in a directory that becomes a repository: nothing, what a first run that was cut off left, or a copy of a repository without its mark. Others have directories called
/// 'staging' or 'packs', too, and files called 'lock', and what a repository has under those names is replaced and removed.
/// </summary>
internal static class UnmarkedDirectory
{
    /// <summary>What is written in <c>staging</c> before there is a mark.</summary>
    public const string RecoveryTemporary = "RECOVERY.tmp";
    public const string MarkTemporary = "mark.tmp";

    /// <summary>More than whoever holds the lock writes there.</summary>
    private const int LongestHolder = 200;

    /// <exception cref="UserError">Something else is there (exit code 10).</exception>
    public static void RequireFree(Layout layout)
    {
        if (Foreign(layout) is { } name)
        {
            throw new UserError(
                ExitCode.NoRepository,
                $"{layout.Root} is no repository, and it is not empty: {name} is there",
                "name an empty directory, so that nothing of yours is mixed up with the backups");
        }
    }

    /// <summary>The first thing that nobody of ours left there, by its path below the top; null if there is none.</summary>
    private static string? Foreign(Layout layout)
    {
        var below = Layout.Below;
        var names = Names(layout.Root);

        // A disk of its own has lost+found; the rest is what an interrupted start of ours may have left, or the Python system.
        string[] known = ["lost+found", below.Lock, below.Staging, below.Snapshots, below.Packs, below.Recovery];

        // Of a repository that lost its mark, what is not its own says most.
        string[] own = [below.Leases, below.Runs, below.OffsiteLock, below.Writer, below.Manifest];
        return names.Where(name => !known.Contains(name) && !IsPythonFolder(Path.Combine(layout.Root, name))).OrderBy(name => own.Contains(name)).FirstOrDefault()
            ?? Inside(below.Staging, (path, name) => name is RecoveryTemporary or MarkTemporary ? IsFile(path) : ScratchDirectory.IsLeft(path))
            ?? Inside(below.Snapshots, (_, name) => SnapshotId.Parse(name.Split('.')[0]) is not null)
            ?? Inside(below.Packs, (path, _) => Directory.Exists(path) && Names(path).TrueForAll(name => Digest.TryParse(name.Split('.')[0], out var pack) && layout.Pack(pack) == Path.Combine(path, name)))
            ?? (names.Contains(below.Lock) && !IsLock(layout.Lock) ? below.Lock : null)
            ?? (names.Contains(below.Recovery) && !IsRecovery(layout.Recovery) ? below.Recovery : null);

        string? Inside(string directory, Func<string, string, bool> isOurs)
        {
            var path = Path.Combine(layout.Root, directory);
            return Directory.Exists(path) && Names(path).Find(name => !isOurs(Path.Combine(path, name), name)) is { } other ? Path.Combine(directory, other) : null;
        }
    }

    private static List<string> Names(string directory) =>
        [.. Directory.EnumerateFileSystemEntries(directory).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)];

    /// <summary>One of the three folders of the Python system, with backups in it or nothing: people keep their backup directory.</summary>
    private static bool IsPythonFolder(string path) =>
        Path.GetFileName(path) is "database" or "storage" or "full" && Directory.Exists(path)
        && (!Directory.EnumerateFileSystemEntries(path).Any()
            || Directory.EnumerateFiles(path).Any(file => PythonFileName.Parse(Path.GetFileName(file)) is not null));

    private static bool IsFile(string path) => Posix.StatusAt(Posix.Here, Posix.Bytes(path)).IsRegular;

    /// <summary>Empty, or with the words of whoever held it.</summary>
    private static bool IsLock(string path)
    {
        if (!IsFile(path) || Posix.StatusOrNull(path) is not { Size: <= LongestHolder })
        {
            return false;
        }

        var text = Encoding.UTF8.GetString(SmallFile.Read(path).Span);
        return text.Length == 0 || RepositoryLock.IsHolder(text);
    }

    /// <summary>Of whatever version: they all begin with the same line.</summary>
    public static bool IsRecovery(string path)
    {
        var title = RecoveryText.Text[..RecoveryText.Text.IndexOf('\n', StringComparison.Ordinal)];
        try
        {
            return IsFile(path) && SmallFile.Read(path).Span.StartsWith(Encoding.UTF8.GetBytes(title));
        }
        catch (DamageError)
        {
            // Far too large to be ours.
            return false;
        }
    }
}
