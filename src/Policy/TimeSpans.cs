namespace VertexAr.Backup.Policy;

/// <summary>Stretches of time, each without its beginning and with its end. The newest few are known.</summary>
internal sealed class TimeSpans
{
    // Each is one jump of the clock; what a clock did before so many of them matters to nobody.
    private const int Most = 100;

    private readonly LinkedList<(DateTimeOffset From, DateTimeOffset To)> spans = new();

    /// <summary>The end of the stretch that holds an instant; null if none does.</summary>
    public DateTimeOffset? EndOf(DateTimeOffset instant)
    {
        foreach (var (from, to) in spans)
        {
            if (from < instant && instant <= to)
            {
                return to;
            }
        }

        return null;
    }

    /// <summary>Adds one, and joins it with those that it meets.</summary>
    public void Add(DateTimeOffset from, DateTimeOffset to)
    {
        for (var node = spans.First; node is not null;)
        {
            var (known, next) = (node.Value, node.Next);
            if (known.From <= to && from <= known.To)
            {
                (from, to) = (known.From < from ? known.From : from, known.To > to ? known.To : to);
                spans.Remove(node);
            }

            node = next;
        }

        spans.AddFirst((from, to));
        if (spans.Count > Most)
        {
            spans.RemoveLast();
        }
    }
}
