using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Databases in trees of which no configuration says that they are databases. While an application has one open it must not be replaced
/// with its tree: the application would go on writing into the file that was moved away.
/// </summary>
internal static class RestoreInUse
{
    /// <param name="spots">Where trees are restored to.</param>
    /// <param name="isReplaced">Whether what is under a path below the top of one would be replaced.</param>
    /// <exception cref="UserError">Somebody has such a database open; names it and the processes.</exception>
    public static void Refuse(IEnumerable<RestoreSpot> spots, Func<RestoreSpot, byte[], bool> isReplaced)
    {
        foreach (var spot in spots)
        {
            foreach (var (below, holders) in spot.Survey.OpenDatabases)
            {
                if (isReplaced(spot, below))
                {
                    throw UserError.Failed(
                        $"the database {Path.Combine(spot.Path, Encoding.UTF8.GetString(below))} in '{spot.Name}' is in use by {string.Join(", ", holders)}",
                        "nothing was changed; stop the application first, or name the database under 'databases' in the configuration so that it is left alone, or restore elsewhere with --to DIR");
                }
            }
        }
    }
}
