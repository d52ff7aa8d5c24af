namespace VertexAr.Backup.Policy;

/// <summary>Cuts what travels into parts, each of which is done with before the next: what breaks off loses no more than one.</summary>
internal static class Batches
{
    private const int Most = 64;
    private const long MostBytes = 1L << 30;

    /// <param name="items">What travels, in order.</param>
    /// <param name="size">Of each, in bytes.</param>
    public static IEnumerable<IReadOnlyList<T>> Of<T>(IEnumerable<T> items, Func<T, long> size)
    {
        var (batch, bytes) = (new List<T>(), 0L);
        foreach (var item in items)
        {
            if (batch.Count == Most || (batch.Count > 0 && bytes + size(item) > MostBytes))
            {
                yield return batch;
                (batch, bytes) = (new List<T>(), 0L);
            }

            batch.Add(item);
            bytes += size(item);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }
}
