using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Space for the copy of a database. A file with holes can be called any size by its owner, who would keep all other sources from being
/// saved by it: where there is space for what it holds and not for what it claims, it alone is missing.
/// </summary>
internal static class CreateSpace
{
    /// <returns>Whether there is; if not, it was said.</returns>
    /// <exception cref="SpaceError">There is not even space for what the database holds.</exception>
    public static bool IsThere(PieceStore store, CreateList list, string database, DatabaseStatus now)
    {
        var purpose = $"a copy of the database '{database}'";
        store.RequireSpace(Math.Max(now.File.Occupied, now.LogBytes), purpose);
        try
        {
            store.RequireSpace(Math.Max(now.File.Size, now.LogBytes), purpose);
            return true;
        }
        catch (SpaceError e)
        {
            list.Fail(
                database,
                SourceState.Missing,
                $"the database '{database}' is not saved: {e.Message}; it holds {Units.Size(now.File.Occupied)}, and the rest of its size is holes",
                "VACUUM makes it as small as what it holds; or free some space");
            return false;
        }
    }
}
