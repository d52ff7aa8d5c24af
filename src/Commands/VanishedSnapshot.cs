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
    /// <exception cref="UserError">One of these is not there any more.</exception>
    public static void Refuse(Layout layout, IEnumerable<SnapshotId> read, Exception? cause = null)
    {
        var there = new SnapshotStore(layout).Ids().ToHashSet();
        foreach (var id in read.Where(id => !there.Contains(id)).Take(1))
        {
            throw UserError.Failed(
                $"snapshot {id} was removed while it was read, by a run that could not see this one", "what is missing is no damage: run it again, with a snapshot that 'vertex-ar-backup list' shows", cause);
        }
    }
}
