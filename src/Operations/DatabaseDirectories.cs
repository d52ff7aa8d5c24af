using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Whether the owner of a restored database can use it. SQLite makes a journal or a log next to the file, so the directory must be writable too;
/// on a new machine somebody made that by hand, most often as root, and the database would be read-only to its application.
/// </summary>
internal static class DatabaseDirectories
{
    private const int OwnerMayWrite = 0x80;
    private const int OthersMayWrite = 0x12;

    /// <param name="databases">Their files, links resolved.</param>
    /// <param name="warn">Is given a sentence for each whose owner cannot.</param>
    public static void Look(IEnumerable<string> databases, Action<string> warn)
    {
        foreach (var path in databases)
        {
            try
            {
                LookAt(path, warn);
            }
            catch (PosixError)
            {
                // The restore is done, and this was only to be of help.
            }
        }
    }

    private static void LookAt(string path, Action<string> warn)
    {
        var directory = Path.GetDirectoryName(path)!;
        if (Posix.StatusOrNull(path) is { Uid: not 0 } file && Posix.StatusOrNull(directory) is { } above && !MayWrite(file.Uid, above))
        {
            var owner = Accounts.UserName(file.Uid) ?? file.Uid.ToString(System.Globalization.CultureInfo.InvariantCulture);
            warn($"the database {path} belongs to {owner}, who may not write to {directory}, where SQLite keeps its journal: if the application runs as {owner}, it needs 'chown {owner} {directory}'");
        }
    }

    /// <summary>Who is in which group is not asked: a directory that its group may write to is one that somebody has thought of.</summary>
    private static bool MayWrite(uint user, in FileStatus directory) =>
        (directory.Permissions & OthersMayWrite) != 0 || (directory.Uid == user && (directory.Permissions & OwnerMayWrite) != 0);
}
