using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Where a restore in place puts each source: where the configuration has it. A snapshot says where its sources were, and whoever can
/// write to the repository can have it say anything; so its word counts only where it is asked for, and within bounds.
/// </summary>
/// <param name="Configured">Sources of the configuration; null if there is none that can be read.</param>
internal sealed record RestorePlaces(IReadOnlyList<SourcePlace>? Configured)
{
    /// <summary>Directories, absolute, below which the snapshot's own word counts; null to follow the configuration.</summary>
    public IReadOnlyList<string>? Allowed { get; init; }

    /// <summary>Knows on which disks the places were.</summary>
    public PlaceWatch Watch { get; init; } = PlaceWatch.None;

    /// <summary>The place of a source, on the disk where it was.</summary>
    /// <param name="source">As the snapshot has it.</param>
    /// <param name="what">What is restored.</param>
    /// <param name="neighbours">The trees of the configuration, with what is no part of them.</param>
    /// <exception cref="UserError">The configuration has it elsewhere, or not at all: names both places. Or its disk is not mounted, or one inside it.</exception>
    public string Of(SourceSummary source, IRestorable what, RestoreNeighbours neighbours)
    {
        var place = Named(source, what);
        if (source.Kind == SourceKind.Storage && neighbours.Trees.FirstOrDefault(tree => tree.Path == place) is { } tree)
        {
            Watch.RequireTree(tree.Name, place, () => new TreeMounts(tree, neighbours.Places()));
        }
        else
        {
            Watch.Require(PlaceWatch.Source(source), place);
        }

        return place;
    }

    private string Named(SourceSummary source, IRestorable what)
    {
        var title = what.Title;
        if (Allowed is not null)
        {
            return source.Path;
        }

        if (Configured is null)
        {
            throw UserError.Failed(
                $"{title} has '{source.Name}' from {source.Path}, and there is no configuration that can be read and says where it belongs",
                "nothing was changed; see 'vertex-ar-backup config check', restore elsewhere with --to DIR, or go by the snapshot with --as-in-snapshot --allow DIR");
        }

        var places = Configured.Where(place => place.Name == source.Name && place.Kind == source.Kind).Select(place => place.Path).ToList();
        return places.Find(place => what.HasForeignPaths || IsSame(place, source.Path))
            ?? throw (places is [var now, ..]
                ? UserError.Failed(
                    $"{title} has '{source.Name}' from {source.Path}, and the configuration has it at {now}",
                    $"nothing was changed; restore elsewhere with --to DIR and move it to {now}, or to where it was with --as-in-snapshot --allow DIR")
                : UserError.Failed(
                    $"{title} has '{source.Name}' from {source.Path}, and the configuration names no {Word(source.Kind)} '{source.Name}'",
                    "nothing was changed; choose others with --path or --only, restore elsewhere with --to DIR, or to where it was with --as-in-snapshot --allow DIR"));
    }

    /// <exception cref="UserError">A place, links followed, lies outside of what is allowed.</exception>
    public void RequireAllowed(RestoreTarget target)
    {
        if (Allowed is not null && !Allowed.Any(directory => PathPrefix.Holds(RealPath.Of(directory), target.Place)))
        {
            throw UserError.Failed(
                $"'{target.Source.Name}' would be restored to {target.Target}{(target.Place == target.Target ? "" : $", which leads to {target.Place}")}, outside of what --allow names",
                "nothing was changed; if that is meant, allow a directory above it, too");
        }
    }

    private static string Word(SourceKind kind) => kind == SourceKind.Database ? "database" : "storage";

    /// <summary>A path that leads to the same place by way of links is the same.</summary>
    private static bool IsSame(string configured, string recorded) =>
        configured == recorded || (Path.IsPathFullyQualified(recorded) && RealPath.Of(configured) == RealPath.Of(recorded));
}
