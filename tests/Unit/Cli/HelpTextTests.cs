using System.Runtime.CompilerServices;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Cli;

/// <summary>Help is pinned by files. After a wanted change: <c>UPDATE_GOLDEN=1 ./Unit</c>, and read the diff.</summary>
public sealed class HelpTextTests
{
    public static TheoryData<string> Topics() => [.. CommandTable.Commands.Select(entry => entry.Name), "overview"];

    [Theory]
    [MemberData(nameof(Topics))]
    public void Help_is_as_pinned(string topic)
    {
        var golden = Path.Combine(Here(), "golden", $"help-{topic}.txt");
        var help = HelpText.Render(topic == "overview" ? null : topic);
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(golden, help);
        }

        Assert.Equal(File.ReadAllText(golden), help);
    }

    [Theory]
    [MemberData(nameof(Topics))]
    public void Help_fits_80_columns(string topic)
    {
        var lines = HelpText.Render(topic == "overview" ? null : topic).Split('\n');

        Assert.All(lines, line => Assert.InRange(line.Length, 0, 80));
        Assert.All(lines, line => Assert.Equal(line.TrimEnd(), line));
    }

    [Fact]
    public void Every_exit_code_is_explained_once() =>
        Assert.Equal(Enum.GetValues<ExitCode>(), CommandTable.ExitCodes.Select(row => row.Code));

    [Fact]
    public void Every_example_is_a_command_line_that_parses() =>
        Assert.All(
            CommandTable.Commands.SelectMany(entry => entry.Examples),
            example => CommandLine.Parse(example.CommandLine.Replace("'", "", StringComparison.Ordinal).Split(' ')));

    [Fact]
    public void No_command_accepts_two_options_of_one_name() =>
        Assert.All(CommandTable.Commands, entry =>
        {
            var names = entry.Options.Concat(CommandTable.Globals).SelectMany(o => new[] { o.Name, o.Short }).OfType<string>().ToList();
            Assert.Equal(names.Distinct(), names);
        });

    [Fact]
    public void An_unknown_topic_is_a_usage_error() =>
        Assert.Equal("unknown command 'lst'; did you mean 'list'?", Assert.Throws<UserError>(() => HelpText.Render("lst")).Message);

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
