using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Cli;

/// <summary>
/// The commands that messages offer: each must work as it is printed, so it gets the options by which this one found its
/// configuration and its backup directory.
/// </summary>
/// <param name="configFile">The configuration file, if one was named; null for the usual one.</param>
/// <param name="backupDirectory">The backup directory, if one was named; null for the configured one.</param>
internal sealed class OfferedCommands(string? configFile = null, string? backupDirectory = null)
{
    private const string Program = CommandTable.Program + " ";

    private static readonly HashSet<string> Verbs = [.. CommandTable.Commands.Select(command => command.Name.Split(' ')[0])];

    private readonly string options = Option(CommandTable.Config, configFile) + Option(CommandTable.BackupDir, backupDirectory);

    /// <summary>The text with the options in each command of this program that is in it.</summary>
    public string Complete(string text)
    {
        if (options.Length == 0 || !text.Contains(Program, StringComparison.Ordinal))
        {
            return text;
        }

        var completed = new StringBuilder();
        var done = 0;
        for (int at; (at = text.IndexOf(Program, done, StringComparison.Ordinal)) >= 0;)
        {
            var end = at + Program.Length;
            completed.Append(text, done, end - done);
            if ((at == 0 || text[at - 1] is ' ' or '\'' or '(') && IsVerb(text.AsSpan(end)))
            {
                completed.Append(options);
            }

            done = end;
        }

        return completed.Append(text, done, text.Length - done).ToString();
    }

    private static bool IsVerb(ReadOnlySpan<char> rest)
    {
        var length = rest.IndexOfAnyExceptInRange('a', 'z') is >= 0 and var end ? end : rest.Length;
        return Verbs.Contains(rest[..length].ToString());
    }

    private static string Option(Option option, string? path) => path is null ? "" : $"{option.Name} {ShellWord.Of(Path.GetFullPath(path))} ";
}
