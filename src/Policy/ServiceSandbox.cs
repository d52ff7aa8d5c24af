namespace VertexAr.Backup.Policy;

/// <summary>A place that a run needs, and <paramref name="What"/> it is to it. A <paramref name="Tree"/> is needed with all below.</summary>
internal sealed record PathNeed(string Path, bool Write, string What, bool Tree = false)
{
    public Reach Wanted => Write ? Reach.Writable : Reach.ReadOnly;
}

/// <summary>Whether the sandbox of the service fits a configuration, and the drop-in that makes it fit.</summary>
internal static class ServiceSandbox
{
    public const string Unit = "vertex-ar-backup.service";

    /// <summary>Not 'systemctl edit --stdin', which Debian 12 does not have.</summary>
    public const string MendingCommand =
        $"sudo vertex-ar-backup config sandbox | sudo install -D -m 644 /dev/stdin /etc/systemd/system/{Unit}.d/paths.conf"
        + " && sudo systemctl daemon-reload";

    /// <summary>The needs that the service cannot meet in its sandbox.</summary>
    public static IReadOnlyList<PathNeed> Unmet(UnitSandbox sandbox, IEnumerable<PathNeed> needs) =>
        [.. needs.Where(need => sandbox.Of(need) < need.Wanted)];

    /// <summary>
    /// The drop-in's lines, for the unit without drop-ins. Places get a leading "-": one that is missing must fail the run with
    /// a message of the program's, not of systemd's.
    /// </summary>
    public static IEnumerable<string> DropIn(UnitSandbox sandbox, IReadOnlyList<PathNeed> needs)
    {
        var mounts = needs.Select(need => need.Path).Where(path => !sandbox.MountsAwaited.Contains(path))
            .Distinct().Order(StringComparer.Ordinal).Select(path => $"RequiresMountsFor={UnitText.Word(path)}").ToList();
        var grants = Grants(sandbox, Unmet(sandbox, needs)).ToList();
        yield return $"# Made by 'vertex-ar-backup config sandbox', for {Unit}.";
        if (mounts.Count + grants.Count == 0)
        {
            yield return "# The service as installed reaches all that the configuration names; nothing need be added.";
        }

        foreach (var line in Section("[Unit]", mounts).Concat(Section("[Service]", grants)))
        {
            yield return line;
        }
    }

    private static IEnumerable<string> Section(string title, List<string> lines) => lines.Count == 0 ? [] : ["", title, .. lines];

    private static IEnumerable<string> Grants(UnitSandbox sandbox, IReadOnlyList<PathNeed> unmet)
    {
        // A tree that holds the homes needs them as they are; single places in them are shown in otherwise empty homes.
        var openHomes = unmet.Any(need => need.Tree && UnitSandbox.HoldsHomes(need.Path));
        var inHomes = unmet.Any(need => UnitSandbox.IsHome(need.Path) && sandbox.Of(need) == Reach.Hidden);
        if (openHomes || inHomes)
        {
            yield return openHomes ? "ProtectHome=read-only" : "ProtectHome=tmpfs";
        }

        var granted = new List<PathNeed>();
        foreach (var need in unmet.OrderBy(need => need.Path, StringComparer.Ordinal).ThenByDescending(need => need.Write))
        {
            var hidden = sandbox.Of(need) == Reach.Hidden && !(openHomes && (need.Tree || UnitSandbox.IsHome(need.Path)));
            if (granted.Exists(wider => UnitSandbox.Covers(wider.Path, need.Path) && (wider.Write || !need.Write)) || (!hidden && !need.Write))
            {
                continue;
            }

            granted.Add(need);
            var key = !hidden ? "ReadWritePaths" : need.Write ? "BindPaths" : "BindReadOnlyPaths";
            yield return $"{key}={UnitText.Word("-" + need.Path)}";
        }
    }
}
