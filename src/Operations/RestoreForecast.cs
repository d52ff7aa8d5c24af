using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>What becomes of one name, as far as it is known before anything is restored.</summary>
internal enum ForecastChange
{
    /// <summary>The snapshot's takes its place; what is there now is kept.</summary>
    Replaced,

    /// <summary>The snapshot has nothing there; what is there now is kept.</summary>
    TakenAway,

    /// <summary>Nothing is there now.</summary>
    Added,

    /// <summary>What is there stays; what the snapshot has gets another name.</summary>
    PutNextTo,
}

/// <summary>One step of a restore to come.</summary>
/// <param name="Change">What happens.</param>
/// <param name="Path">Where.</param>
/// <param name="Other">The name that what is there now is kept under, or that the snapshot's gets; null for none.</param>
internal sealed record ForecastStep(ForecastChange Change, string Path, string? Other);

/// <summary>
/// The steps of a restore of one target, worked out from the names in the snapshot and what is live now; nothing is restored or
/// made for it. What only the file system itself can say shows when the restore plans its real steps: that a directory of an
/// overlay's lower layer cannot be moved, for one, so that its entries are.
/// </summary>
internal sealed class RestoreForecast
{
    private readonly RestoreSpot spot;
    private readonly string stamp;
    private readonly bool onlyFiles;
    private readonly NamedPlaces places;
    private readonly List<ForecastStep> steps = [];
    private readonly HashSet<string> said = [];

    // Of single files: where in the steps they are, and their paths below the top.
    private readonly List<(int Step, byte[] Below)> replaced = [];

    // Directories that stay, with what the snapshot has in each, by paths below the top; all others change places with all that is in them.
    private readonly Dictionary<string, HashSet<string>> staying;

    /// <param name="spot">The target.</param>
    /// <param name="stamp">The time that names will have.</param>
    /// <param name="onlyFiles">Each chosen file by itself.</param>
    /// <param name="places">What is live.</param>
    public RestoreForecast(RestoreSpot spot, string stamp, bool onlyFiles, NamedPlaces places)
    {
        (this.spot, this.stamp, this.onlyFiles, this.places) = (spot, stamp, onlyFiles && spot.IsTree, places);
        staying = spot.Target.Exists && (spot.IsMount || spot.Survey.HasBoundary) ? spot.Survey.Staying.Append("").Distinct().ToDictionary(below => below, _ => new HashSet<string>()) : [];
    }

    /// <summary>Shows something that will be restored.</summary>
    /// <param name="below">Its path below the top.</param>
    /// <param name="isDirectory">Whether it is one.</param>
    public void Note(ReadOnlySpan<byte> below, bool isDirectory)
    {
        if (below.IsEmpty || !spot.IsTree)
        {
            return;
        }

        if (onlyFiles)
        {
            NoteChosen(below, isDirectory);
            return;
        }

        var parent = below[..Math.Max(0, below.LastIndexOf((byte)'/'))];
        if (staying.TryGetValue(RestoreRoot.Key(parent), out var names))
        {
            names.Add(RestoreRoot.Key(below));
        }

        // An empty directory stands for what another source or a mount has there.
        if (IsLeft(parent))
        {
            AddNextTo(parent);
        }
        else if (!isDirectory && (IsLeft(below) || StaysWithDatabase(below) || staying.ContainsKey(RestoreRoot.Key(below))) && places.StatusOrNull(Place(below)) is not { IsSymlink: true })
        {
            AddNextTo(below);
        }
    }

    /// <summary>All of them, once everything was shown.</summary>
    public IReadOnlyList<ForecastStep> Steps()
    {
        var all = Entries();
        return spot.IsDatabase ? all : [.. all.SelectMany(step => Logs(step, all).Prepend(step))];
    }

    /// <summary>The log of an SQLite file goes with it, as <see cref="RestorePlanner"/> has it; that of a configured database is written into it before.</summary>
    private IEnumerable<ForecastStep> Logs(ForecastStep step, List<ForecastStep> all) =>
        step is not { Change: ForecastChange.Replaced, Other: { } kept } || !SqliteLog.IsOfDatabase(Posix.Here, Posix.Bytes(step.Path)) ? [] :
            SqliteCompanions.Ends
                .Where(end => places.StatusOrNull(Posix.Bytes(step.Path + end)) is { IsRegular: true } && !all.Any(other => other.Path == step.Path + end))
                .Select(end => new ForecastStep(ForecastChange.TakenAway, step.Path + end, kept + end));

    private List<ForecastStep> Entries()
    {
        if (!onlyFiles && staying.Count == 0)
        {
            // What stays is known only when it is restored.
            return spot.Target is { Exists: true, Gaps.MayBeMore: true } ? [] : [spot.Target.Exists ? new ForecastStep(ForecastChange.Replaced, spot.Path, spot.Regions[""].Kept) : new ForecastStep(ForecastChange.Added, spot.Path, null)];
        }

        if (replaced.Count > 1)
        {
            // Several are kept together.
            replaced.ForEach(one => steps[one.Step] = steps[one.Step] with { Other = Kept(one.Below) });
        }

        foreach (var (directory, names) in staying.Where(_ => !onlyFiles).OrderBy(one => one.Key, StringComparer.Ordinal))
        {
            var live = Live(directory);
            foreach (var below in names.Union(live).Order(StringComparer.Ordinal))
            {
                AddEntry(below, names.Contains(below), live.Contains(below));
            }
        }

        return steps;
    }

    private void AddEntry(string below, bool isSaved, bool isLive)
    {
        var path = Bytes(below);
        if (!isLive)
        {
            if (!StaysWithDatabase(path))
            {
                steps.Add(new ForecastStep(ForecastChange.Added, InPlace(path), null));
            }
        }
        else if (spot.Survey.WhyForeign(path) is null && !staying.ContainsKey(below) && (isSaved || !spot.Survey.IsMounted(path)))
        {
            if (isSaved || !spot.Target.Gaps.MayBeMore)
            {
                steps.Add(new ForecastStep(isSaved ? ForecastChange.Replaced : ForecastChange.TakenAway, InPlace(path), Kept(path)));
            }
        }
    }

    /// <summary>The first name on the way to a chosen file that changes.</summary>
    private void NoteChosen(ReadOnlySpan<byte> below, bool isDirectory)
    {
        for (var end = 0; end < below.Length;)
        {
            end = below[(end + 1)..].IndexOf((byte)'/') is >= 0 and var length ? end + 1 + length : below.Length;
            var part = below[..end];
            var isLast = end == below.Length;
            if (spot.Survey.WhyForeign(part) is not null || (isLast && !isDirectory && StaysWithDatabase(part)))
            {
                if (!isLast || !isDirectory)
                {
                    AddNextTo(part);
                }

                return;
            }

            var live = places.StatusOrNull(Place(part));
            if (live is { IsDirectory: true } && (isDirectory || !isLast))
            {
                continue;
            }

            if (said.Add(RestoreRoot.Key(part)))
            {
                if (live is not null)
                {
                    replaced.Add((steps.Count, part.ToArray()));
                }

                steps.Add(live is null
                    ? new ForecastStep(ForecastChange.Added, InPlace(part), null)
                    : new ForecastStep(ForecastChange.Replaced, InPlace(part), Text(RestoreNames.Kept(Place(part), stamp))));
            }

            return;
        }
    }

    private void AddNextTo(ReadOnlySpan<byte> below)
    {
        if (!spot.Survey.IsSecondPlace(below) && said.Add(RestoreRoot.Key(below)))
        {
            steps.Add(new ForecastStep(ForecastChange.PutNextTo, InPlace(below), Text(RestoreNames.NextTo(Place(below), stamp))));
        }
    }

    /// <summary>As <see cref="DirectoryLook.WhyStays"/> has it for what belongs to a database; that is shown before.</summary>
    private bool StaysWithDatabase(ReadOnlySpan<byte> below)
    {
        var database = SqliteCompanions.DatabaseOf(below);
        return !database.IsEmpty && (spot.Survey.WhyUnchanged(database) is not null || (onlyFiles && !said.Contains(RestoreRoot.Key(database)))) && SqliteLog.IsOfDatabase(Posix.Here, Place(database));
    }

    private bool IsLeft(ReadOnlySpan<byte> below) => !below.IsEmpty && spot.Survey.WhyForeign(below) is not null;

    private HashSet<string> Live(string directory)
    {
        using var open = Posix.OpenDirectory(Posix.Here, Place(Bytes(directory)));
        return [.. DirectoryNames.Read(open).Select(name => directory.Length == 0 ? RestoreRoot.Key(name) : $"{directory}/{RestoreRoot.Key(name)}")];
    }

    private byte[] Place(ReadOnlySpan<byte> below) => below.IsEmpty ? Posix.Bytes(spot.Path) : [.. Posix.Bytes(spot.Path), (byte)'/', .. below];

    private string InPlace(ReadOnlySpan<byte> below) => Text(Place(below));

    /// <summary>In the directory for what is kept of its mount.</summary>
    private string Kept(byte[] below)
    {
        for (var end = below.AsSpan().LastIndexOf((byte)'/'); end > 0; end = below.AsSpan(0, end).LastIndexOf((byte)'/'))
        {
            if (spot.Regions.TryGetValue(RestoreRoot.Key(below.AsSpan(0, end)), out var region))
            {
                return Path.Combine(region.Kept, Text(below.AsSpan(end + 1)));
            }
        }

        return Path.Combine(spot.Regions[""].Kept, Text(below));
    }

    private static byte[] Bytes(string key) => Encoding.Latin1.GetBytes(key);

    private static string Text(ReadOnlySpan<byte> path) => Encoding.UTF8.GetString(path);
}
