using System.Globalization;
using System.Text;

namespace VertexAr.Backup.Cli;

/// <summary>Completion for zsh, out of the table: one call of _arguments a command.</summary>
internal static class ZshCompletion
{
    public static string Render()
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"#compdef {CommandTable.Program}\n");
        text.Append(CultureInfo.InvariantCulture, $"# Made from the table of commands by '{CommandTable.Program} help --completion zsh'.\n\n");
        text.Append("_vertex_ar_backup_commands() {\n    local -a commands=(\n");
        foreach (var entry in CommandTable.Commands)
        {
            text.Append(CultureInfo.InvariantCulture, $"        {Quote($"{entry.Name}:{entry.Summary}")}\n");
        }

        text.Append("    )\n    _describe command commands\n}\n\n");
        text.Append("_vertex_ar_backup_snapshots() {\n");
        text.Append(CultureInfo.InvariantCulture, $"    compadd {CommandTable.Latest} ${{(M)${{(f)\"$({CommandTable.Program} list 2>/dev/null)\"}}%% *:#[0-9]*}}\n}}\n\n");
        text.Append("_vertex_ar_backup() {\n    local -a globals=(\n");
        foreach (var option in CommandTable.Globals)
        {
            text.Append(CultureInfo.InvariantCulture, $"        {Spec(option)}\n");
        }

        text.Append("    )\n    local context state state_descr line\n    typeset -A opt_args\n");
        text.Append("    _arguments -C $globals '1: :_vertex_ar_backup_commands' '*:: :->arguments' && return\n");
        text.Append("    [[ $state == arguments ]] || return\n    case $line[1] in\n");
        foreach (var entry in CommandTable.Commands)
        {
            var arguments = entry.Positionals.Select((argument, i) => Spec(argument, i + 1)).Concat(entry.ShownOptions.Select(Spec));
            text.Append(CultureInfo.InvariantCulture, $"        {entry.Name})\n            _arguments {string.Join(" \\\n                ", ["$globals", .. arguments])} ;;\n");
        }

        return text.Append("    esac\n}\n\n_vertex_ar_backup \"$@\"\n").ToString();
    }

    private static string Spec(Option option)
    {
        var help = Bracketed(option.Help);
        var value = option switch
        {
            { TakesValue: false } => "",
            { Choices: { } choices } => $":{option.Placeholder}:({string.Join(' ', choices)})",
            { Placeholder: "FILE" } => ":FILE:_files",
            { Placeholder: "DIR" } => ":DIR:_files -/",
            _ => $":{option.Placeholder}: ",
        };
        var assign = option.TakesValue ? "=" : "";
        return option switch
        {
            { Repeats: true } => Quote($"*{option.Name}{assign}{help}{value}"),
            { Short: { } brief } => $"'({brief} {option.Name})'{{{brief},{option.Name}}}{Quote(help + value)}",
            _ => Quote($"{option.Name}{assign}{help}{value}"),
        };
    }

    private static string Spec(Positional argument, int place)
    {
        var colons = argument.Required ? ":" : "::";
        return Quote(argument switch
        {
            { Choices: { } choices } => $"{place}{colons}{argument.Name}:({string.Join(' ', choices)})",
            { Name: "ID" } => $"{place}{colons}{argument.Name}:_vertex_ar_backup_snapshots",
            { Name: "COMMAND" } => $"{place}{colons}{argument.Name}:_vertex_ar_backup_commands",
            _ => $"{place}{colons}{argument.Name}: ",
        });
    }

    private static string Bracketed(string help) => $"[{help.Replace(":", "\\:", StringComparison.Ordinal)}]";

    private static string Quote(string text) => $"'{text.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
