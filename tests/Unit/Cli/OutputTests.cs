using System.Text;
using VertexAr.Backup.Cli;

namespace VertexAr.Backup.Tests.Cli;

public sealed class OutputTests : IDisposable
{
    private readonly MemoryStream stream = new();

    private string Written => Encoding.UTF8.GetString(stream.ToArray());

    public void Dispose() => stream.Dispose();

    [Fact]
    public void A_line_shows_control_characters()
    {
        var output = new Output(stream);
        output.Line("a\nb");
        output.Flush();

        Assert.Equal("a\\nb\n", Written);
    }

    [Fact]
    public void Text_keeps_its_line_ends()
    {
        var output = new Output(stream);
        output.Text("a\nb\n");
        output.Flush();

        Assert.Equal("a\nb\n", Written);
    }

    [Fact]
    public void A_record_is_one_line_that_begins_with_its_type()
    {
        var output = new Output(stream, json: true);
        output.Record("snapshot", json => json.WriteString("path", "портрет\n\u001b\u202e"));
        output.Flush();

        Assert.True(output.Json);
        Assert.Equal("""{"message_type":"snapshot","path":"портрет\n\u001B\u202E"}""" + "\n", Written);
    }

    [Fact]
    public void Much_output_is_not_held_back()
    {
        var output = new Output(stream);
        for (var i = 0; i < 2000; i++)
        {
            output.Line("twenty characters long");
        }

        Assert.InRange(stream.Length, 16 * 1024, 2000 * 23);
    }

    [Fact]
    public void A_reader_that_is_gone_is_no_error_and_work_goes_on()
    {
        var output = new Output(new BrokenStream(errno: 32));
        output.Line("x");
        output.Flush();
        output.Line("y");
        output.Flush();

        Assert.True(output.IsBroken);
        Assert.Null(output.Failure);
    }

    [Fact]
    public void Output_lost_on_a_full_disk_is_remembered()
    {
        var output = new Output(new BrokenStream(errno: 28));
        output.Line("x");
        output.Flush();

        Assert.True(output.IsBroken);
        Assert.Equal(28, output.Failure?.HResult);
    }
}
