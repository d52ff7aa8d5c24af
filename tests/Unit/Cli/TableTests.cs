using System.Text;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Cli;

public sealed class TableTests
{
    [Fact]
    public void Columns_are_aligned_and_lines_end_without_spaces()
    {
        var table = new Table([new("ID"), new("Size", Right: true), new("Type")]);
        table.Add("a", "1.5 GiB", "full");
        table.Add("bcd", "2 B", "");

        Assert.Equal(["ID      Size  Type", "a    1.5 GiB  full", "bcd      2 B"], Lines(table));
    }

    [Fact]
    public void The_widest_shrinking_column_gives_way()
    {
        var table = new Table([new("ID"), new("Path", Shrinks: true), new("Why", Shrinks: true)], width: 40);
        table.Add("12345678", "a/very/long/path/that/goes/on/and/on", "no right to read");

        var lines = Lines(table).ToList();

        Assert.All(lines, line => Assert.InRange(Printable.Width(line), 1, 40));
        Assert.Equal("12345678  a/very/long/p…  no right to r…", lines[1]);
    }

    [Fact]
    public void A_column_that_must_stay_whole_stays_whole()
    {
        var table = new Table([new("Path")], width: 5);
        table.Add("portraits/42.jpg");

        Assert.Equal("portraits/42.jpg", Lines(table).Last());
    }

    [Fact]
    public void A_hostile_name_cannot_break_out_of_its_cell()
    {
        var table = new Table([new("Path"), new("Size", Right: true)]);
        table.Add("x\n\u001b[31m", "1 B");
        table.Add("日本", "20 B");

        Assert.Equal(["Path         Size", "x\\n\\x1b[31m   1 B", "日本         20 B"], Lines(table));
    }

    [Fact]
    public void A_row_of_another_length_is_a_bug() =>
        Assert.Throws<ArgumentException>(() => new Table([new("ID")]).Add("a", "b"));

    private static string[] Lines(Table table)
    {
        using var stream = new MemoryStream();
        var output = new Output(stream);
        table.Print(output);
        output.Flush();
        return Encoding.UTF8.GetString(stream.ToArray()).TrimEnd('\n').Split('\n');
    }
}
