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
    private readonly RestoreLosses losses;
    private readonly IReadOnlyDictionary<string, string> detours;
    private readonly List<Level> levels = [];
    private readonly LinkProbe links = new();

    /// <param name="root">The directory to fill, empty; it stands for the top of the source.</param>
    /// <param name="losses">Told what cannot be given back.</param>
    public RestoreWriter(RestoreRoot root, RestoreLosses losses)
    {
        this.losses = losses;
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
    public SafeFileHandle AddFile(ReadOnlySpan<byte> path)
    {
        var parent = Parent(path);
        return Posix.CreateNew(parent, Name(path), 0x180);
    }

    public void AddSymlink(FileEntry entry, ReadOnlySpan<byte> path)
    {
        var parent = Parent(path);
        var name = Name(path);
        try
        {
            Posix.MakeSymlink(parent, name, entry.Target);
        }
        catch (PosixError e) when (e.IsNotForThisPlace)
        {
            losses.AddNotMade(entry, e.Message);
            return;
        }

        RestoreMetadata.ApplyToLink(parent, name, entry, links.HasOwn(parent), losses);
    }

    /// <summary>Gives a file one more name; false if the first name was not restored, or the place has no hard links.</summary>
    public bool TryAddHardLink(FileEntry entry, ReadOnlySpan<byte> first, ReadOnlySpan<byte> path)
    {
        var parent = Parent(path);
        try
        {
            using var directory = OpenBelow(first);
            Posix.MakeLink(directory, Name(first), parent, Name(path));
            return true;
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory)
        {
            return false;
        }
        catch (PosixError e) when (e.IsNotForThisPlace || e.Number is PosixError.CrossDevice or PosixError.TooManyHardLinks or PosixError.InputOutput)
        {
            // An rclone mount calls it an I/O error. If the disk itself is at fault, so is the copy that is made instead.
            losses.Add(RestoreLoss.HardLink, entry.Path, e.Message);
            return false;
        }
    }

    /// <summary>Removes a file that turned out to be damaged.</summary>
    public void Remove(FileEntry entry, ReadOnlySpan<byte> path)
    {
        using var directory = OpenBelow(path);
        Posix.Remove(directory, Name(path));
        losses.AddNotRestored(entry, "its content in the repository is damaged");
    }

    /// <summary>Makes a FIFO or a device node; where that cannot be, or is not to be, it is counted and left out.</summary>
    public void AddSpecialFile(FileEntry entry, ReadOnlySpan<byte> path)
    {
        var parent = Parent(path);
        var name = Name(path);
        if (entry.Type.IsDevice() && losses.Distrust.Value is not null)
        {
            losses.DropDevice(entry);
            return;
        }

        try
        {
            if (entry.Device is { } device)
            {
                device.Make(parent, name, entry.Type == EntryType.BlockDevice);
            }
            else
            {
                DeviceNumber.MakeFifo(parent, name);
            }
        }
        catch (PosixError e) when (e.IsNotForThisPlace)
        {
            losses.AddNotMade(entry, e.Message);
            return;
        }

        RestoreMetadata.ApplyToSpecial(parent, name, entry, losses);
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
    }

    public void Dispose()
    {
        levels.ForEach(level => level.Handle?.Dispose());
        root.Dispose();
    }

    private static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..];

    private SafeFileHandle Parent(ReadOnlySpan<byte> path)
    {
        RequireParent(path);
        return levels.Count > 0 ? Open(levels.Count - 1) : root;
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
            var next = OpenElsewhere(path[..(start + length)]) ?? Posix.OpenDirectory(directory, path.Slice(start, length));
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
            Finish(handle, level.Entry);
            handle.Dispose();
        }
    }

    /// <summary>Makes and opens a remembered directory, and those above it.</summary>
    private SafeFileHandle Open(int number)
    {
        var level = levels[number];
        if (level.Handle is { } open)
        {
            return open;
        }

        if (level.Path.Length == 0)
        {
            return level.Handle = Posix.OpenDirectory(root, "."u8);
        }

        var parent = number > 0 ? Open(number - 1) : root;
        Posix.MakeDirectory(parent, Name(level.Path), 0x1C0);
        return level.Handle = OpenElsewhere(level.Path) ?? Posix.OpenDirectory(parent, Name(level.Path));
    }

    private sealed class Level(byte[] path, FileEntry entry)
    {
        public byte[] Path => path;

        public FileEntry Entry => entry;

        public SafeFileHandle? Handle { get; set; }

        public bool Contains(ReadOnlySpan<byte> other) =>
            path.Length == 0 || (other.StartsWith(path) && other.Length > path.Length && other[path.Length] == '/');
    }
}
