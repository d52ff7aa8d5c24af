using System.Globalization;
using System.Text;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Cli;

/// <summary>The man page's source (man(7) macros), out of the table that help is made of.</summary>
internal sealed class ManPage
{
    private const string Configuration = "vertex-ar-backup.json";

    private readonly StringBuilder text = new();

    private ManPage()
    {
    }

    public static string Render(string version, DateOnly date)
    {
        var page = new ManPage();
        page.Head(version, date);
        page.Description();
        page.Commands();
        page.Section("OPTIONS");
        page.Paragraph("These are accepted before and after every command.");
        page.Options(CommandTable.Globals);
        page.ExitStatus();
        page.Files();
        page.Environment();
        page.Examples();
        page.SeeAlso();
        return page.text.ToString();
    }

    private void Head(string version, DateOnly date)
    {
        var name = CommandTable.Program;
        text.Append(CultureInfo.InvariantCulture, $".\\\" Made from the table of commands by '{name} help --man'.\n");
        text.Append(CultureInfo.InvariantCulture, $".TH {Escape(name.ToUpperInvariant())} 1 {date:yyyy-MM-dd} \"{name} {version}\" \"User Commands\"\n");
        text.Append(".nh\n.ad l\n"); // Commands and paths must not be hyphenated or stretched.
        Section("NAME");
        text.Append(CultureInfo.InvariantCulture, $"{Escape(name)} \\- backups of a live SQLite database and a tree of files\n");
        Section("SYNOPSIS");
        foreach (var entry in CommandTable.Commands)
        {
            Synopsis(entry);
        }
    }

    private void Description()
    {
        Section("DESCRIPTION");
        Paragraph($"{CommandTable.Program} takes snapshots of SQLite databases, which may be in use meanwhile, and of the files that belong to "
            + "them. A snapshot is consistent and complete, or marked as partial; it stores only what is new. Old snapshots are deleted "
            + "as the configuration says, and only after a new one is complete. A snapshot, or some files of it, can be restored "
            + "at any time.");
        Paragraph("As installed, it saves a Vertex AR server. A timer starts it each night at 02:00 as the user vertex-ar, once enabled:");
        Literal("sudo systemctl enable --now vertex-ar-backup.timer");
        Paragraph("The service runs in a sandbox. When the configuration names other places than the usual ones, 'config sandbox' prints what to "
            + "add to it:");
        Literal(ServiceSandbox.MendingCommand.Replace(" | ", " |\n    ", StringComparison.Ordinal)
            .Replace(" && ", " &&\n    ", StringComparison.Ordinal));
        Paragraph($"What fails is in the journal: 'journalctl -t {CommandTable.Program}'. Root may run every command; it then works as the user "
            + "that owns the backup directory, so that what it makes can be rotated by the service.");
        Paragraph("Removing the package, even purging it, keeps the backups and the user vertex-ar.");
    }

    private void Commands()
    {
        Section("COMMANDS");
        foreach (var entry in CommandTable.Commands)
        {
            text.Append(CultureInfo.InvariantCulture, $".SS {Escape(entry.Name)}\n");
            Synopsis(entry);
            Paragraph(entry.Description);
            foreach (var argument in entry.Positionals)
            {
                Item($"\\fI{Escape(argument.Name)}\\fR", argument.Help);
            }

            Options(entry.ShownOptions);
        }
    }

    private void Options(IEnumerable<Option> options)
    {
        foreach (var option in options)
        {
            var name = (option.Short is null ? "" : $"\\fB{Escape(option.Short)}\\fR, ") + $"\\fB{Escape(option.Name)}\\fR";
            var choices = option.Choices is null ? "" : $" ({Words.Or(option.Choices)})";
            Item(option.TakesValue ? $"{name} \\fI{Escape(option.Placeholder!)}\\fR" : name, option.Help + choices);
        }
    }

    private void ExitStatus()
    {
        Section("EXIT STATUS");
        foreach (var (code, meaning) in CommandTable.ExitCodes)
        {
            Item($"\\fB{(int)code}\\fR", meaning);
        }
    }

    private void Files()
    {
        Section("FILES");
        foreach (var (path, meaning) in CommandTable.Places)
        {
            Item($"\\fI{Escape(path)}\\fR", meaning);
        }
    }

    private void Environment()
    {
        Section("ENVIRONMENT");
        Paragraph("Variables override the configuration file; options override both. DATABASE_PATH and STORAGE_PATH replace the file's lists.");
        foreach (var (name, meaning) in CommandTable.EnvironmentVariables)
        {
            Item($"\\fB{Escape(name)}\\fR", meaning);
        }
    }

    private void Examples()
    {
        Section("EXAMPLES");
        foreach (var entry in CommandTable.Commands)
        {
            foreach (var example in entry.Examples)
            {
                Item($"\\fB{Escape($"{CommandTable.Program} {example.CommandLine}")}\\fR", example.Explanation);
            }
        }
    }

    private void SeeAlso()
    {
        Section("SEE ALSO");
        text.Append(CultureInfo.InvariantCulture, $"\\fB{Escape(Configuration)}\\fR(5), \\fBsystemctl\\fR(1), \\fBjournalctl\\fR(1), ");
        text.Append("\\fBsystemd.timer\\fR(5), \\fBsqlite3\\fR(1)\n");
    }

    private void Section(string title) => text.Append(CultureInfo.InvariantCulture, $".SH {Quoted(title)}\n");

    private void Paragraph(string words) => text.Append(".PP\n").Append(Line(words)).Append('\n');

    private void Literal(string lines) =>
        text.Append(".PP\n.RS 4\n.nf\n").AppendJoin('\n', lines.Split('\n').Select(Line)).Append("\n.fi\n.RE\n");

    /// <summary><paramref name="tag"/> is dressed already.</summary>
    private void Item(string tag, string meaning) => text.Append(".TP\n").Append(tag).Append('\n').Append(Line(meaning)).Append('\n');

    /// <summary>The command in bold, and what stands for a value in italics, hanging under the first argument.</summary>
    private void Synopsis(CommandEntry entry)
    {
        var indent = CommandTable.Program.Length + 1;
        text.Append(CultureInfo.InvariantCulture, $".HP {indent}\n");
        var words = HelpText.Usage(entry).Split(' ').Select((word, i) => i < 2 ? $"\\fB{Escape(word)}\\fR" : Dressed(word));
        text.AppendJoin(' ', words).Append('\n');
    }

    private static string Dressed(string word)
    {
        var dressed = new StringBuilder();
        var plain = word.TrimStart('[');
        dressed.Append(word, 0, word.Length - plain.Length);
        var end = plain.IndexOf(']', StringComparison.Ordinal);
        var (inside, rest) = end < 0 ? (plain, "") : (plain[..end], plain[end..]);
        var parts = inside.Split('\u00a0');
        dressed.Append(parts[0].StartsWith('-') || char.IsLower(parts[0][0]) ? $"\\fB{Escape(parts[0])}\\fR" : $"\\fI{Escape(parts[0])}\\fR");
        foreach (var value in parts.Skip(1))
        {
            dressed.Append(CultureInfo.InvariantCulture, $"\\ \\fI{Escape(value)}\\fR");
        }

        return dressed.Append(rest).ToString();
    }

    private static string Quoted(string words) => words.Contains(' ', StringComparison.Ordinal) ? $"\"{words}\"" : words;

    /// <summary>A line that begins with a dot or an apostrophe would be taken for a macro.</summary>
    private static string Line(string words) => (words.StartsWith('.') || words.StartsWith('\'') ? "\\&" : "") + Escape(words);

    /// <summary>Dashes that can be copied, apostrophes that stay straight.</summary>
    private static string Escape(string words) => words
        .Replace("\\", "\\e", StringComparison.Ordinal)
        .Replace("-", "\\-", StringComparison.Ordinal)
        .Replace("'", "\\(aq", StringComparison.Ordinal);
}
