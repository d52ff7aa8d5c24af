using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>The right to import into a repository, from the look at what is imported already to the last backup.</summary>
internal sealed class ImportLock : ExclusiveLock
{
    private ImportLock(Layout layout, DateTimeOffset now)
        : base(layout, LeaseMark.ImportUse, Posix.OpenDirectory(Posix.Here, Posix.Bytes(layout.Staging), follow: true), "import", now)
    {
    }

    /// <summary>Makes the repository if there is none.</summary>
    /// <exception cref="UserError">Another run imports (exit code 11).</exception>
    public static ImportLock Acquire(string backupDirectory, TimeProvider clock)
    {
        var layout = Repository.OpenOrCreate(backupDirectory, clock);
        return Take(layout, () => new ImportLock(layout, clock.GetUtcNow()));
    }
}
