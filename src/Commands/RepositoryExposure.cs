using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>
/// Whether others can change what lies in a backup directory of root's, or where its path leads. Everything there is found by its
/// path, so anybody who can exchange a directory on the way for a link has root write and remove somewhere else. In a directory of
/// another user root works with that user's rights, and need not look.
/// </summary>
internal static class RepositoryExposure
{
    /// <summary>
    /// The first place that others than root can change; null if there is none, and if this is not root. Who owns the directory does
    /// not matter here, since that may change with the path from one call to the next.
    /// </summary>
    /// <param name="directory">The backup directory. It need not be there, nor hold a repository.</param>
    public static Exposure? Find(string directory) => Each(directory).FirstOrDefault(found => !found.IsOfMount());

    /// <summary>As <see cref="Find"/>, also where a stick has no owners: that it is everybody's is no reason to make no backups on it.</summary>
    public static Exposure? FindAny(string directory) => Find(directory) ?? Each(directory).FirstOrDefault();

    /// <summary>Whether root may write to files that are there, and to no others by that path from now on.</summary>
    /// <param name="directory">The backup directory. It need not be there.</param>
    public static bool TryHold(string directory)
    {
        try
        {
            if (Find(directory) is not null)
            {
                return false;
            }

            Hold(directory);
            return true;
        }
        catch (PosixError)
        {
            // A link that came meanwhile.
            return false;
        }
    }

    /// <summary>In a directory as /tmp others can only put what is not there yet, which is looked at when it is used.</summary>
    private static IEnumerable<Exposure> Each(string directory)
    {
        var layout = new Layout(Path.GetFullPath(directory));
        return !Posix.IsRoot ? [] : Exposure.EachAround(layout.Root, 0)
            .Concat(new[] { layout.Staging, layout.Snapshots, layout.Packs, layout.Runs, layout.Leases, Path.Combine(layout.Root, OffsiteUpload.Incoming) }.Where(path => AtomicFile.IsTaken(path)).SelectMany(path => Exposure.Each(path, 0)));
    }

    /// <exception cref="UserError">Root was about to write there, and others could have it write elsewhere.</exception>
    public static void Refuse(string directory)
    {
        if (Find(directory) is not { } found)
        {
            Hold(directory);
            return;
        }

        throw Posix.StatusOrNull(directory) is null ? Repository.DoesNotExist(directory) : UserError.Failed(
            $"root does not write to the backup directory {directory}, since others could have it write elsewhere: {found.Sentence}",
            $"{Mending(found)}; or give the backups to the user who is to write them, and root works there as that user: chown -R {Accounts.PackageUser ?? "USER"} {ShellWord.Of(directory)}");
    }

    /// <summary>The same, of a second place that is a directory, in which rclone is to write.</summary>
    /// <exception cref="UserError">As above.</exception>
    public static void RefuseSecondPlace(string directory)
    {
        if (Find(directory) is { } found)
        {
            throw UserError.Failed(
                $"root does not write to the second place {directory}, since others could have it write elsewhere: {found.Sentence}",
                $"{Mending(found)}; or give the backups to the user who owns the second place, and root works as that user; or let rclone speak to the server of a share itself, by sftp or smb");
        }
    }

    /// <summary>What nobody can exchange need not be held.</summary>
    private static void Hold(string directory)
    {
        if (Each(directory).Any())
        {
            LinkTrust.Hold(directory);
        }
    }

    private static string Mending(Exposure found) => $"chown root {ShellWord.Of(found.Path)} && chmod go-w {ShellWord.Of(found.Path)}";
}
