using VertexAr.Backup.Core;

namespace VertexAr.Backup.Cli;

/// <summary>
/// One option as the table knows it. Without a <paramref name="Placeholder"/> it is a flag; with one it takes a value, which
/// must be one of <paramref name="Choices"/> if there are any, and a whole number if it has a <paramref name="Minimum"/>.
/// One that <paramref name="Repeats"/> adds a value when given again, instead of contradicting the first. One that is
/// <paramref name="Hidden"/> is accepted, but no help tells of it. Names carry their dashes.
/// </summary>
internal sealed record Option(
    string Name,
    string Help,
    string? Placeholder = null,
    string? Short = null,
    bool Repeats = false,
    IReadOnlyList<string>? Choices = null,
    int? Minimum = null,
    bool Hidden = false)
{
    public bool TakesValue => Placeholder is not null;

    /// <summary>What a value may be, for error messages.</summary>
    public string Allowed => this switch
    {
        { Choices: { } choices } => Words.Or(choices),
        { Minimum: { } minimum } => $"a whole number of {minimum} or more",
        _ => Placeholder ?? "",
    };
}

/// <summary>An argument known by its place. It must be one of <paramref name="Choices"/>, if there are any.</summary>
internal sealed record Positional(string Name, string Help, bool Required = false, IReadOnlyList<string>? Choices = null);

internal sealed record Example(string CommandLine, string Explanation);

/// <summary>
/// One command: what parser, help, man page and shell completion need to know about it. <paramref name="Bind"/> makes the
/// typed record out of arguments that are checked already.
/// </summary>
internal sealed record CommandEntry(
    string Name,
    string Summary,
    string Description,
    IReadOnlyList<Positional> Positionals,
    IReadOnlyList<Option> Options,
    IReadOnlyList<Example> Examples,
    Func<Arguments, Command> Bind)
{
    /// <summary>The options that help tells of.</summary>
    public IEnumerable<Option> ShownOptions => Options.Where(option => !option.Hidden);
}

/// <summary>A word of the command line or of its surroundings, and what it means.</summary>
internal sealed record Explained(string Thing, string Meaning);

internal sealed record ExplainedCode(ExitCode Code, string Meaning);
