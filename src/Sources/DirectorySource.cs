using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>A tree to walk.</summary>
/// <param name="Name">What it is called in snapshots.</param>
/// <param name="Path">Its top, or the one file that it is; absolute.</param>
/// <param name="Exclude">What to leave out, in the words of .gitignore.</param>
/// <param name="OneFileSystem">Whether what is mounted inside is left out.</param>
internal sealed record TreeOptions(string Name, string Path, IReadOnlyList<string> Exclude, bool OneFileSystem)
{
    private readonly bool isFile = IsRegular(RealPath.Of(Path));

    /// <summary>The directory, or the one file, that the path leads to, by way of links.</summary>
    public string Top { get; } = RealPath.Of(Path);

    /// <summary>For messages: the path, and where it leads if that is elsewhere.</summary>
    public string Place => Top == Path ? Path : $"{Path} -> {Top}";

    /// <summary>It is a copy of an old tree, and said to be this; null for a live tree.</summary>
    public FormerSource? Was { get; init; }

    /// <summary>It is one file, and no tree. Found out once, so that all of a run takes it for the same.</summary>
    public bool IsFile => isFile && Was is null;

    private static bool IsRegular(string path)
    {
        try
        {
            return Posix.StatusOrNull(path) is { IsRegular: true };
        }
        catch (PosixError)
        {
            return false; // Opening it will say why.
        }
    }
}

/// <summary>
/// Walks a tree of files in the order of a file list. Every directory is opened relative to its parent's descriptor and
/// without following links, so that nobody who may write into the tree can lead the walk out of it.
/// </summary>
internal sealed class DirectorySource
{
    private readonly TreeOptions options;
    private readonly ForeignPlaces places;
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly Lazy<MountedPlace?> mount;
    private TreeBoundary? boundary;
    private (ulong Device, ulong Inode) walkedTop;

    /// <param name="options">What to walk.</param>
    /// <param name="places">Where the databases, the trees and the repository are: none of them is saved as part of this tree.</param>
    /// <param name="mounts">What is mounted where; null to look when it matters.</param>
    public DirectorySource(TreeOptions options, ForeignPlaces places, MountTable? mounts = null)
    {
        this.options = options;
        this.places = places;
        mount = new(() => (mounts ?? MountTable.Read()).Over(options.Top));
    }

    /// <summary>Patterns of <c>exclude</c> that matched nothing, once the walk is over.</summary>
    public IEnumerable<string> UnmatchedPatterns => boundary?.UnmatchedPatterns ?? [];

    /// <summary>
    /// After the walk: whether the directory that was walked is still the one at the tree's place. One that was exchanged meanwhile, as by a deployment, may have been
    /// removed under the walk, which then found nothing in it. Where inode numbers are made up, another one says nothing.
    /// </summary>
    public bool IsStillInPlace => options.IsFile || options.Was is not null
        || (FileStatus.IfSeen(options.Path) is { } now && (mount.Value is { HasLastingInodes: false } || (now.Device, now.Inode) == walkedTop));

    /// <exception cref="UserError">It is missing, no directory, a directory that cannot be listed, or a single file that cannot be read.</exception>
    public static void Check(TreeOptions options)
    {
        using var directory = options.IsFile ? OpenFile(options).Directory : OpenTop(options);
        try
        {
            if (!options.IsFile)
            {
                _ = DirectoryNames.Read(directory);
            }
            else if (Posix.Refusal(options.Top, AccessKind.Read) is { } refusal)
            {
                throw refusal;
            }
        }
        catch (PosixError e)
        {
            throw CannotBeOpened(options, e);
        }
    }

    /// <summary>
    /// Entries in order, and what is left out among them; the top itself comes first. What an entry offers to open is there until the
    /// next is asked for.
    /// </summary>
    public IEnumerable<WalkedEntry> Walk()
    {
        foreach (var (entry, left) in Steps())
        {
            left?.Dispose();
            if (entry is not null)
            {
                yield return entry;
            }
        }
    }

    /// <summary>The same, by a thread that walks ahead.</summary>
    /// <exception cref="OperationCanceledException">The run was stopped.</exception>
    public IEnumerable<WalkedEntry> WalkAhead(CancellationToken stop) => Sources.WalkAhead.Of(Steps(), stop);

    private IEnumerable<WalkStep> Steps()
    {
        if (options.IsFile)
        {
            var (directory, entry) = OpenFile(options);
            yield return new WalkStep(entry);
            yield return new WalkStep(null, directory);
            yield break;
        }

        var top = OpenTop(options);
        var status = Posix.Status(top);
        walkedTop = (status.Device, status.Inode);
        var path = Encoding.UTF8.GetBytes(options.Name);
        var open = new Stack<Frame>();
        // A copy of an old tree is taken as it is.
        boundary = options.Was is null ? new TreeBoundary(status, places, options.OneFileSystem, options.Exclude) : null;
        open.Push(Enter(top, path, status, out var problem));
        yield return new WalkStep(problem ?? new WalkedEntry(path, status, top));

        while (open.TryPeek(out var frame))
        {
            if (frame.Next >= frame.Names.Count)
            {
                open.Pop();
                yield return new WalkStep(null, frame.Directory);
                continue;
            }

            var (entry, inside) = Look(frame, frame.Names.Name(frame.Next++));
            if (entry is null)
            {
                continue;
            }

            // A directory that cannot be listed is no entry: restored as an empty one, it would stand for what it held.
            problem = null;
            if (inside is not null)
            {
                open.Push(Enter(inside, entry.Path, entry.Status, out problem));
            }

            yield return new WalkStep(problem ?? entry);
        }
    }

    /// <summary>A file is found in its directory, as every file of a tree is; in the list it has the name that is configured.</summary>
    private static (SafeFileHandle Directory, WalkedEntry Entry) OpenFile(TreeOptions options)
    {
        var (name, listed) = (Posix.Bytes(Path.GetFileName(options.Top)), ListPath.OfFile(options.Name, options.Path));
        SafeFileHandle? directory = null;
        try
        {
            directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(Path.GetDirectoryName(options.Top)!), follow: true);
            var status = Posix.StatusAt(directory, name);
            return status.IsRegular ? (directory, new WalkedEntry(listed, status, directory) { NameOnDisk = name, WithoutLog = options.Was is null && HasLog(directory, name) ? listed : null }) : throw new PosixError(PosixError.NotDirectory);
        }
        catch (PosixError e)
        {
            directory?.Dispose();
            throw CannotBeOpened(options, e);
        }
    }

    /// <summary>Whether an SQLite file has a log that holds something.</summary>
    private static bool HasLog(SafeFileHandle directory, byte[] name) =>
        SqliteLog.HoldsSomething(directory, [.. name, .. SqliteCompanions.LogSuffix]) || SqliteLog.HoldsSomething(directory, [.. name, .. SqliteCompanions.JournalSuffix]);

    /// <summary>The path of the database that is saved though this log of it is not; null if there is none.</summary>
    private byte[]? WithoutLog(Frame frame, ReadOnlySpan<byte> name, byte[] path)
    {
        if (!SqliteLog.HoldsSomething(frame.Directory, name))
        {
            return null;
        }

        var database = SqliteCompanions.DatabaseOf(name);
        var saved = path[..^(name.Length - database.Length)];
        return boundary!.Of(frame.Directory, frame.Status, saved.AsSpan(options.Name.Length + 1), Posix.StatusAt(frame.Directory, database)) is null ? saved : null;
    }

    private static SafeFileHandle OpenTop(TreeOptions options)
    {
        try
        {
            return Posix.OpenDirectory(Posix.Here, Posix.Bytes(options.Top), follow: true);
        }
        catch (PosixError e)
        {
            throw CannotBeOpened(options, e);
        }
    }

    private static UserError CannotBeOpened(TreeOptions options, PosixError error)
    {
        var trouble = error.Number switch
        {
            PosixError.NotFound => "does not exist",
            PosixError.NotDirectory => "is neither a directory nor a file",
            _ => $"cannot be opened: {error.Message}",
        };
        return UserError.Failed(
            $"the storage '{options.Name}' at {options.Place} {trouble}", "check \"storage\" in the configuration, and that its disk is mounted", error);
    }

    private Frame Enter(SafeFileHandle directory, byte[] path, FileStatus status, out WalkedEntry? problem)
    {
        problem = null;
        try
        {
            return new Frame(directory, path, status, DirectoryNames.Read(directory, buffer));
        }
        catch (PosixError e)
        {
            problem = new WalkedEntry(path, new WalkProblem($"cannot be listed: {e.Message}", IsLoss: true));
            return new Frame(directory, path, status, DirectoryNames.None);
        }
    }

    /// <summary>One name: an entry, something left out, a problem, or nothing where nothing is to be said; and the directory to go into.</summary>
    private (WalkedEntry? Entry, SafeFileHandle? Inside) Look(Frame frame, ReadOnlySpan<byte> name)
    {
        byte[] path = [.. frame.Path, (byte)'/', .. name];
        try
        {
            var status = Posix.StatusAt(frame.Directory, name);
            var below = path.AsSpan(options.Name.Length + 1);
            if (boundary?.Of(frame.Directory, frame.Status, below, status) is { } foreign)
            {
                return (new WalkedEntry(path, foreign) { WithoutLog = WithoutLog(frame, name, path), MountPoint = foreign.Kind == ForeignKind.Mount && status.IsDirectory ? status : null }, null);
            }

            if (path.Length > EntryRules.LongestPath)
            {
                return (Problem("its path is longer than the kernel allows", isLoss: true), null);
            }

            if (status.IsDirectory)
            {
                return EnterBelow(frame, name, path);
            }

            return status.IsRegular || status.IsSymlink || status.IsFifo || status.IsBlockDevice || status.IsCharacterDevice
                ? (new WalkedEntry(path, status, frame.Directory), null)
                : (Problem($"is a {status.SpecialName}", isLoss: false), null);
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            // Deleted since the directory was read: as if it had never been there. A link that a server follows to nowhere is still listed.
            return mount.Value is { HasFarSide: true } && frame.Lists(name) && IsNowhere(frame.Directory, name) ? (Problem("is listed, and cannot be looked at", isLoss: true), null) : (null, null);
        }
        catch (PosixError e)
        {
            return (Problem($"cannot be looked at: {e.Message}", isLoss: true), null);
        }

        WalkedEntry Problem(string reason, bool isLoss) => new(path, new WalkProblem(reason, isLoss));
    }

    private static bool IsNowhere(SafeFileHandle directory, ReadOnlySpan<byte> name)
    {
        try
        {
            _ = Posix.StatusAt(directory, name);
            return false; // It comes and goes.
        }
        catch (PosixError e)
        {
            return e.Number == PosixError.NotFound;
        }
    }

    /// <summary>The directory is described by what was opened, not by what stood there a moment before.</summary>
    private static (WalkedEntry Entry, SafeFileHandle? Inside) EnterBelow(Frame frame, ReadOnlySpan<byte> name, byte[] path)
    {
        try
        {
            var directory = Posix.OpenDirectory(frame.Directory, name);
            return (new WalkedEntry(path, Posix.Status(directory), frame.Directory), directory);
        }
        catch (PosixError e) when (e.Number != PosixError.NotFound)
        {
            return (new WalkedEntry(path, new WalkProblem($"cannot be opened: {e.Message}", IsLoss: true)), null);
        }
    }

    /// <summary>A directory the walk is in.</summary>
    private sealed class Frame(SafeFileHandle directory, byte[] path, FileStatus status, DirectoryNames names)
    {
        private DirectoryNames again = DirectoryNames.None;
        private int lookedAgain;
        private bool wasListed;

        public SafeFileHandle Directory => directory;

        public byte[] Path => path;

        public FileStatus Status => status;

        public DirectoryNames Names => names;

        public int Next { get; set; }

        /// <summary>Whether a name is in the directory when that is listed once more. After so many times the last listing must do, if one had such a name.</summary>
        public bool Lists(ReadOnlySpan<byte> name)
        {
            const int times = 16;
            if (lookedAgain >= times)
            {
                return wasListed && again.Contains(name);
            }

            try
            {
                using var anew = Posix.OpenDirectory(directory, "."u8);
                (again, lookedAgain) = (DirectoryNames.Read(anew), lookedAgain + 1);
                var isListed = again.Contains(name);
                wasListed |= isListed;
                return isListed;
            }
            catch (PosixError)
            {
                return false; // The directory is gone as well.
            }
        }
    }
}
