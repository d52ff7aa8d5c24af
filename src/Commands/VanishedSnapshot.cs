using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>
/// A snapshot that is removed while it is read: by a run on another machine, where this one could leave no sign that it reads. What it lacks
/// then is no damage.
/// </summary>
internal static class VanishedSnapshot
{
    /// <summary>What to say of one of these that is not there any more; null if all are, or if that cannot be seen.</summary>
    public static UserError? Find(Layout layout, IEnumerable<SnapshotId> read)
    {
        try
        {
            var there = new SnapshotStore(layout).Ids().ToHashSet();
            return read.Where(id => !there.Contains(id)).Take(1).Select(id => UserError.Failed(
                $"snapshot {id} was removed while it was read, by a run that could not see this one", "what is missing is no damage: run it again, with a snapshot that 'vertex-ar-backup list' shows")).FirstOrDefault();
        }
        catch (Exception e) when (e is UserError or PosixError)
        {
            return null; // What went wrong before is what there is to be said.
        }
    }
}
