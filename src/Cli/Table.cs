using System.Text;

namespace VertexAr.Backup.Cli;

/// <summary>A column. Numbers stand to the right; one that <paramref name="Shrinks"/> is cut when the line gets too wide.</summary>
internal sealed record Column(string Title, bool Right = false, bool Shrinks = false);

/// <summary>Rows in aligned columns, at most <paramref name="width"/> wide as far as shrinking columns allow.</summary>
internal sealed class Table(IReadOnlyList<Column> columns, int width = 80)
{
    private const int Gap = 2;
    private const int Narrowest = 8;

    private readonly List<string[]> rows = [];

    /// <summary>One cell a column. Control characters are shown, not sent.</summary>
    public void Add(params ReadOnlySpan<string> cells)
    {
        if (cells.Length != columns.Count)
        {
            throw new ArgumentException($"a row of {cells.Length} cells in a table of {columns.Count} columns", nameof(cells));
        }

        var row = new string[cells.Length];
        for (var i = 0; i < row.Length; i++)
        {
            row[i] = Printable.Escape(cells[i]);
        }

        rows.Add(row);
    }

    /// <summary>The titles, then the rows, without trailing spaces.</summary>
    public IEnumerable<string> Lines()
    {
        var widths = Widths();
        var line = new StringBuilder(width);
        yield return Line(line, columns.Select(column => column.Title).ToArray(), widths);
        foreach (var row in rows)
        {
            yield return Line(line, row, widths);
        }
    }

    private int[] Widths()
    {
        var widths = columns
            .Select((column, i) => rows.Select(row => Printable.Width(row[i])).Append(Printable.Width(column.Title)).Max())
            .ToArray();
        var excess = widths.Sum() + (Gap * (widths.Length - 1)) - width;
        while (excess > 0 && WidestShrinking(widths) is { } widest)
        {
            widths[widest]--;
            excess--;
        }

        return widths;
    }

    private int? WidestShrinking(int[] widths)
    {
        int? widest = null;
        for (var i = 0; i < widths.Length; i++)
        {
            if (columns[i].Shrinks && widths[i] > Narrowest && (widest is null || widths[i] > widths[widest.Value]))
            {
                widest = i;
            }
        }

        return widest;
    }

    private string Line(StringBuilder line, string[] cells, int[] widths)
    {
        line.Clear();
        for (var i = 0; i < cells.Length; i++)
        {
            var cell = Printable.Fit(cells[i], widths[i]);
            var pad = widths[i] - Printable.Width(cell);
            line.Append(' ', i == 0 ? 0 : Gap).Append(' ', columns[i].Right ? pad : 0).Append(cell).Append(' ', columns[i].Right ? 0 : pad);
        }

        while (line.Length > 0 && line[^1] == ' ')
        {
            line.Length--;
        }

        return line.ToString();
    }
}
