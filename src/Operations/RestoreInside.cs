using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>Where in a tree the planner is.</summary>
internal sealed record RestoreInside(TreeSurvey Survey, IReadOnlyDictionary<string, RestoreRegion> Regions, RestoreRegion Region, byte[] Below)
{
    public bool Stays => Survey.Stays(Below);

    /// <summary>What is replaced is kept in a directory of the tree's form, and not next to what takes its place.</summary>
    public bool KeepsTogether { get; init; }

    /// <summary>Only what is restored changes; everything else stays.</summary>
    public bool OnlyFiles { get; init; }

    public bool IsMounted => Survey.IsMounted(Below);

    public string Key => BytePath.Key(Below);

    public RestoreInside Go(byte[] name) => this with { Below = Below.Length == 0 ? name : BytePath.Join(Below, name) };
}
