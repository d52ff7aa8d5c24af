using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Cli;

/// <summary>What a command line gave: values by the table's own options. Each is checked against its option as it arrives.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, List<string>> values = new(StringComparer.Ordinal);
    private readonly List<string> positionals = [];

    public IReadOnlyList<string> Positionals => positionals;

    public bool Has(Option option) => values.ContainsKey(option.Name);

    public string? Value(Option option) => values.TryGetValue(option.Name, out var given) ? given[0] : null;

    public IReadOnlyList<string> Values(Option option) => values.TryGetValue(option.Name, out var given) ? given : [];

    public int? Number(Option option) => Value(option) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : null;

    public string? Positional(int index) => index < positionals.Count ? positionals[index] : null;

    public void Add(string positional)
    {
        RequireText("an argument", positional);
        positionals.Add(positional);
    }

    public void Add(Option flag) => values.TryAdd(flag.Name, []);

    public void Add(Option option, string value)
    {
        Check(option, value);
        if (!values.TryGetValue(option.Name, out var given))
        {
            values.Add(option.Name, [value]);
        }
        else if (option.Repeats)
        {
            given.Add(value);
        }
        else if (given[0] != value)
        {
            throw UserError.Usage($"option '{option.Name}' is given twice, as '{given[0]}' and as '{value}'");
        }
    }

    private static void RequireText(string what, string value)
    {
        if (!ArgumentBytes.IsText(value))
        {
            throw UserError.Usage($"{what} is given as {ShellWord.Of(value)}, which is not UTF-8", "only --path takes such names; choose one in UTF-8");
        }
    }

    private static void Check(Option option, string value)
    {
        if (option != CommandTable.Path)
        {
            RequireText($"option '{option.Name}'", value);
        }

        if (value.Length == 0)
        {
            throw UserError.Usage($"option '{option.Name}' needs a value that is not empty: {option.Allowed}");
        }

        if (option.Choices is { } choices && !choices.Contains(value))
        {
            throw UserError.Usage(
                $"option '{option.Name}' cannot be '{value}'; it must be {option.Allowed}{NearestWord.Suggestion(value, choices)}");
        }

        if (option.Minimum is { } minimum && !IsNumber(value, minimum))
        {
            throw UserError.Usage($"option '{option.Name}' cannot be '{value}'; it must be {option.Allowed}");
        }
    }

    private static bool IsNumber(string value, int minimum) =>
        int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= minimum;
}
