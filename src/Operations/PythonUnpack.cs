using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Unpacks an archive of the Python system into an empty directory of ours. Every step goes through the descriptor of the
/// directory above and follows no link, so that no archive can lead it out of there. Directories get their modes and times at
/// the end, when nothing is put into them any more.
/// </summary>
internal sealed class PythonUnpack : IDisposable
{
    private const int OnlyOurs = 0x180;
    private const int OnlyOurDirectory = 0x1C0;
    private const int UsualDirectory = 0x1ED;

    private readonly PythonAttributes? aside;
    private readonly Func<byte[], bool, bool> isWanted;
    private readonly Dictionary<string, byte[]> standIns = [];
    private readonly RunProgress progress;
    private readonly RestoreLosses losses;
    private readonly LinkProbe links = new();
    private readonly NameTrial trial = new();
    private readonly SafeFileHandle root;
    private readonly byte[] buffer = new byte[1 << 20];
    private readonly List<FileEntry> directories = [];
    private SafeFileHandle? parent;
    private byte[] parentPath = [];

    /// <param name="root">The directory to fill; it stands for the top of the tree.</param>
    /// <param name="aside">Is told owners and modes, which the files then do not get; null to give them to the files.</param>
    /// <param name="isWanted">Says of a path below the top, and whether it is a directory, if it is to be unpacked.</param>
    /// <param name="progress">Told how many files are done.</param>
    /// <param name="losses">Told what cannot be given back.</param>
    public PythonUnpack(string root, PythonAttributes? aside, Func<byte[], bool, bool> isWanted, RunProgress progress, RestoreLosses losses)
    {
        (this.aside, this.isWanted, this.progress, this.losses) = (aside, isWanted, progress, losses);
        this.root = Posix.OpenDirectory(Posix.Here, Posix.Bytes(root));
    }

    /// <summary>The name of the source, for what cannot be had at its place.</summary>
    public string Source { get; init; } = "";

    /// <summary>Names written, but for directories.</summary>
    public long Files { get; private set; }

    public long Symlinks { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Something was wanted, if only a directory.</summary>
    public bool HasMatched { get; private set; }

    /// <summary>
    /// Of a file with several names, only the first has the content in an archive. Where that is not wanted, the first of its
    /// links that is gets it. To be told before unpacking.
    /// </summary>
    public void FindStandIns(PythonArchive archive, PythonFindings found, CancellationToken stop) => PythonListing.Read(
        archive,
        found.Top,
        "",
        entry =>
        {
            if (entry is { Type: EntryType.HardLink, Path.Length: > 1, Target.Length: > 1 } && isWanted(entry.Path[1..], false) && !isWanted(entry.Target[1..], false))
            {
                standIns.TryAdd(Key(entry.Target.AsSpan(1)), entry.Path[1..]);
            }
        },
        stop);

    /// <summary>Unpacks what is wanted, reading the archive to its end.</summary>
    /// <param name="archive">What to unpack; it was checked.</param>
    /// <param name="found">What the check found.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="DamageError">It is not what it was when it was checked, or holds a path twice or below a link.</exception>
    public void Run(PythonArchive archive, PythonFindings found, CancellationToken stop)
    {
        using var content = new PythonContent(archive, n =>
        {
            stop.ThrowIfCancellationRequested();
            progress.AddBytes(n);
        });
        using (var stream = PythonCompression.Open(archive, content))
        {
            var entries = new TarEntries(stream);
            while (entries.Next() is { } entry)
            {
                Add(entries, entry, found.Top);
            }
        }

        if (content.Finish() != found.Sha256)
        {
            throw new DamageError("changed while it was read");
        }

        if (!directories.Exists(directory => directory.Path.Length == 0))
        {
            // What nobody described is what a tree usually is.
            Posix.SetModeIfPlaceCan(root, UsualDirectory);
        }

        // From below, since a directory may get a mode in which nothing in it can be reached.
        directories.Sort((one, other) => other.Path.AsSpan().SequenceCompareTo(one.Path));
        directories.ForEach(FinishDirectory);
    }

    public void Dispose()
    {
        parent?.Dispose();
        root.Dispose();
    }

    private static ReadOnlySpan<byte> Name(ReadOnlySpan<byte> path) => path[(path.LastIndexOf((byte)'/') + 1)..];

    private void Add(TarEntries entries, TarEntry entry, byte[] top)
    {
        if (entry.Type is null)
        {
            return;
        }

        var path = TarTree.Below(top, entry.Path);
        var described = PythonListing.Describe(entry, path);
        var wanted = isWanted(path, entry.Type == EntryType.Directory);
        HasMatched |= wanted;
        try
        {
            switch (entry.Type)
            {
                case EntryType.Directory:
                    AddDirectory(described, wanted);
                    break;
                case EntryType.File when wanted:
                    AddFile(entries, described);
                    break;
                case EntryType.File when standIns.TryGetValue(Key(path), out var standIn):
                    AddFile(entries, described with { Path = standIn });
                    break;
                case EntryType.HardLink when wanted:
                    AddHardLink(described, TarTree.Below(top, entry.Target!));
                    break;
                case EntryType.Symlink when wanted:
                    AddSymlink(described, entry.Target!);
                    break;
            }
        }
        catch (PosixError e) when (e.Number == PosixError.Exists && !trial.IsFolding(root))
        {
            throw new DamageError($"holds '{Encoding.UTF8.GetString(path)}' twice", e);
        }
        catch (PosixError e) when (e.Number is PosixError.NotDirectory or PosixError.TooManySymlinks)
        {
            throw new DamageError($"holds '{Encoding.UTF8.GetString(path)}' below what is no directory", e);
        }
        catch (PosixError e) when (aside is null && !e.IsOfWholePlace && NameTrial.CanMakeFile(root))
        {
            throw UserError.Failed(
                $"'{Encoding.UTF8.GetString(path)}' cannot be restored: {(e.Number == PosixError.Exists ? "the file system there takes its name for another one" : e.Message)}",
                "nothing was changed; restore to another file system with --to DIR, or 'vertex-ar-backup import' it and restore the snapshot with --rename-unfit or --keep-going",
                e);
        }
    }

    private void AddSymlink(FileEntry entry, byte[] target)
    {
        var directory = Parent(entry.Path);
        try
        {
            Posix.MakeSymlink(directory, Name(entry.Path), target);
        }
        catch (PosixError e) when (aside is null && !e.IsOfWholePlace && e.Number != PosixError.Exists && NameTrial.CanMakeFile(root)
            && !NameTrial.CanMake(root, name => Link(name, target), isDirectory: false))
        {
            losses.AddNotMade(entry with { Path = InSource(entry) }, e.Message);
            return;
        }

        Finish(directory, Name(entry.Path), entry);
        Symlinks++;
    }

    private SafeFileHandle? Link(byte[] name, byte[] target)
    {
        Posix.MakeSymlink(root, name, target);
        return null;
    }

    /// <summary>One that is not wanted is still described, for what is wanted in it.</summary>
    private void AddDirectory(FileEntry directory, bool wanted)
    {
        directories.Add(directory);
        aside?.Add(directory.Path, directory);
        if (wanted)
        {
            OpenBelow(directory.Path).Dispose();
        }
    }

    private void AddFile(TarEntries entries, FileEntry entry)
    {
        RequireName(entry.Path);
        using var file = Posix.CreateNew(Parent(entry.Path), Name(entry.Path), OnlyOurs);
        for (int n; (n = entries.Read(buffer)) > 0;)
        {
            Posix.Write(file, buffer.AsSpan(0, n));
        }

        if (aside is null)
        {
            RestoreMetadata.Apply(file, entry, losses);
        }
        else
        {
            aside.Add(entry.Path, entry);
            Posix.SetModeIfPlaceCan(file, PythonAttributes.Workable(entry.Mode, isDirectory: false));
            RestoreMetadata.IfPlaceCan(() => Posix.SetModified(file, entry.Modified));
        }

        Files++;
        Bytes = Units.Add(Bytes, entry.Size);
        progress.AddFile();
    }

    private static string Key(ReadOnlySpan<byte> path) => Encoding.Latin1.GetString(path);

    private void AddHardLink(FileEntry entry, byte[] first)
    {
        RequireName(entry.Path);
        if (standIns.TryGetValue(Key(first), out var standIn))
        {
            if (entry.Path.AsSpan().SequenceEqual(standIn))
            {
                return;
            }

            first = standIn;
        }

        aside?.Add(entry.Path, entry);
        try
        {
            using var directory = OpenBelow(BytePath.Above(first), make: false);
            Posix.MakeLink(directory, Name(first), Parent(entry.Path), Name(entry.Path));
        }
        catch (PosixError e) when (aside is null && (e.IsNotForThisPlace || e.Number is PosixError.TooManyHardLinks or PosixError.InputOutput))
        {
            Copy(entry, first, e);
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            throw new DamageError($"holds a link to '{Encoding.UTF8.GetString(first)}', which it does not hold before it", e);
        }

        Files++;
    }

    /// <summary>The place has no hard links.</summary>
    private void Copy(FileEntry entry, byte[] first, PosixError why)
    {
        using var directory = OpenBelow(BytePath.Above(first), make: false);
        using var from = Posix.OpenToRead(directory, Name(first));
        using var to = Posix.CreateNew(Parent(entry.Path), Name(entry.Path), OnlyOurs);
        var at = 0L;
        for (int n; (n = Posix.ReadAt(from, buffer, at)) > 0; at += n)
        {
            Posix.Write(to, buffer.AsSpan(0, n));
        }

        losses.Add(RestoreLoss.HardLink, InSource(entry), why.Message);
        var status = Posix.Status(from);
        RestoreMetadata.Apply(to, entry with { Mode = status.Permissions, Modified = status.Modified }, losses);
        Bytes = Units.Add(Bytes, at);
    }

    private byte[] InSource(FileEntry entry) => [.. Posix.Bytes(Source), (byte)'/', .. entry.Path];

    private static void RequireName(byte[] path)
    {
        if (path.Length == 0)
        {
            throw new DamageError("holds a file where the top of the tree should be");
        }
    }

    /// <summary>A symlink, by its name; it has no mode.</summary>
    private void Finish(SafeFileHandle directory, ReadOnlySpan<byte> name, FileEntry entry)
    {
        var hasOwn = links.HasOwn(directory);
        if (aside is null)
        {
            RestoreMetadata.ApplyToLink(directory, name, entry, hasOwn, losses);
            return;
        }

        aside.Add(entry.Path, entry);
        if (hasOwn)
        {
            Posix.SetModified(directory, name, entry.Modified);
        }
    }

    private void FinishDirectory(FileEntry entry)
    {
        try
        {
            using var directory = OpenBelow(entry.Path, make: false);
            if (aside is null)
            {
                RestoreMetadata.Apply(directory, entry, losses);
            }
            else
            {
                Posix.SetModeIfPlaceCan(directory, PythonAttributes.Workable(entry.Mode, isDirectory: true));
                RestoreMetadata.IfPlaceCan(() => Posix.SetModified(directory, entry.Modified));
            }
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            // Not wanted, and nothing in it was.
        }
    }

    /// <summary>The directory above a path, made where it is not there. Most of the time it is that of the path before.</summary>
    private SafeFileHandle Parent(byte[] path)
    {
        var above = BytePath.Above(path);
        if (parent is null || !above.AsSpan().SequenceEqual(parentPath))
        {
            parent?.Dispose();
            parent = null;
            parent = OpenBelow(above);
            parentPath = above;
        }

        return parent;
    }

    private SafeFileHandle OpenBelow(ReadOnlySpan<byte> path, bool make = true)
    {
        var directory = Posix.OpenDirectory(root, "."u8);
        while (path.Length > 0)
        {
            var slash = path.IndexOf((byte)'/');
            var name = slash < 0 ? path : path[..slash];
            path = slash < 0 ? [] : path[(slash + 1)..];
            var above = directory;
            using (above)
            {
                directory = Enter(above, name, make);
            }
        }

        return directory;
    }

    private static SafeFileHandle Enter(SafeFileHandle above, ReadOnlySpan<byte> name, bool make)
    {
        try
        {
            return Posix.OpenDirectory(above, name);
        }
        catch (PosixError e) when (make && e.Number == PosixError.NotFound)
        {
            Posix.MakeDirectory(above, name, OnlyOurDirectory);
            return Posix.OpenDirectory(above, name);
        }
    }
}
