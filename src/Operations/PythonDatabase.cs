using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>Brings the database out of a backup of the Python system, byte for byte.</summary>
internal static class PythonDatabase
{
    private const int OnlyOurs = 0x180;

    /// <summary>Copies it into a new file.</summary>
    /// <param name="archive">What to copy; it was checked.</param>
    /// <param name="found">What the check found.</param>
    /// <param name="to">Where to; in a directory of ours.</param>
    /// <param name="describe">What the file is to be, but for content; null to leave it to its owner alone.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="stop">Ends it early.</param>
    /// <exception cref="DamageError">It is not what it was when it was checked.</exception>
    public static void Copy(PythonArchive archive, PythonFindings found, string to, FileEntry? describe, RunProgress progress, CancellationToken stop)
    {
        using var content = new PythonContent(archive, n =>
        {
            stop.ThrowIfCancellationRequested();
            progress.AddBytes(n);
        });
        using var file = Posix.CreateNew(Posix.Here, Posix.Bytes(to), OnlyOurs);
        var buffer = new byte[1 << 20];
        for (int n; (n = content.Read(buffer)) > 0;)
        {
            Posix.Write(file, buffer.AsSpan(0, n));
        }

        if (content.Finish() != found.Sha256)
        {
            throw new DamageError("changed while it was read");
        }

        if (describe is not null)
        {
            RestoreMetadata.Apply(file, describe, new RestoreLosses());
        }
    }

    /// <summary>
    /// What the database is to be when it is restored. The backup's own owner is who made the backup, often root, and no owner
    /// of a database: that is the owner of what is in its place now, or of the directory there.
    /// </summary>
    /// <param name="archive">The backup.</param>
    /// <param name="place">Where the database belongs.</param>
    /// <param name="path">Its path in the list.</param>
    public static FileEntry Describe(PythonArchive archive, NamedPlace place, byte[] path)
    {
        var backup = Posix.StatusOrNull(archive.Files[0]) ?? default;
        var owner = Look(place.Path) is { IsRegular: true } now ? now : Look(Path.GetDirectoryName(place.Path)!) ?? backup;
        return new FileEntry
        {
            Path = path,
            Type = EntryType.File,
            Mode = owner.IsRegular ? owner.Permissions : backup.Permissions & 0x1B6,
            Uid = owner.Uid,
            Gid = owner.Gid,
            User = Accounts.UserName(owner.Uid),
            Group = Accounts.GroupName(owner.Gid),
            Size = archive.Bytes,
            Modified = backup.Modified,
            Changed = backup.Modified,
            Inode = 0,
        };
    }

    private static FileStatus? Look(string path)
    {
        try
        {
            return Posix.StatusOrNull(path);
        }
        catch (PosixError)
        {
            // Not ours to look at: as if it were not there.
            return null;
        }
    }
}
