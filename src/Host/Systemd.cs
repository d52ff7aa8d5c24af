using System.Globalization;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Host;

/// <summary>What starts the runs, as systemd knows it.</summary>
/// <param name="IsInstalled">There is such a unit.</param>
/// <param name="IsEnabled">It comes back after a boot.</param>
/// <param name="IsActive">It is running now.</param>
/// <param name="Next">When it elapses next; null if that is not known.</param>
internal sealed record UnitState(bool IsInstalled, bool IsEnabled, bool IsActive, DateTimeOffset? Next);

/// <summary>Asks systemd, where it runs.</summary>
internal static class Systemd
{
    public const string Timer = "vertex-ar-backup.timer";
    public const string Scheduler = "vertex-ar-backup-scheduler.service";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>What sd_booted(3) looks at.</summary>
    public static bool IsRunning => Directory.Exists("/run/systemd/system");

    /// <summary>The states of units, in the order asked; null if systemd does not answer.</summary>
    public static IReadOnlyList<UnitState>? States(IReadOnlyList<string> units, CancellationToken stop)
    {
        string[] command = ["systemctl", "show", "--no-pager", "-p", "LoadState,ActiveState,UnitFileState,NextElapseUSecRealtime", "--", .. units];
        var said = Ask(command, stop);
        var states = said is null ? [] : Parse(said);
        return states.Count == units.Count ? states : null;
    }

    /// <summary>Whether the clock is set by others; null if nobody knows.</summary>
    public static bool? IsClockSynchronized(CancellationToken stop) =>
        Ask(["timedatectl", "show", "--no-pager", "-p", "NTPSynchronized"], stop)?.FirstOrDefault() switch
        {
            "NTPSynchronized=yes" => true,
            "NTPSynchronized=no" => false,
            _ => null,
        };

    /// <summary>Lines of <c>systemctl show</c>: KEY=VALUE, with an empty line between units.</summary>
    internal static IReadOnlyList<UnitState> Parse(IEnumerable<string> lines)
    {
        var units = new List<Dictionary<string, string>> { new(StringComparer.Ordinal) };
        foreach (var line in lines)
        {
            var equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
            {
                units[^1][line[..equals]] = line[(equals + 1)..];
            }
            else if (line.Length == 0 && units[^1].Count > 0)
            {
                units.Add(new(StringComparer.Ordinal));
            }
        }

        return [.. units.Where(unit => unit.Count > 0).Select(unit => new UnitState(
            unit.GetValueOrDefault("LoadState") == "loaded",
            unit.GetValueOrDefault("UnitFileState") is "enabled" or "enabled-runtime" or "linked",
            unit.GetValueOrDefault("ActiveState") is "active" or "activating" or "reloading",
            Time(unit.GetValueOrDefault("NextElapseUSecRealtime") ?? "")))];
    }

    /// <summary>"Tue 2026-11-24 02:00:00 UTC"; empty, 0 or n/a where there is none.</summary>
    private static DateTimeOffset? Time(string text) =>
        DateTimeOffset.TryParseExact(
            text, "ddd yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : null;

    private static List<string>? Ask(IReadOnlyList<string> command, CancellationToken stop)
    {
        var lines = new List<string>();
        var end = ChildProcess.Run(
            command,
            new ChildOptions
            {
                Timeout = Patience,
                Grace = TimeSpan.FromSeconds(1),
                // Times are printed in the zone of whoever asks.
                Environment = new Dictionary<string, string> { ["TZ"] = "UTC", ["LC_ALL"] = "C" },
                Said = line =>
                {
                    lock (lines)
                    {
                        lines.Add(line);
                    }
                },
            },
            stop);
        stop.ThrowIfCancellationRequested();
        lock (lines)
        {
            return end.Succeeded ? [.. lines] : null;
        }
    }
}
