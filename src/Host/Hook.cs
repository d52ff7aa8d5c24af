using VertexAr.Backup.Core;

namespace VertexAr.Backup.Host;

/// <summary>What a hook is told, as a variable of its environment.</summary>
internal sealed record HookFact(string Name, string Value);

/// <summary>Commands of the operator's around a run, each an argument list that no shell sees.</summary>
/// <param name="Name">Of the hook, as in the configuration.</param>
/// <param name="Commands">Run one after the other.</param>
/// <param name="Timeout">Of each of them.</param>
/// <param name="Passed">Names of variables that they get beyond those that any program gets.</param>
internal sealed record Hook(string Name, IReadOnlyList<IReadOnlyList<string>> Commands, TimeSpan Timeout, IReadOnlyList<string> Passed)
{
    private const string Prefix = "VERTEX_AR_BACKUP_";

    // The kernel takes 128 KiB in one variable.
    private const int LongestFact = 8000;

    /// <summary>Runs them, and returns what is wrong with the first that fails, as a sentence; null if none does.</summary>
    /// <param name="facts">Handed over as VERTEX_AR_BACKUP_….</param>
    /// <param name="heard">Told each line that they say.</param>
    /// <param name="stop">Ends the one that runs.</param>
    public string? Run(IEnumerable<HookFact> facts, Action<string> heard, CancellationToken stop)
    {
        var environment = ChildEnvironment.Choose(Passed);
        foreach (var fact in facts.Append(new HookFact("HOOK", Name)))
        {
            environment[Prefix + fact.Name] = Plain(fact.Value);
        }

        var options = new ChildOptions
        {
            Timeout = Timeout,
            Printed = new RedactedLines(Say).Hear,
            Said = new RedactedLines(Say).Hear,
            Environment = environment,
            IsEnvironmentChosen = true,
        };
        foreach (var command in Commands)
        {
            // Its arguments may not be for everybody.
            if (ChildProcess.Run(command, options, stop).Problem is { } problem)
            {
                return $"the hook {Name} failed: {command[0]} {problem}";
            }
        }

        return null;

        void Say(string line) => heard($"{Name}: {line}");
    }

    private static string Plain(string value)
    {
        var text = value.Replace('\0', ' ');
        return text.Length <= LongestFact ? text : text[..LongestFact];
    }
}
