using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Compares where a site's places are with where they were, so that the mount point of a disk that is not there is not taken for the disk.</summary>
internal sealed class PlaceWatch
{
    private readonly KnownPlaces memory;
    private readonly Dictionary<string, KnownPlace> known;
    private readonly List<KnownPlace> earlier;
    private readonly bool acceptMoved;
    private readonly MountTable mounts = MountTable.Read();

    /// <param name="memory">What is remembered of them.</param>
    /// <param name="acceptMoved">Whether all of them are right where they are now.</param>
    public PlaceWatch(KnownPlaces memory, bool acceptMoved = false)
    {
        (this.memory, this.acceptMoved) = (memory, acceptMoved);
        known = memory.Read().ToDictionary(place => place.Role, StringComparer.Ordinal);
        earlier = [.. known.Values];
    }

    /// <summary>Remembers nothing, and so finds nothing changed.</summary>
    public static PlaceWatch None => new(new KnownPlaces(null, "/"));

    public const string BackupDirectory = "the backup directory";

    public static string Database(string name) => $"database '{name}'";

    public static string Storage(string name) => $"storage '{name}'";

    /// <summary>Looks at a place before anything is read from it or made in it, and takes it in for <see cref="Remember"/>.</summary>
    /// <param name="role">What it is, as above.</param>
    /// <param name="path">Absolute.</param>
    /// <exception cref="UserError">It is on another file system than it was.</exception>
    public void Require(string role, string path)
    {
        if (FileSystemIdentity.Of(path, mounts) is not { } now)
        {
            return;
        }

        if (!acceptMoved && known.GetValueOrDefault(role) is { } was && was.Path == path && now.IsOther(was.FileSystem))
        {
            throw UserError.Failed(
                $"{role}, {path}, was on {was.FileSystem} and is now on {now}: a disk is not mounted, or another one is",
                $"{Mounting(path)}; if it is right as it is, accept it once with 'create --moved'");
        }

        known[role] = new KnownPlace(role, path, now);
    }

    /// <summary>Looks at the backup directory in particular.</summary>
    /// <exception cref="UserError">It is on another file system than it was, or a repository was there and is not.</exception>
    public void RequireBackups(string directory)
    {
        Require(BackupDirectory, directory);
        if (!acceptMoved && earlier.Exists(place => place.Role == BackupDirectory && place.Path == directory) && IsEmpty(directory))
        {
            throw UserError.Failed(
                $"there is no repository in {directory} any more, where the run before had one: a disk is not mounted, or it was emptied",
                $"{Mounting(directory)}, or find out what happened; to begin anew there, accept it once with 'create --moved'");
        }
    }

    /// <summary>Keeps what was found, for the next run.</summary>
    /// <returns>Why that cannot be; null if it was done.</returns>
    public string? Remember()
    {
        try
        {
            memory.Write(known.Values.OrderBy(place => place.Role, StringComparer.Ordinal));
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

    private string Mounting(string path) =>
        MountTable.PointInFstab(path) is { } point && mounts.All.All(mount => mount.Point != point) ? $"mount it: 'sudo mount {point}'" : "mount it";
}
