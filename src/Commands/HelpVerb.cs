using System.Globalization;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

/// <summary><c>help</c>: asked for, a result; unasked, an answer to a command line without a command.</summary>
internal static class HelpVerb
{
    public static ExitCode Run(Surroundings around, HelpCommand command)
    {
        var text = HelpText.Render(command.Topic);
        if (!command.Asked)
        {
            around.Screen.Explain(text);
            return ExitCode.Usage;
        }

        around.Output.Text(text);
        return ExitCode.Done;
    }

    /// <summary>The page's date is the package's, so that the same sources give the same page.</summary>
    public static ExitCode PrintManPage(Surroundings around)
    {
        var built = long.TryParse(around.Environment("SOURCE_DATE_EPOCH"), CultureInfo.InvariantCulture, out var epoch)
            ? DateTimeOffset.FromUnixTimeSeconds(epoch)
            : around.Clock.GetUtcNow();
        around.Output.Text(ManPage.Render(VersionVerb.Version, DateOnly.FromDateTime(built.UtcDateTime)));
        return ExitCode.Done;
    }

    public static ExitCode PrintCompletion(Surroundings around, CompletionCommand command)
    {
        around.Output.Text(command.Shell == "bash" ? BashCompletion.Render() : ZshCompletion.Render());
        return ExitCode.Done;
    }
}
