using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Compares where a site's places are with where they were, so that the mount point of a disk that is not there is not taken for the disk.</summary>
internal sealed class PlaceWatch
{
    private readonly KnownPlaces memory;
    private readonly Dictionary<string, KnownPlace> known;
    private readonly List<KnownPlace> earlier;
    private readonly string? accept;

    /// <param name="memory">What is remembered of them.</param>
    /// <param name="accept">The command that says that all of them are right where they are now; null if that is said.</param>
    public PlaceWatch(KnownPlaces memory, string? accept = AcceptCommand)
    {
        (this.memory, this.accept) = (memory, accept);
        earlier = [.. memory.Read()];
        known = new(StringComparer.Ordinal);
        earlier.ForEach(place => known[Key(place)] = place);
    }

    /// <summary>Remembers nothing, and so finds nothing changed.</summary>
    public static PlaceWatch None => new(new KnownPlaces(null, "/"));

    public const string AcceptCommand = "create --moved";

    public const string BackupDirectory = "the backup directory";

    public const string SecondPlace = "the second place";

    private const string PartOfSecondPlace = "a part of the second place";

    public const string DrillDirectory = "the drill's directory";

    public static string Database(string name) => $"database '{name}'";

    public static string Storage(string name) => $"storage '{name}'";

    public static string Source(SourceSummary source) => source.Kind == SourceKind.Database ? Database(source.Name) : Storage(source.Name);

    /// <summary>What is mounted in a tree and saved with it; of these there may be several, each with its path.</summary>
    private static string Within(string name) => $"what is mounted in {Storage(name)}";

    private static string Key(KnownPlace place) => Key(place.Role, place.Path, place.IsOneOfSeveral);

    private static string Key(string role, string path, bool isOneOfSeveral) => isOneOfSeveral ? $"{role} {path}" : role;

    /// <summary>Looks at a tree, and at what is mounted in it and saved with it. What came is taken in, what is not to be saved any more is forgotten.</summary>
    /// <param name="name">What the tree is called.</param>
    /// <param name="path">As configured.</param>
    /// <param name="within">What is mounted in it.</param>
    /// <exception cref="UserError">It, or something in it, is on another file system than it was.</exception>
    public void RequireTree(string name, string path, Func<TreeMounts> within)
    {
        Require(Storage(name), path);
        var (role, inside) = (Within(name), within());
        var now = inside.Find();
        foreach (var place in known.Values.Where(place => place.Role == role && !now.ContainsKey(place.Path)).ToList())
        {
            if (accept is not null && inside.Holds(place.Path))
            {
                Require(role, place.Path, isOneOfSeveral: true);
            }
            else
            {
                known.Remove(Key(place));
            }
        }

        foreach (var point in now.Keys)
        {
            Require(role, point, isOneOfSeveral: true);
        }
    }

    /// <summary>Looks at a place before anything is read from it or made in it, and takes it in for <see cref="Remember"/>.</summary>
    /// <param name="role">What it is, as above.</param>
    /// <param name="path">Absolute.</param>
    /// <param name="isOneOfSeveral">As <see cref="KnownPlace"/> has it.</param>
    /// <exception cref="UserError">It is on another file system than it was.</exception>
    public void Require(string role, string path, bool isOneOfSeveral = false)
    {
        if (FileSystemIdentity.Of(path, MountTable.Read()) is not { } now)
        {
            return;
        }

        var was = known.GetValueOrDefault(Key(role, path, isOneOfSeveral)) is { } place && place.Path == path ? place.FileSystem : null;
        if (accept is not null && was is not null && Change(path, was, now) is { } change)
        {
            throw new UserError(
                ExitCode.Failed, $"{role}, {path}, {change.What}",
                $"{Mounting(change.Path)}; if it is right as it is, accept it once with '{accept}'")
            { IsMisplaced = role == BackupDirectory };
        }

        known[Key(role, path, isOneOfSeveral)] = new KnownPlace(role, path, was is null ? now : now.Keeping(was)) { IsOneOfSeveral = isOneOfSeveral };
    }

    /// <summary>What is another now, in words, and which path has to be what it was; null if nothing is.</summary>
    internal static (string What, string Path)? Change(string path, FileSystemIdentity was, FileSystemIdentity now) =>
        now.IsOther(was) ? ($"was on {was} and is now on {now}: a disk is not mounted, or another one is", path)
        : now.IsUnmounted(was) ? ($"was on what was mounted at {was.Point}, and nothing is mounted there now", path)
        : now.Branches.Count == 0 ? null
        : was.Branches.Select(branch => Change(branch, now)).FirstOrDefault(change => change is not null);

    private static (string What, string Path)? Change(PoolBranch was, FileSystemIdentity pool) =>
        pool.Branches.FirstOrDefault(branch => branch.Path == was.Path) is not { } now
            ? ($"is on the pool {pool.Point}, which {was.Path} was a branch of and is not any more: a disk is not mounted, or was taken out of the pool", was.Path)
        : was.FileSystem is { } before && now.FileSystem is { } after && Change(was.Path, before, after) is { } change
            ? ($"is on the pool {pool.Point}, whose branch {was.Path} {change.What}", change.Path)
            : null;

    /// <summary>Looks at the backup directory in particular.</summary>
    /// <exception cref="UserError">It is on another file system than it was, or a repository was there and is not.</exception>
    public void RequireBackups(string directory) => RequireRepository(BackupDirectory, directory);

    /// <summary>The same, for those who make nothing there: why it cannot be what it was; null if it may be.</summary>
    public UserError? FindBackups(string directory) => Find(() => RequireBackups(directory));

    /// <summary>Why another place cannot be what it was; null if it may be.</summary>
    public UserError? Find(string role, string path) => Find(() => Require(role, path));

    private static UserError? Find(Action require)
    {
        try
        {
            require();
            return null;
        }
        catch (UserError e)
        {
            return e;
        }
    }

    /// <summary>Looks at the directories that the second place is kept in; one of several may well be empty.</summary>
    /// <exception cref="UserError">One is on another file system than it was, or there was a copy in the only one and is not.</exception>
    public void RequireCopies(IReadOnlyList<string> directories)
    {
        foreach (var directory in directories)
        {
            if (directories.Count == 1)
            {
                RequireRepository(SecondPlace, directory);
            }
            else
            {
                Require(PartOfSecondPlace, directory, isOneOfSeveral: true);
            }
        }
    }

    /// <summary>Looks at a directory that holds a repository, this one or a copy.</summary>
    /// <param name="role">What it is.</param>
    /// <param name="directory">Absolute.</param>
    /// <exception cref="UserError">It is on another file system than it was, or a repository was there and is not.</exception>
    public void RequireRepository(string role, string directory)
    {
        Require(role, directory);
        if (PlaceTrouble.Find(directory) is { } trouble)
        {
            throw UserError.Failed(trouble.Text, trouble.Mend);
        }

        if (accept is not null && earlier.Exists(place => place.Role == role && place.Path == directory) && IsEmpty(directory))
        {
            throw UserError.Failed(
                $"there is no repository in {directory} any more, where the run before had one: a disk is not mounted, or it was emptied",
                $"{Mounting(directory)}, or find out what happened; to begin anew there, accept it once with '{accept}'");
        }
    }

    /// <summary>Keeps what was found, for the next run.</summary>
    /// <returns>Why that cannot be; null if it was done.</returns>
    public string? Remember()
    {
        try
        {
            memory.Write(known.OrderBy(place => place.Key, StringComparer.Ordinal).Select(place => place.Value));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"which file systems the places are on cannot be remembered: {e.Message}";
        }
    }

    /// <summary>Whether nothing is there; what cannot be looked into has something.</summary>
    private static bool IsEmpty(string directory)
    {
        try
        {
            return !Directory.Exists(directory) || !Directory.EnumerateFileSystemEntries(directory).Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Mounting(string path) =>
        MountTable.PointInFstab(path) is { } point && MountTable.Read().All.All(mount => mount.Point != point) ? $"mount it: 'sudo mount {point}'" : "mount it";
}
