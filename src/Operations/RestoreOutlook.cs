using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>What a restore in place will do to one target, known before anything is restored.</summary>
/// <param name="Target">What is replaced.</param>
/// <param name="How">In words: how, and where what is there now is kept.</param>
/// <param name="LeftAlone">What in it stays, by its path, and why; also what stays mounted and has its content replaced.</param>
internal sealed record RestoreOutlook(RestoreTarget Target, string How, IReadOnlyList<(string Path, string Reason)> LeftAlone)
{
    /// <summary>Name by name; none if that was not asked for.</summary>
    public IReadOnlyList<ForecastStep> Steps { get; init; } = [];

    /// <summary>Databases in it that would be replaced, and that somebody has open: what the restore will be refused with.</summary>
    public IReadOnlyList<UserError> InUse { get; init; } = [];

    /// <summary>What the restore will be refused for, as far as rights tell.</summary>
    public IEnumerable<UserError> Refused => Steps
        .Where(step => step.Change is ForecastChange.Replaced or ForecastChange.TakenAway && step.Path != Target.Place)
        .Select(step => RestoreProbe.Foresee(step.Path)).OfType<UserError>();

    /// <param name="targets">What is to be replaced.</param>
    /// <param name="neighbours">What is not.</param>
    /// <param name="stamp">The time that names will have.</param>
    /// <param name="onlyFiles">Each chosen file by itself.</param>
    /// <param name="each">Goes through everything that will be restored; null if steps are not asked for.</param>
    /// <exception cref="UserError">A tree cannot be looked into.</exception>
    public static IReadOnlyList<RestoreOutlook> Of(
        IReadOnlyList<RestoreTarget> targets, RestoreNeighbours neighbours, string stamp, bool onlyFiles, Action<PathTaker>? each)
    {
        using var places = new NamedPlaces();
        var spots = RestoreSpot.Of(targets, neighbours, stamp);
        spots.ForEach(spot => spot.RequireReplaceable());
        spots.ForEach(spot => spot.RequireWritable());
        var forecasts = spots.ToDictionary(spot => spot.Name, spot => new RestoreForecast(spot, stamp, onlyFiles, places));
        each?.Invoke((path, isDirectory) =>
        {
            if (ListPath.Below(path) is { IsEmpty: false } below && forecasts.TryGetValue(ListPath.Source(path), out var forecast))
            {
                forecast.Note(below, isDirectory);
            }
        });
        return
        [
            .. spots.Select(spot => new RestoreOutlook(spot.Target, Words(spot, onlyFiles), Left(spot, StrayLogs(spots)))
            {
                Steps = each is null ? [] : forecasts[spot.Name].Steps(),
                InUse = [.. RestoreInUse.In([spot], (_, _) => !onlyFiles && !spot.Target.Gaps.MayBeMore)],
            }),
        ];
    }

    private static string Words(RestoreSpot spot, bool onlyFiles)
    {
        var name = spot.Target.Place == spot.Target.Target ? spot.Target.Target : $"{spot.Target.Target}, which leads to {spot.Target.Place},";
        var kept = spot.Regions[""].Kept;
        return !spot.Target.Exists ? $"{name} is made"
            : onlyFiles && spot.IsTree ? $"the chosen files in {name} are replaced; what is there now is kept in {kept}, or next to the new one if it is only one"
            : spot.Target.Gaps.MayBeMore ? $"the entries of {name} are replaced one by one; what is there now is kept in {kept}, but for what is not in the snapshot, which stays"
            : spot.IsMount || spot.Survey.HasBoundary ? $"the entries of {name} are replaced one by one; what is there now is kept in {kept}"
            : $"{name} is replaced; what is there now is kept as {kept}";
    }

    /// <summary>What is left of a database that is gone is put aside with it.</summary>
    private static HashSet<string> StrayLogs(List<RestoreSpot> spots) =>
        [.. spots.Where(spot => spot.IsDatabase && !spot.Target.Exists).SelectMany(spot => SqliteCompanions.Ends.Select(end => spot.Path + end))];

    private static List<(string Path, string Reason)> Left(RestoreSpot spot, HashSet<string> strayLogs) =>
    [
        .. spot.Survey.Foreign.Select(left => (Path: Path.Combine(spot.Path, Encoding.UTF8.GetString(left.Below)), left.Reason)).Where(left => !strayLogs.Contains(left.Path)),
        .. spot.Regions.Where(region => region.Key.Length > 0).Select(region => (region.Value.Live, $"stays mounted; its content is replaced, and kept in {region.Value.Kept}")),
    ];
}
