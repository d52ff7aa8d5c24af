using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>The right to change the second place. It is not the one to write here: copying takes hours, and snapshots are taken meanwhile.</summary>
internal sealed class CopyLock : ExclusiveLock
{
    private CopyLock(Layout layout, DateTimeOffset now)
        : base(layout, LeaseMark.CopyUse, RegularFile.OpenOrCreate(layout.OffsiteLock, AtomicFile.FileMode), "offsite push", now)
    {
    }

    /// <exception cref="UserError">Another run copies (exit code 11).</exception>
    public static CopyLock Acquire(Layout layout, DateTimeOffset now) => Take(layout, () => new CopyLock(layout, now));
}
