using System.Globalization;
using System.Text;

namespace VertexAr.Backup.Cli;

/// <summary>Help out of the table, for a terminal of 80 columns.</summary>
internal static class HelpText
{
    private const int Width = 80;
    private const int Indent = 2;

    /// <summary>All commands when <paramref name="topic"/> is null, else that command.</summary>
    public static string Render(string? topic) => topic is null ? Overview() : Command(CommandTable.Require(topic));

    private static string Overview()
    {
        var text = new StringBuilder();
        Section(text, "Usage:", [new($"{CommandTable.Program} COMMAND [ARGUMENT]... [OPTION]...", "")]);
        Paragraph(text, "Backs up SQLite databases and file trees as snapshots, and restores them.");
        Section(text, "Commands:", CommandTable.Commands.Select(entry => new Explained(entry.Name, entry.Summary)));
        Section(text, "Options, before or after any command:", CommandTable.Globals.Select(Row));
        Section(text, "Environment, which overrides the configuration file:", CommandTable.EnvironmentVariables);
        Section(text, "Exit codes:", CommandTable.ExitCodes.Select(
            row => new Explained(((int)row.Code).ToString(CultureInfo.InvariantCulture), row.Meaning)));
        Paragraph(text, $"'{CommandTable.Program} help COMMAND' explains a command.");
        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static string Command(CommandEntry entry)
    {
        var text = new StringBuilder();
        text.Append("Usage:\n");
        Wrap(text, Usage(entry), Indent, hanging: Indent + CommandTable.Program.Length + entry.Name.Length + 2);
        text.Append('\n');
        Paragraph(text, entry.Description);
        Section(text, "Arguments:", entry.Positionals.Select(argument => new Explained(argument.Name, argument.Help)));
        Section(text, "Options:", entry.ShownOptions.Select(Row));
        Section(text, "Options of every command:", CommandTable.Globals.Select(Row));
        text.Append("Examples:\n");
        foreach (var example in entry.Examples)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {CommandTable.Program} {example.CommandLine}\n");
            Wrap(text, example.Explanation, Indent * 3, Indent * 3);
        }

        return text.ToString();
    }

    /// <summary>Wrapping must not part an option from its value: a no-break space joins them until they are printed.</summary>
    internal static string Usage(CommandEntry entry)
    {
        var words = entry.Positionals.Select(argument => (argument.Required, argument.Choices) switch
        {
            (true, { } choices) => string.Join('|', choices),
            (true, null) => argument.Name,
            (false, { } choices) => $"[{string.Join('|', choices)}]",
            _ => $"[{argument.Name}]",
        });
        var options = entry.ShownOptions.Select(option =>
            option.TakesValue ? $"[{option.Name}\u00a0{option.Placeholder}]{(option.Repeats ? "..." : "")}" : $"[{option.Name}]");
        return string.Join(' ', [CommandTable.Program, entry.Name, .. words, .. options]);
    }

    private static Explained Row(Option option)
    {
        var left = option.Short is null ? option.Name : $"{option.Short}, {option.Name}";
        var choices = option.Choices is null ? "" : $" ({Words.Or(option.Choices)})";
        return new Explained(option.TakesValue ? $"{left} {option.Placeholder}" : left, option.Help + choices);
    }

    private static void Section(StringBuilder text, string title, IEnumerable<Explained> rows)
    {
        var all = rows.ToList();
        if (all.Count == 0)
        {
            return;
        }

        text.Append(title).Append('\n');
        var column = Indent + all.Max(row => row.Thing.Length) + 2;
        foreach (var (left, right) in all)
        {
            var lead = new string(' ', Indent) + left;
            Wrap(text, right, column, column, right.Length == 0 ? lead : lead.PadRight(column));
        }

        text.Append('\n');
    }

    private static void Paragraph(StringBuilder text, string words)
    {
        Wrap(text, words, 0, 0);
        text.Append('\n');
    }

    /// <summary>Breaks at spaces; <paramref name="lead"/> stands in place of the first line's indent.</summary>
    private static void Wrap(StringBuilder text, string words, int indent, int hanging, string? lead = null)
    {
        var line = new StringBuilder(lead ?? new string(' ', indent));
        var empty = true;
        foreach (var word in words.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (!empty && line.Length + 1 + word.Length > Width)
            {
                text.Append(line).Append('\n');
                line.Clear().Append(' ', hanging);
                empty = true;
            }

            line.Append(empty ? "" : " ").Append(word);
            empty = false;
        }

        text.Append(line.Replace('\u00a0', ' ')).Append('\n');
    }
}
