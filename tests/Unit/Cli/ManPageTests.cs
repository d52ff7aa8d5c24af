using VertexAr.Backup.Cli;

namespace VertexAr.Backup.Tests.Cli;

/// <summary>What is made of the command table for the package.</summary>
public sealed class ManPageTests
{
    private static readonly string Page = ManPage.Render("1.2.3", new DateOnly(2026, 11, 23));

    [Fact]
    public void It_has_the_sections_of_a_man_page_in_order() => Assert.Equal(
        ["NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "OPTIONS", "\"EXIT STATUS\"", "FILES", "ENVIRONMENT", "EXAMPLES", "\"SEE ALSO\""],
        Page.Split('\n').Where(line => line.StartsWith(".SH ", StringComparison.Ordinal)).Select(line => line[4..]));

    [Fact]
    public void It_begins_with_name_date_and_version() =>
        Assert.Contains(".TH VERTEX\\-AR\\-BACKUP 1 2026-11-23 \"vertex-ar-backup 1.2.3\" \"User Commands\"\n", Page, StringComparison.Ordinal);

    [Fact]
    public void It_explains_every_command_and_option()
    {
        foreach (var entry in CommandTable.Commands)
        {
            Assert.Contains($"\n.SS {entry.Name}\n", Page, StringComparison.Ordinal);
            Assert.All(entry.ShownOptions, option => Assert.Contains($"\\fB{option.Name.Replace("-", "\\-", StringComparison.Ordinal)}\\fR", Page, StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Hidden_options_are_accepted_but_nowhere_told_of()
    {
        Assert.IsType<ManPageCommand>(CommandLine.Parse(["help", "--man"]).Command);
        Assert.Equal(new CompletionCommand("zsh"), CommandLine.Parse(["help", "--completion", "zsh"]).Command);
        foreach (var text in new[] { Page.Replace("\\-", "-", StringComparison.Ordinal), HelpText.Render("help"), BashCompletion.Render(), ZshCompletion.Render() })
        {
            Assert.DoesNotContain("[--man]", text, StringComparison.Ordinal);
            Assert.DoesNotContain("--completion\\fR", text, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    public void A_completion_knows_every_command_and_option(string shell)
    {
        var text = shell == "bash" ? BashCompletion.Render() : ZshCompletion.Render();

        Assert.All(CommandTable.Commands, entry => Assert.Contains($" {entry.Name}", text, StringComparison.Ordinal));
        Assert.All(
            CommandTable.Commands.SelectMany(entry => entry.ShownOptions).Concat(CommandTable.Globals),
            option => Assert.Contains(option.Name, text, StringComparison.Ordinal));
    }
}
