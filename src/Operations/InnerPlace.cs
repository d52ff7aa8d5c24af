using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>A source that lies in a tree, whose file list leaves it out: what is in it is listed by its own.</summary>
/// <param name="InTree">What the tree's list would call the place.</param>
/// <param name="Own">What the source's list calls it.</param>
internal sealed record InnerPlace(byte[] InTree, byte[] Own)
{
    /// <summary>Those in a tree. Of what lies in each other, the inner ones come first.</summary>
    public static IReadOnlyList<InnerPlace> In(TreeOptions tree, IEnumerable<DatabaseOptions> databases, IEnumerable<TreeOptions> trees) =>
    [
        .. databases.Select(database => (Place: database.File, Own: ListPath.OfFile(database.Name, database.Path)))
            .Concat(trees.Where(other => other.Name != tree.Name).Select(other => (Place: other.Top, Own: other.IsFile ? ListPath.OfFile(other.Name, other.Path) : Posix.Bytes(other.Name))))
            .Where(source => source.Place != tree.Top && PathPrefix.Holds(tree.Top, source.Place))
            .OrderByDescending(source => source.Place.Length)
            .Select(source => new InnerPlace(Posix.Bytes(tree.Name + "/" + source.Place[tree.Top.Length..].TrimStart('/')), source.Own)),
    ];

    /// <summary>What the lists call a path of the tree; null if it is not in this place.</summary>
    public byte[]? Translate(ReadOnlySpan<byte> path) =>
        path.StartsWith(InTree) && (path.Length == InTree.Length || path[InTree.Length] == '/') ? [.. Own, .. path[InTree.Length..]] : null;
}
