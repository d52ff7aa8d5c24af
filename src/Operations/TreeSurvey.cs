using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>Something in a tree that stays where it is, and why.</summary>
internal sealed record LeftAlone(byte[] Below, string Reason);

/// <summary>A database or a disk image in a tree that does not stay, and what has it open.</summary>
/// <param name="Below">Where it is.</param>
/// <param name="Holders">Processes.</param>
/// <param name="Disk">The disk that the kernel makes of it; null for a database.</param>
internal sealed record OpenFile(byte[] Below, IReadOnlyList<string> Holders, string? Disk = null);

/// <summary>
/// What in a live tree cannot change places with it: what is foreign to it, and what is mounted there. The directories above
/// those stay as well; everything else can move.
/// </summary>
internal sealed class TreeSurvey
{
    private readonly TreeBoundary? boundary;
    private readonly BoundPlaces? bound;
    private readonly TreeGaps gaps;
    private readonly Func<byte[], bool>? isRestored;
    private readonly byte[] buffer = new byte[64 * 1024];
    private readonly Dictionary<string, string> left = [];
    private readonly HashSet<string> above = [];
    private readonly List<LeftAlone> leftAlone = [];
    private readonly List<byte[]> unsure = [];
    private readonly List<OpenFile> openFiles = [];
    private readonly OpenFileTable? open;
    private readonly List<byte[]> mounts = [];
    private readonly HashSet<string> mounted = [];

    private TreeSurvey(TreeBoundary? boundary, BoundPlaces? bound, OpenFileTable? open, TreeGaps gaps, Func<byte[], bool>? isRestored) =>
        (this.boundary, this.bound, this.open, this.gaps, this.isRestored) = (boundary, bound, open, gaps, isRestored);

    /// <summary>What is foreign, or not in the snapshot though it was there, in order; without what an earlier restore kept.</summary>
    public IReadOnlyList<LeftAlone> Foreign => leftAlone;

    /// <summary>What stays because it may have been there, and the snapshot does not say.</summary>
    public IReadOnlyList<byte[]> Unsure => unsure;

    /// <summary>Databases and disk images that do not stay, as far as they are known to be open.</summary>
    public IReadOnlyList<OpenFile> HeldOpen => openFiles;

    /// <summary>Directories below the top on which something is mounted that belongs to the tree.</summary>
    public IReadOnlyList<byte[]> Mounts => mounts;

    /// <summary>Something stays.</summary>
    public bool HasBoundary => above.Count > 0;

    /// <param name="top">A directory, by a path without links.</param>
    /// <param name="boundary">What does not belong to it.</param>
    /// <param name="gaps">What the snapshot has not, though it was there.</param>
    /// <param name="isRestored">Whether something is restored under a path; null if that does not matter, or is not known yet.</param>
    /// <exception cref="UserError">A directory in it cannot be listed, so that nobody knows what would be moved.</exception>
    public static TreeSurvey Of(string top, TreeBoundary boundary, TreeGaps gaps, Func<byte[], bool>? isRestored)
    {
        var survey = new TreeSurvey(boundary, BoundPlaces.Of(top), OpenFileTable.Read(), gaps, isRestored);
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(top), follow: true);
        survey.Walk(directory, [], Posix.Status(directory), top);
        return survey;
    }

    /// <summary>Nothing is there.</summary>
    public static TreeSurvey Nothing { get; } = new(null, null, null, TreeGaps.None, null);

    /// <summary>Why a path below the top is left alone; null if it is not.</summary>
    public string? WhyForeign(ReadOnlySpan<byte> below) => left.GetValueOrDefault(Key(below));

    /// <summary>The same, but for a second place of something that is replaced in its first.</summary>
    public string? WhyUnchanged(ReadOnlySpan<byte> below) => WhyForeign(below) is { } reason && !IsSecondPlace(below) ? reason : null;

    /// <summary>A second place of something in the tree: what the snapshot has of it is restored there.</summary>
    public bool IsSecondPlace(ReadOnlySpan<byte> below) => bound?.FirstPlace(Key(below)) is not null;

    /// <summary>Files of the tree that are mounted elsewhere by themselves.</summary>
    public IReadOnlyList<string> BoundFiles => bound?.Files ?? [];

    /// <summary>Whether a path below the top is in something that is left alone, or is that.</summary>
    public bool IsLeftAlone(ReadOnlySpan<byte> below)
    {
        var end = 0;
        do
        {
            end = below[(end + 1)..].IndexOf((byte)'/') is >= 0 and var length ? end + 1 + length : below.Length;
            if (left.ContainsKey(Key(below[..end])))
            {
                return true;
            }
        }
        while (end < below.Length);

        return false;
    }

    /// <summary>A directory that stays, because it is above something that does, has something mounted on it, or is mounted elsewhere.</summary>
    public bool Stays(ReadOnlySpan<byte> below) => above.Contains(Key(below));

    /// <summary>All of those; the empty path is the top. One character for each byte.</summary>
    public IEnumerable<string> Staying => above;

    public bool IsMounted(ReadOnlySpan<byte> below) => mounted.Contains(Key(below));

    /// <summary>Files of an overlay may have another device than their directory; for them only the mount counts.</summary>
    public static bool IsMounted(in FileStatus status, in FileStatus parent) =>
        status.IsDirectory ? status.IsOnOtherMount(parent) : status.MountId != parent.MountId;

    private static string Words(in Foreign foreign) => foreign.IsLink
        ? $"a link on the way to {(foreign.Source is { } source ? $"'{source}'" : "the backup directory")}"
        : WordsOfKind(foreign);

    private static string WordsOfKind(in Foreign foreign) => foreign.Kind switch
    {
        ForeignKind.Database => $"a file of the database '{foreign.Source}'",
        ForeignKind.Tree or ForeignKind.File => $"the storage '{foreign.Source}'",
        ForeignKind.Repository => "the backup directory",
        ForeignKind.Leftover => "kept by an earlier restore",
        ForeignKind.Excluded => "excluded",
        ForeignKind.Mount => "mounted there, and one_file_system is set",
        ForeignKind.Socket => "a socket",
        _ => throw new NotSupportedException(foreign.Kind.ToString()),
    };

    // Any bytes as a key: one character each.
    private static string Key(ReadOnlySpan<byte> below) => Encoding.Latin1.GetString(below);

    private bool Walk(SafeFileHandle directory, byte[] below, FileStatus status, string path)
    {
        DirectoryNames names;
        try
        {
            names = DirectoryNames.Read(directory, buffer);
        }
        catch (PosixError e)
        {
            throw CannotBeListed(path, e);
        }

        if (below.Length > 0 && FoundRepository.Is(directory, names))
        {
            return Leave(below, "a backup directory");
        }

        gaps.Find(below, directory, names);
        var stays = bound!.IsElsewhere(Key(below));
        for (var i = 0; i < names.Count; i++)
        {
            stays |= Look(directory, names.Name(i), below, status, path);
        }

        _ = stays && above.Add(Key(below));
        return stays;
    }

    /// <summary>Whether something stays there.</summary>
    private bool Look(SafeFileHandle directory, ReadOnlySpan<byte> name, byte[] below, in FileStatus parent, string parentPath)
    {
        byte[] path = below.Length == 0 ? name.ToArray() : [.. below, (byte)'/', .. name];
        FileStatus status;
        try
        {
            status = Posix.StatusAt(directory, name);
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return false;
        }

        if (boundary!.Of(directory, parent, path, status) is { } foreign)
        {
            return Leave(path, Words(foreign), isNamed: foreign.Kind != ForeignKind.Leftover);
        }

        if (bound!.FirstPlace(Key(path)) is { } first)
        {
            return Leave(path, $"shows what is in {first}");
        }

        if (bound.IsCovered(Key(path)))
        {
            return Leave(path, "another process, such as a container, has something mounted there");
        }

        if (bound.IsAround(Key(path)))
        {
            throw UserError.Failed(
                $"{Path.Combine(parentPath, Encoding.UTF8.GetString(name))} shows the tree itself once more, with the directories above it",
                "nothing was changed; unmount it, or exclude it or set one_file_system for this tree");
        }

        if (WhyGap(path) is { } gap)
        {
            return Leave(path, gap);
        }

        if (!status.IsDirectory && WhyWithDatabase(directory, name, path) is { } reason)
        {
            return Leave(path, reason);
        }

        if (status.IsRegular)
        {
            NoteIfOpen(directory, name, path, status);
        }

        return LookInside(directory, name, path, status, parent, parentPath);
    }

    private bool LookInside(
        SafeFileHandle directory, ReadOnlySpan<byte> name, byte[] path, in FileStatus status, in FileStatus parent, string parentPath)
    {
        var (isMounted, place) = (IsMounted(status, parent), mounts.Count);
        var stays = status.IsDirectory && WalkInto(directory, name, path, status, Path.Combine(parentPath, Encoding.UTF8.GetString(name)));
        if (isMounted && WhyForeign(path) is null)
        {
            mounted.Add(Key(path));
            if (status.IsDirectory)
            {
                mounts.Insert(place, path);
                above.Add(Key(path));
            }
        }

        return stays || isMounted;
    }

    private bool Leave(byte[] path, string reason, bool isNamed = true)
    {
        left.Add(Key(path), reason);
        if (isNamed)
        {
            leftAlone.Add(new LeftAlone(path, reason));
        }

        return true;
    }

    private void NoteIfOpen(SafeFileHandle directory, ReadOnlySpan<byte> name, byte[] path, in FileStatus status)
    {
        if (open!.Disk(status) is { } disk)
        {
            openFiles.Add(new OpenFile(path, [], disk));
        }
        else if (open.Holders(status) is { Count: > 0 } holders && SqliteFile.IsDatabase(directory, name))
        {
            openFiles.Add(new OpenFile(path, holders));
        }
    }

    private string? WhyGap(byte[] path)
    {
        if (gaps.Why(path) is { } known)
        {
            return known;
        }

        var other = gaps.WhyByOtherName(path);
        if ((other is null && !gaps.MayBeMore) || (isRestored?.Invoke(path) ?? other is null))
        {
            return null;
        }

        if (other is null)
        {
            unsure.Add(path);
        }

        return other ?? "not in the snapshot, which does not say whether it was there";
    }

    /// <summary>Why the database stays that something belongs to; names come in order, so that it was looked at before.</summary>
    private string? WhyWithDatabase(SafeFileHandle directory, ReadOnlySpan<byte> name, byte[] path)
    {
        var database = SqliteCompanions.DatabaseOf(name);
        return !database.IsEmpty && WhyUnchanged(path.AsSpan(0, path.Length - name.Length + database.Length)) is { } reason && SqliteLog.IsOfDatabase(directory, database) ? reason : null;
    }

    private bool WalkInto(SafeFileHandle directory, ReadOnlySpan<byte> name, byte[] below, in FileStatus status, string path)
    {
        SafeFileHandle inside;
        try
        {
            inside = Posix.OpenDirectory(directory, name);
        }
        catch (PosixError e)
        {
            return e.Number is PosixError.NotFound or PosixError.NotDirectory ? false : throw CannotBeListed(path, e);
        }

        using (inside)
        {
            return Walk(inside, below, status, path);
        }
    }

    private static UserError CannotBeListed(string path, PosixError error) => UserError.Failed(
        $"the directory {path} cannot be looked into, so it is not known what would be moved with it: {error.Message}",
        Posix.IsRoot ? "nothing was changed" : "nothing was changed; run the command as root", error);
}
