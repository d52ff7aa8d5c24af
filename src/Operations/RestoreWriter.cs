using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Makes directories, links and empty files below a directory of ours, in the order of a file list. Every step goes through
/// the descriptor of the directory above and follows no link, so that no list can lead it out of there. Directories get
/// their mode and time when the list has left them.
/// </summary>
internal sealed class RestoreWriter : IDisposable
{
    private readonly SafeFileHandle root;
    private readonly byte[] source;
    private readonly RestoreLosses losses;
    private readonly FittingNames names;
    private readonly bool mayRename;
    private readonly List<(byte[] Name, byte[] Path)> inRoot = [];
    private readonly IReadOnlyDictionary<string, string> detours;
    private readonly List<Level> levels = [];
    private readonly LinkProbe links = new();

    /// <param name="source">The source that is restored.</param>
    /// <param name="root">The directory to fill, empty; it stands for the top of the source.</param>
    /// <param name="losses">Told what cannot be given back.</param>
    /// <param name="names">Makes names.</param>
    /// <param name="mayRename">What is made is found by the tree that it is in, and not by its name.</param>
    public RestoreWriter(string source, RestoreRoot root, RestoreLosses losses, FittingNames names, bool mayRename)
    {
        (this.losses, this.names, this.mayRename) = (losses, names, mayRename);
        this.source = [.. Posix.Bytes(source), (byte)'/'];
        this.root = Posix.OpenDirectory(Posix.Here, Posix.Bytes(root.Path));
        detours = root.Detours;
        IsRemembered = MountTable.Read().Over(RealPath.Of(root.Path)) is { } mount && mount.Type.StartsWith("fuse", StringComparison.Ordinal);
    }

    /// <summary>Behind FUSE the kernel remembers for a second what a new name had: a file that gets one while it is empty stays empty under that.</summary>
    public bool IsRemembered { get; }

    /// <summary>Remembers a directory; it is made when something in it is, or when the list leaves it, if <paramref name="always"/>.</summary>
    public void AddDirectory(FileEntry entry, ReadOnlySpan<byte> path, bool always)
    {
        if (path.Length > 0)
        {
            RequireParent(path);
        }

        LeaveUntil(path);
        levels.Add(new Level(path.ToArray(), entry));
        if (always)
        {
            _ = Open(levels.Count - 1);
        }
    }

    /// <summary>Makes an empty file for its content to be written to. Until it is finished only its owner may look into it.</summary>
    /// <returns>Null if it is left out, which was said then.</returns>
    public SafeFileHandle? AddFile(FileEntry entry, ReadOnlySpan<byte> path)
    {
        if (Parent(entry, path) is not { } parent)
        {
            return null;
        }

        var made = Make(parent, entry, name => Posix.CreateNew(parent, name, 0x180));
        return made.Impossible is null || TryLeaveOut(entry, made.Impossible) ? made.File : throw made.Impossible;
    }

    /// <returns>False if it is left out, which was said then.</returns>
    public bool AddSymlink(FileEntry entry, ReadOnlySpan<byte> path)
    {
        if (Parent(entry, path) is not { } parent)
        {
            return false;
        }

        if (IsRemembered && !links.AreShown(parent))
        {
            losses.AddNotMade(entry, "the file system shows what links lead to in their place");
            return false;
        }

        if (MakeLinkOrNode(parent, entry, name => Posix.MakeSymlink(parent, name, entry.Target)) is not { } name)
        {
            return false;
        }

        RestoreMetadata.ApplyToLink(parent, name, entry, links.HasOwn(parent), losses);
        return true;
    }

    /// <summary>Gives a file one more name; false if the first name was not restored, or the place has no hard links.</summary>
    public bool TryAddHardLink(FileEntry entry, ReadOnlySpan<byte> first, ReadOnlySpan<byte> path)
    {
        if (Parent(entry, path) is not { } parent)
        {
            return true;
        }

        try
        {
            using var directory = OpenBelow(first);
            var before = NameNow(first);
            _ = Posix.StatusAt(directory, before);
            var made = Make(parent, entry, name =>
            {
                Posix.MakeLink(directory, before, parent, name);
                return null;
            });
            if (made.Impossible is not { } e)
            {
                return true;
            }

            if (!e.IsNotForThisPlace && e.Number is not (PosixError.CrossDevice or PosixError.TooManyHardLinks or PosixError.InputOutput))
            {
                throw e;
            }

            // An rclone mount calls it an I/O error. If the disk itself is at fault, so is the copy that is made instead.
            losses.Add(RestoreLoss.HardLink, entry.Path, e.Message);
            return false;
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory)
        {
            return false;
        }
    }

    /// <summary>Removes a file that turned out to be damaged, or that cannot be written.</summary>
    public void Remove(ReadOnlySpan<byte> path)
    {
        using var directory = OpenBelow(path);
        Posix.Remove(directory, NameNow(path));
    }

    /// <summary>Makes a FIFO or a device node; where that cannot be, or is not to be, it is counted and left out.</summary>
    public void AddSpecialFile(FileEntry entry, ReadOnlySpan<byte> path)
    {
        if (Parent(entry, path) is not { } parent)
        {
            return;
        }

        if (entry.Type.IsDevice() && losses.Distrust.Value is not null)
        {
            losses.DropDevice(entry);
            return;
        }

        Action<byte[]> make = entry.Device is { } device
            ? name => device.Make(parent, name, entry.Type == EntryType.BlockDevice)
            : name => DeviceNumber.MakeFifo(parent, name);
        if (MakeLinkOrNode(parent, entry, make) is { } made)
        {
            RestoreMetadata.ApplyToSpecial(parent, made, entry, losses);
        }
    }

    /// <summary>Owner, attributes, mode and time of a file that is written.</summary>
    public void Finish(SafeFileHandle file, FileEntry entry) => RestoreMetadata.Apply(file, entry, losses);

    /// <summary>Leaves all directories.</summary>
    public void Complete()
    {
        while (levels.Count > 0)
        {
            Leave();
        }

        LookAgain(root, inRoot);
    }

    public void Dispose()
    {
        levels.ForEach(level => level.Handle?.Dispose());
        root.Dispose();
    }

    /// <summary>The last name of a path below the top, as it is in place.</summary>
    private byte[] NameNow(ReadOnlySpan<byte> path) => losses.Renamed.NameOf([.. source, .. path]);

    private Made Make(SafeFileHandle parent, FileEntry entry, Func<byte[], SafeFileHandle?> make)
    {
        var isAltering = names.IsAltering(parent);
        var made = names.Make(parent, entry, make, mayRename);
        if (isAltering && made.Name is { } name)
        {
            (levels.Count > 0 ? levels[^1].Made : inRoot).Add((name, entry.Path));
        }

        return made;
    }

    private byte[]? MakeLinkOrNode(SafeFileHandle parent, FileEntry entry, Action<byte[]> make)
    {
        var made = Make(parent, entry, name =>
        {
            make(name);
            return null;
        });
        if (made.Impossible is { } e)
        {
            // Where no file can be made either, it is the disk's fault.
            if (e.Number == PosixError.Exists || (!e.IsNotForThisPlace && !NameTrial.CanMakeFile(parent)))
            {
                throw e;
            }

            losses.AddNotMade(entry, e.Message);
        }

        return made.Name;
    }

    /// <summary>Content that cannot be had there is left out, if that was asked for.</summary>
    private bool TryLeaveOut(FileEntry entry, PosixError error)
    {
        if (error.Number == PosixError.Exists || !names.KeepsGoing)
        {
            return false;
        }

        losses.LeaveOut(entry, error.Message);
        return true;
    }

    /// <summary>Null if that was left out, and so is what is in it.</summary>
    private SafeFileHandle? Parent(FileEntry entry, ReadOnlySpan<byte> path)
    {
        RequireParent(path);
        var parent = levels.Count > 0 ? Open(levels.Count - 1) : root;
        if (parent is null && names.KeepsGoing)
        {
            losses.LeaveOut(entry, "the directory above it could not be made");
        }

        return parent;
    }

    /// <summary>Leaves every directory that the path is not in, so that the last one left is the one above it.</summary>
    private void RequireParent(ReadOnlySpan<byte> path)
    {
        LeaveUntil(path);
        var above = path[..Math.Max(0, path.LastIndexOf((byte)'/'))];
        FileEntryJson.Expect(
            levels.Count > 0 ? levels[^1].Path.AsSpan().SequenceEqual(above) : above.Length == 0, "holds a path whose directory it does not hold");
    }

    /// <summary>The directory above a path, from the top down, following nothing.</summary>
    private SafeFileHandle OpenBelow(ReadOnlySpan<byte> path)
    {
        var directory = Posix.OpenDirectory(root, "."u8);
        for (var start = 0; path[start..].IndexOf((byte)'/') is >= 0 and var length; start += length + 1)
        {
            var next = OpenElsewhere(path[..(start + length)]) ?? Posix.OpenDirectory(directory, NameNow(path[..(start + length)]));
            directory.Dispose();
            directory = next;
        }

        return directory;
    }

    /// <summary>A directory that is made on another mount; null for all others.</summary>
    private SafeFileHandle? OpenElsewhere(ReadOnlySpan<byte> path) =>
        detours.Count > 0 && detours.TryGetValue(RestoreRoot.Key(path), out var place) ? Posix.OpenDirectory(Posix.Here, Posix.Bytes(place)) : null;

    /// <summary>Leaves every directory that the path is not in.</summary>
    private void LeaveUntil(ReadOnlySpan<byte> path)
    {
        while (levels.Count > 0 && !levels[^1].Contains(path))
        {
            Leave();
        }
    }

    private void Leave()
    {
        var level = levels[^1];
        levels.RemoveAt(levels.Count - 1);
        if (level.Handle is { } handle)
        {
            LookAgain(handle, level.Made);
            Finish(handle, level.Entry);
            handle.Dispose();
        }
    }

    private void LookAgain(SafeFileHandle directory, List<(byte[] Name, byte[] Path)> made)
    {
        if (made.Count > 0)
        {
            names.LookAgain(directory, made);
        }
    }

    /// <summary>Makes and opens a remembered directory, and those above it; null if one of them had to be left out.</summary>
    private SafeFileHandle? Open(int number)
    {
        var level = levels[number];
        if (level.Handle is not null || level.IsLeftOut)
        {
            return level.Handle;
        }

        if (level.Path.Length == 0)
        {
            return level.Handle = Posix.OpenDirectory(root, "."u8);
        }

        if ((number > 0 ? Open(number - 1) : root) is not { } parent)
        {
            level.IsLeftOut = true;
            return null;
        }

        var made = names.Make(
            parent,
            level.Entry,
            name =>
            {
                Posix.MakeDirectory(parent, name, 0x1C0);
                return null;
            });
        if (made.Name is not { } name)
        {
            level.IsLeftOut = made.Impossible is null || TryLeaveOut(level.Entry, made.Impossible) ? true : throw made.Impossible;
            return null;
        }

        if (names.IsAltering(parent))
        {
            (number > 0 ? levels[number - 1].Made : inRoot).Add((name, level.Entry.Path));
        }

        return level.Handle = OpenElsewhere(level.Path) ?? Posix.OpenDirectory(parent, name);
    }

    private sealed class Level(byte[] path, FileEntry entry)
    {
        public byte[] Path => path;

        public FileEntry Entry => entry;

        public SafeFileHandle? Handle { get; set; }

        /// <summary>It cannot be had there.</summary>
        public bool IsLeftOut { get; set; }

        /// <summary>What was made in it, where names may come back otherwise than they were given.</summary>
        public List<(byte[] Name, byte[] Path)> Made { get; } = [];

        public bool Contains(ReadOnlySpan<byte> other) =>
            path.Length == 0 || (other.StartsWith(path) && other.Length > path.Length && other[path.Length] == '/');
    }
}
