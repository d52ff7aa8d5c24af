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
}
