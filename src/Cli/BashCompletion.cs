using System.Globalization;
using System.Text;

namespace VertexAr.Backup.Cli;

/// <summary>Completion for bash, out of the table. The function looks words up by command and option; it needs no helper package.</summary>
internal static class BashCompletion
{
    public static string Render()
    {
        var globals = CommandTable.Globals;
        var options = globals.Concat(CommandTable.Commands.SelectMany(entry => entry.ShownOptions)).DistinctBy(option => option.Name).ToList();
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"# Made from the table of commands by '{CommandTable.Program} help --completion bash'.\n\n");
        text.Append("_vertex_ar_backup() {\n");
        text.Append("    local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} command='' words='' argument=0 i\n");
        text.Append("    COMPREPLY=()\n\n");
        text.Append("    # What an option takes.\n    case $previous in\n");
        foreach (var option in options.Where(option => option.TakesValue))
        {
            text.Append(CultureInfo.InvariantCulture, $"        {option.Name}) {Value(option)}; return ;;\n");
        }

        text.Append("    esac\n\n    # The command, and how many arguments it has already.\n");
        text.Append("    for ((i = 1; i < COMP_CWORD; i++)); do\n        case ${COMP_WORDS[i]} in\n");
        text.Append(CultureInfo.InvariantCulture, $"            {string.Join(" | ", options.Where(option => option.TakesValue).Select(option => option.Name))}) ((i++)) ;;\n");
        text.Append("            -*) ;;\n");
        text.Append("            *) if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else ((argument += 1)); fi ;;\n");
        text.Append("        esac\n    done\n\n");
        text.Append("    if [[ $current == -* ]]; then\n        case $command in\n");
        foreach (var entry in CommandTable.Commands.Where(entry => entry.ShownOptions.Any()))
        {
            text.Append(CultureInfo.InvariantCulture, $"            {entry.Name}) words='{Names(entry.ShownOptions)}' ;;\n");
        }

        text.Append(CultureInfo.InvariantCulture, $"        esac\n        words=\"$words {Names(globals)}\"\n    else\n        case $command:$argument in\n");
        text.Append(CultureInfo.InvariantCulture, $"            :*) words='{Commands()}' ;;\n");
        foreach (var entry in CommandTable.Commands)
        {
            for (var i = 0; i < entry.Positionals.Count; i++)
            {
                text.Append(CultureInfo.InvariantCulture, $"            {entry.Name}:{i}) words={Words(entry.Positionals[i])} ;;\n");
            }
        }

        text.Append("        esac\n    fi\n    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n\n");
        text.Append(CultureInfo.InvariantCulture, $"complete -o filenames -F _vertex_ar_backup {CommandTable.Program}\n");
        return text.ToString();
    }

    private static string Value(Option option) => option switch
    {
        { Choices: { } choices } => $"mapfile -t COMPREPLY < <(compgen -W '{string.Join(' ', choices)}' -- \"$current\")",
        { Placeholder: "FILE" } => "mapfile -t COMPREPLY < <(compgen -f -- \"$current\")",
        { Placeholder: "DIR" } => "mapfile -t COMPREPLY < <(compgen -d -- \"$current\")",
        _ => ":",
    };

    private static string Words(Positional argument) => argument switch
    {
        { Choices: { } choices } => $"'{string.Join(' ', choices)}'",
        { Name: "ID" } => $"\"{CommandTable.Latest} $({CommandTable.Program} list 2>/dev/null | sed -n 's/^\\([0-9]\\{{8\\}}T[0-9]*Z[^ ]*\\).*/\\1/p')\"",
        { Name: "COMMAND" } => $"'{Commands()}'",
        _ => "",
    };

    private static string Commands() => string.Join(' ', CommandTable.Commands.Select(entry => entry.Name));

    private static string Names(IEnumerable<Option> options) => string.Join(' ', options.Select(option => option.Name));
}
