using VertexAr.Backup.Core;

namespace VertexAr.Backup.Cli;

/// <summary>From checked arguments to the commands about the second place.</summary>
internal static class OffsiteBindings
{
    private const int All = 100;

    public static Command Offsite(Arguments given)
    {
        var (action, id, place) = (given.Positionals[0], given.Positional(1), Place(given));
        Refuse(given, action, CommandTable.DryRun, "push");
        Refuse(given, action, CommandTable.Moved, "push", "pull");
        Refuse(given, action, CommandTable.Deep, "verify");
        Refuse(given, action, CommandTable.Sample, "verify");
        if (id is not null && action is "push" or "status")
        {
            throw UserError.Usage($"'offsite {action}' has no use for '{id}': it is about all snapshots");
        }

        return action switch
        {
            "push" => new OffsitePushCommand(place, given.Has(CommandTable.DryRun), given.Has(CommandTable.Moved)),
            "pull" => new OffsitePullCommand(place, id, given.Has(CommandTable.Moved)),
            "status" => new OffsiteStatusCommand(place),
            _ => new OffsiteVerifyCommand(place, id, Percent(given)),
        };
    }

    /// <summary>Where to take it from, if not from the backup directory.</summary>
    public static OffsitePlace? From(Arguments given)
    {
        if (given.Has(CommandTable.FromOffsite))
        {
            return Place(given);
        }

        foreach (var option in new[] { CommandTable.Remote, CommandTable.RcloneConfig }.Where(given.Has))
        {
            throw UserError.Usage($"'{option.Name}' says which second place; add '{CommandTable.FromOffsite.Name}' to take anything from there");
        }

        return null;
    }

    private static OffsitePlace Place(Arguments given) => new(given.Value(CommandTable.Remote), given.Value(CommandTable.RcloneConfig));

    private static int Percent(Arguments given)
    {
        var (deep, sample) = (given.Has(CommandTable.Deep), given.Number(CommandTable.Sample));
        return deep && sample is not null
            ? throw UserError.Usage("'offsite verify' is told both '--deep' and '--sample'; give one of them")
            : sample > All
                ? throw UserError.Usage($"option '{CommandTable.Sample.Name}' cannot be '{sample}'; it must be a whole number from 1 to {All}")
                : deep ? All : sample ?? 0;
    }

    private static void Refuse(Arguments given, string action, Option option, params ReadOnlySpan<string> owners)
    {
        if (given.Has(option) && !owners.Contains(action))
        {
            throw UserError.Usage($"option '{option.Name}' is for 'offsite {string.Join(" | ", owners)}', not for 'offsite {action}'");
        }
    }
}
