using System.Runtime.InteropServices;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Cli;

/// <summary>A column. Numbers stand to the right; one that <paramref name="Shrinks"/> is cut when the line gets too wide.</summary>
internal sealed record Column(string Title, bool Right = false, bool Shrinks = false);

/// <summary>Rows in aligned columns, at most <paramref name="width"/> wide as far as shrinking columns allow.</summary>
/// <param name="columns">From left to right.</param>
/// <param name="width">Columns of the terminal.</param>
/// <param name="rows">How many there will be, where they may be thousands.</param>
internal sealed class Table(IReadOnlyList<Column> columns, int width = 80, int rows = 8)
{
    private const int Gap = 2;
    private const int Narrowest = 8;

    /// <summary>One row after the other.</summary>
    private readonly List<string> cells = new(rows * columns.Count);

    /// <summary>One cell a column. Control characters are shown, not sent.</summary>
    public void Add(params ReadOnlySpan<string> row)
    {
        if (row.Length != columns.Count)
        {
            throw new ArgumentException($"a row of {row.Length} cells in a table of {columns.Count} columns", nameof(row));
        }

        foreach (var cell in row)
        {
            cells.Add(Printable.Escape(cell));
        }
    }

    /// <summary>Prints the titles, then the rows, without trailing spaces.</summary>
    public void Print(Output output)
    {
        var widths = Widths();
        var line = new List<char>(width);
        Print(output, line, [.. columns.Select(column => column.Title)], widths);
        for (var row = CollectionsMarshal.AsSpan(cells); row.Length > 0; row = row[widths.Length..])
        {
            Print(output, line, row[..widths.Length], widths);
        }
    }

    private int[] Widths()
    {
        var widths = columns.Select(column => Printable.Width(column.Title)).ToArray();
        for (var i = 0; i < cells.Count; i++)
        {
            var column = i % widths.Length;
            widths[column] = Math.Max(widths[column], Printable.Width(cells[i]));
        }

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

    private void Print(Output output, List<char> line, ReadOnlySpan<string> row, int[] widths)
    {
        line.Clear();
        for (var i = 0; i < row.Length; i++)
        {
            var cell = Printable.Fit(row[i], widths[i]);
            var padding = widths[i] - Printable.Width(cell);
            Pad(line, (i == 0 ? 0 : Gap) + (columns[i].Right ? padding : 0));
            line.AddRange(cell.AsSpan());
            Pad(line, columns[i].Right ? 0 : padding);
        }

        output.Line(CollectionsMarshal.AsSpan(line).TrimEnd(' '));
    }

    private static void Pad(List<char> line, int count)
    {
        for (var i = 0; i < count; i++)
        {
            line.Add(' ');
        }
    }
}
