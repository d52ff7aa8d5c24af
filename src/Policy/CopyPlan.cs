namespace VertexAr.Backup.Policy;

/// <summary>A file that is to be in both places: its path below the top, and its size in bytes.</summary>
internal sealed record CopyItem(string Name, long Size);

/// <summary>What has to travel. A pure decision: files never change, so one of the right name and size is the right one.</summary>
/// <param name="Missing">Not there.</param>
/// <param name="Wrong">There, but of another size, or known to be damaged: to be replaced.</param>
internal sealed record CopyPlan(IReadOnlyList<CopyItem> Missing, IReadOnlyList<CopyItem> Wrong)
{
    public bool IsEmpty => Missing.Count + Wrong.Count == 0;

    public long Bytes => Missing.Concat(Wrong).Sum(item => item.Size);

    /// <param name="wanted">What is to be there.</param>
    /// <param name="there">The size of a file there; null if there is none.</param>
    /// <param name="damaged">Names of files that a check found damaged there.</param>
    public static CopyPlan Decide(IEnumerable<CopyItem> wanted, Func<string, long?> there, IReadOnlySet<string> damaged)
    {
        var (missing, wrong) = (new List<CopyItem>(), new List<CopyItem>());
        foreach (var item in wanted)
        {
            switch (there(item.Name))
            {
                case null:
                    missing.Add(item);
                    break;
                case var size when size != item.Size || damaged.Contains(item.Name):
                    wrong.Add(item);
                    break;
            }
        }

        return new CopyPlan(missing, wrong);
    }
}
