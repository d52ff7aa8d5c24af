using VertexAr.Backup.Core;

namespace VertexAr.Backup.Policy;

/// <summary>What a service can do with a place, ordered: each allows what the ones before allow.</summary>
internal enum Reach
{
    Hidden,
    ReadOnly,
    Writable,
}

/// <summary>
/// What a unit's settings let its service see of the file system (systemd.exec(5), "Sandboxing"). Permissions of files are
/// another matter. Paths are real paths: systemd resolves symbolic links too.
/// </summary>
internal sealed class UnitSandbox
{
    private static readonly string[] Homes = ["/home", "/root", "/run/user"];

    private readonly List<Place> places = [];

    private enum Kind
    {
        /// <summary>Something else is mounted there: what was there is gone, what is mounted below is seen.</summary>
        Mount,

        /// <summary>Nothing there or below is seen, whatever else is said.</summary>
        Closed,

        /// <summary>What is there may be written or not, if it is seen at all.</summary>
        Access,
    }

    /// <summary>The places that the unit waits for to be mounted.</summary>
    public IReadOnlyList<string> MountsAwaited { get; private init; } = [];

    /// <summary>Out of a unit's files; <paramref name="realPath"/> resolves symbolic links.</summary>
    public static UnitSandbox Parse(IEnumerable<string> files, Func<string, string> realPath)
    {
        var lists = new Dictionary<string, List<IReadOnlyList<string>>>(StringComparer.Ordinal);
        var last = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in UnitText.Settings(files))
        {
            last[key] = value;
            if (value.Length == 0)
            {
                lists.Remove(key); // An empty value takes back what was said before.
            }
            else
            {
                lists.TryAdd(key, []);
                lists[key].AddRange(UnitText.Words(value));
            }
        }

        var sandbox = new UnitSandbox { MountsAwaited = [.. (lists.GetValueOrDefault("RequiresMountsFor") ?? []).Select(Whole)] };
        sandbox.AddProtection(last);
        foreach (var (key, words) in lists)
        {
            sandbox.AddPlaces(key, words, realPath);
        }

        return sandbox;
    }

    public static bool IsHome(string path) => Homes.Any(home => Covers(home, path));

    public static bool HoldsHomes(string path) => Homes.Any(home => home != path && Covers(path, home));

    /// <summary>Whether <paramref name="path"/> is <paramref name="prefix"/> or lies below it.</summary>
    public static bool Covers(string prefix, string path) => PathPrefix.Holds(prefix, path);

    public Reach Of(PathNeed need)
    {
        if (places.Any(place => place.Kind == Kind.Closed && Covers(place.Path, need.Path)) || (need.Tree && HidesHomesIn(need.Path)))
        {
            return Reach.Hidden;
        }

        var seen = Nearest(need.Path, place => place.Kind == Kind.Mount);
        return seen == Reach.Hidden ? Reach.Hidden : Nearest(need.Path, place => place.Kind != Kind.Closed);
    }

    private bool HidesHomesIn(string path) => places.Any(place =>
        place.Reach == Reach.Hidden && IsHome(place.Path) && place.Path != path && Covers(path, place.Path));

    /// <summary>What the longest path above says; of two that are equal, the one that allows more.</summary>
    private Reach Nearest(string path, Func<Place, bool> counts) => places.Where(place => counts(place) && Covers(place.Path, path))
        .OrderByDescending(place => place.Path.Length).ThenByDescending(place => place.Reach).First().Reach;

    private void AddProtection(Dictionary<string, string> settings)
    {
        Add(["/"], Word("ProtectSystem") == "strict" ? Reach.ReadOnly : Reach.Writable, Kind.Mount);
        string[] readOnly = Word("ProtectSystem") switch
        {
            "full" => ["/usr", "/boot", "/efi", "/etc"],
            var word when IsYes(word) => ["/usr", "/boot", "/efi"],
            _ => [],
        };
        Add(readOnly, Reach.ReadOnly, Kind.Access);
        switch (Word("ProtectHome"))
        {
            case "read-only":
                Add(Homes, Reach.ReadOnly, Kind.Access);
                break;
            case "tmpfs":
                Add(Homes, Reach.Hidden, Kind.Mount);
                break;
            case var word when IsYes(word):
                Add(Homes, Reach.Hidden, Kind.Closed);
                break;
        }

        if (IsYes(Word("PrivateTmp")) || Word("PrivateTmp") == "disconnected")
        {
            Add(["/tmp", "/var/tmp"], Reach.Hidden, Kind.Mount);
        }

        if (IsYes(Word("PrivateDevices")))
        {
            Add(["/dev"], Reach.Hidden, Kind.Mount);
        }

        string Word(string key) => settings.GetValueOrDefault(key) ?? "";
    }

    private static string Whole(IReadOnlyList<string> parts) => string.Join(':', parts);

    private void AddPlaces(string key, List<IReadOnlyList<string>> words, Func<string, string> realPath)
    {
        (Reach Reach, Kind Kind)? meaning = key switch
        {
            "ReadWritePaths" => (Reach.Writable, Kind.Access),
            "ReadOnlyPaths" => (Reach.ReadOnly, Kind.Access),
            "InaccessiblePaths" => (Reach.Hidden, Kind.Closed),
            "TemporaryFileSystem" => (Reach.Hidden, Kind.Mount),
            "BindPaths" => (Reach.Writable, Kind.Mount),
            "BindReadOnlyPaths" => (Reach.ReadOnly, Kind.Mount),
            "LogsDirectory" or "StateDirectory" => (Reach.Writable, Kind.Access),
            _ => null,
        };
        if (meaning is { } known)
        {
            var paths = words.Select(parts => key switch
            {
                "BindPaths" or "BindReadOnlyPaths" => parts.Count > 1 ? parts[1] : parts[0], // SOURCE:DESTINATION:OPTIONS
                "TemporaryFileSystem" => parts[0], // PATH:OPTIONS
                "LogsDirectory" => "/var/log/" + parts[0], // NAME:LINK
                "StateDirectory" => "/var/lib/" + parts[0],
                _ => Whole(parts),
            });
            // "-" means "if it exists", "+" "below RootDirectory=".
            Add(paths.Select(path => realPath(path.TrimStart('-', '+'))), known.Reach, known.Kind);
        }
    }

    private void Add(IEnumerable<string> paths, Reach reach, Kind kind) =>
        places.AddRange(paths.Select(path => new Place(path.Length > 1 ? path.TrimEnd('/') : path, reach, kind)));

    private static bool IsYes(string word) => word is "yes" or "true" or "on" or "1" or "y" or "t";

    private sealed record Place(string Path, Reach Reach, Kind Kind);
}
