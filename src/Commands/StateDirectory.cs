using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>Where this machine remembers things of a site outside of its backups: file-hierarchy(7) calls it persistent private data.</summary>
internal static class StateDirectory
{
    private const string Default = "/var/lib/vertex-ar-backup";

    /// <summary>What is remembered of a site's places.</summary>
    /// <param name="around">Says where it is kept.</param>
    /// <param name="backupDirectory">Whose site.</param>
    /// <param name="acceptMoved">The user said that all of them are right where they are now.</param>
    /// <param name="accept">The command that says so.</param>
    public static PlaceWatch Watch(Surroundings around, string backupDirectory, bool acceptMoved = false, string accept = PlaceWatch.AcceptCommand) =>
        new(new KnownPlaces(Of(around), backupDirectory), acceptMoved ? null : accept);

    /// <summary>
    /// Makes it, while root is root, for whom the backups belong to. The package does so for the service. Where that cannot be,
    /// nothing is remembered, which the run says.
    /// </summary>
    public static void Make(Surroundings around, string backupDirectory)
    {
        var directory = Of(around);
        if (!Posix.IsRoot || Posix.StatusOrNull(directory) is not null)
        {
            return;
        }

        try
        {
            AtomicFile.EnsureDirectory(directory);
            if (Surroundings.OwnerOf(backupDirectory) is var (uid, gid))
            {
                Posix.SetOwner(Posix.Here, Posix.Bytes(directory), uid, gid);
            }
        }
        catch (PosixError e) when (e.Number is PosixError.ReadOnly or PosixError.AccessDenied or PosixError.NotFound)
        {
            // A read-only /var, for one.
        }
        catch (PosixError e)
        {
            around.Screen.Log.Say(Severity.Warning, $"the state directory {directory} cannot be made, so that nothing is remembered of the places: {e.Message}");
            RemoveIfEmpty(directory);
        }
    }

    /// <summary>What is half made would be found made by the next run.</summary>
    private static void RemoveIfEmpty(string directory)
    {
        try
        {
            Posix.Remove(Posix.Here, Posix.Bytes(directory), directory: true);
        }
        catch (PosixError)
        {
            // It was not made, or others use it by now.
        }
    }

    private static string Of(Surroundings around) => around.Environment("STATE_DIRECTORY") is { Length: > 0 } given ? given.Split(':')[0] : Default;
}
