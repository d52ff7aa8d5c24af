using VertexAr.Backup.Core;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Cli;

/// <summary>
/// Tokens to a command, by the table. It never acts and prints nothing: what is wrong with a command line is a
/// <see cref="UserError"/>. Values follow as <c>--option value</c> or <c>--option=value</c>; <c>--</c> ends options.
/// </summary>
internal sealed class CommandLine
{
    private readonly IReadOnlyList<string> tokens;
    private readonly Arguments arguments = new();
    private CommandEntry? entry;
    private int next;

    private CommandLine(IReadOnlyList<string> tokens) => this.tokens = tokens;

    public static (GlobalOptions Options, Command Command) Parse(IReadOnlyList<string> args) => new CommandLine(args).Parse();

    private (GlobalOptions Options, Command Command) Parse()
    {
        var optionsEnded = false;
        while (next < tokens.Count)
        {
            var token = tokens[next++];
            if (!optionsEnded && token == "--")
            {
                optionsEnded = true;
            }
            else if (!optionsEnded && token.Length > 1 && token[0] == '-')
            {
                TakeOption(token);
            }
            else
            {
                TakeWord(token);
            }
        }

        return (Globals(), Bind());
    }

    private void TakeOption(string token)
    {
        var equals = token.StartsWith("--", StringComparison.Ordinal) ? token.IndexOf('=', StringComparison.Ordinal) : -1;
        var name = equals < 0 ? token : token[..equals];
        var option = Accepted().FirstOrDefault(known => known.Name == name || known.Short == name) ?? throw Unknown(name);
        if (!option.TakesValue && equals >= 0)
        {
            throw UserError.Usage($"option '{option.Name}' takes no value, but is given '{token[(equals + 1)..]}'");
        }

        if (option.TakesValue)
        {
            arguments.Add(option, equals >= 0 ? token[(equals + 1)..] : FollowingValue(option));
        }
        else
        {
            arguments.Add(option);
        }
    }

    /// <summary>A following option is no value: "--config --json" forgot something. "--config=--json" says what it means.</summary>
    private string FollowingValue(Option option)
    {
        if (next < tokens.Count && !tokens[next].StartsWith("--", StringComparison.Ordinal)
            && Accepted().All(known => known.Short != tokens[next]))
        {
            return tokens[next++];
        }

        throw UserError.Usage($"option '{option.Name}' needs a value: {option.Allowed}");
    }

    private void TakeWord(string word)
    {
        if (entry is null)
        {
            entry = CommandTable.Require(word);
            return;
        }

        if (arguments.Positionals.Count == entry.Positionals.Count)
        {
            throw UserError.Usage($"'{entry.Name}' has no use for '{word}'", HelpHint());
        }

        var positional = entry.Positionals[arguments.Positionals.Count];
        if (word.Length == 0 || positional.Choices?.Contains(word) == false)
        {
            var allowed = positional.Choices is { } choices ? $"it must be {Words.Or(choices)}" : "it must not be empty";
            throw UserError.Usage(
                $"{positional.Name} of '{entry.Name}' cannot be '{word}'; {allowed}"
                    + NearestWord.Suggestion(word, positional.Choices ?? []),
                HelpHint());
        }

        arguments.Add(word);
    }

    private Command Bind()
    {
        if (arguments.Has(CommandTable.Version))
        {
            return new VersionCommand();
        }

        if (arguments.Has(CommandTable.Help))
        {
            return entry == CommandTable.Find("help") ? entry!.Bind(arguments) : new HelpCommand(entry?.Name);
        }

        if (entry is null)
        {
            return new HelpCommand(null, Asked: false);
        }

        if (entry.Positionals.Skip(arguments.Positionals.Count).FirstOrDefault(missing => missing.Required) is { } positional)
        {
            throw UserError.Usage($"'{entry.Name}' needs {positional.Name}: {positional.Help}", HelpHint());
        }

        return entry.Bind(arguments);
    }

    private GlobalOptions Globals()
    {
        var (quiet, verbose) = (arguments.Has(CommandTable.Quiet), arguments.Has(CommandTable.Verbose));
        return quiet && verbose
            ? throw UserError.Usage("'--quiet' and '--verbose' contradict each other; give one of them")
            : new GlobalOptions(
                arguments.Value(CommandTable.Config),
                arguments.Value(CommandTable.BackupDir),
                arguments.Has(CommandTable.Json),
                quiet,
                verbose,
                arguments.Has(CommandTable.NoProgress))
            {
                Trust = arguments.Has(CommandTable.Trust) ? arguments.Values(CommandTable.Trust) : null,
            };
    }

    private IEnumerable<Option> Accepted() => entry is null ? CommandTable.Globals : entry.Options.Concat(CommandTable.Globals);

    private UserError Unknown(string name)
    {
        var owners = CommandTable.Commands.Where(other => other.Options.Any(option => option.Name == name))
            .Select(other => $"'{other.Name}'").ToList();
        if (owners.Count > 0)
        {
            return entry is null
                ? UserError.Usage($"option '{name}' must follow its command, {Words.Or(owners)}")
                : UserError.Usage($"option '{name}' is for {Words.Or(owners)}, not for '{entry.Name}'", HelpHint());
        }

        // Before a command is named, the option may be any command's.
        var known = entry is null ? CommandTable.Globals.Concat(CommandTable.Commands.SelectMany(c => c.ShownOptions)) : Accepted();
        var place = entry is null ? "" : $" for '{entry.Name}'";
        return UserError.Usage(
            $"unknown option '{name}'{place}{NearestWord.Suggestion(name, known.Select(option => option.Name).Distinct())}", HelpHint());
    }

    private string HelpHint() => $"'{CommandTable.Program} help{(entry is null ? "" : " " + entry.Name)}' lists what is accepted";
}
