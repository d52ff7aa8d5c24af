using VertexAr.Backup.Cli;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Commands;

/// <summary>What people are told of sources that lost their content, in one wording for every command.</summary>
internal static class LostContent
{
    /// <summary>What to run once when the loss is right.</summary>
    public const string Accept = $"sudo {CommandTable.Program} create --accept-shrink";

    public const string Advice = $"bring the content back (is its disk mounted?), and the next run goes on as before; if it was removed on purpose: {Accept}";

    /// <summary>One sentence a source.</summary>
    public static IReadOnlyList<string> Of(SnapshotHeader header) =>
        [.. header.Sources.Where(source => source.IsMarked).Select(source => $"'{source.Name}' lost its content: {source.Shrunk!.Sentence}")];

    /// <summary>One sentence for each source that holds rotation.</summary>
    /// <param name="held">Those that do.</param>
    /// <param name="headers">Among them the ones that hold it.</param>
    public static IReadOnlyList<string> Of(IEnumerable<HeldSource> held, IEnumerable<SnapshotHeader> headers) =>
        [.. held.SelectMany(one => headers.Where(header => header.Id == one.Snapshot.ToString()).SelectMany(header => header.Sources)
            .Where(source => source.Name == one.Name && source.IsMarked)
            .Select(source => $"'{source.Name}' lost its content: {source.Shrunk!.Sentence}"))];

    /// <summary>A report of a run whose snapshot is complete, but marked.</summary>
    public static RunReport Report(RunReport report, IReadOnlyList<string> lost) => lost.Count == 0 ? report : report with
    {
        LostContent = lost,
        Error = $"{string.Join("; ", lost)}; rotation is held",
        Hint = Advice,
    };
}
