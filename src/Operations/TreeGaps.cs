using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>Something that a snapshot has not, and why.</summary>
/// <param name="Path">Its source's name, and the path below the top.</param>
/// <param name="Reason">The rest of a sentence that begins with the path.</param>
internal sealed record Gap(byte[] Path, string Reason);

/// <summary>
/// What was in a tree and is not in its snapshot, so that a restore cannot know it from what was not there: it could not be read, it was
/// left out, or it cannot be given back. What is under such a path now is not replaced by nothing.
/// </summary>
internal sealed class TreeGaps
{
    private readonly Dictionary<string, string> places = [];

    // The same by names that the place has instead, in small letters, say; and of each directory, the names that lead to one.
    private readonly Dictionary<string, string> otherPlaces = [];
    private readonly Dictionary<string, HashSet<string>> inside = [];

    /// <summary>What the snapshot's list names as absent.</summary>
    public IReadOnlyList<Gap> Absent { get; private init; } = [];

    /// <summary>There may be more of which nobody knows: whatever the snapshot lacks may have been there.</summary>
    public bool MayBeMore { get; private init; }

    /// <summary>Nothing is missing.</summary>
    public static TreeGaps None => new();

    /// <param name="source">The tree, as the snapshot's header has it.</param>
    /// <param name="absent">What its list names as absent.</param>
    /// <param name="isPartial">Something of it could not be saved.</param>
    public static TreeGaps Of(SourceSummary source, IReadOnlyList<Gap> absent, bool isPartial)
    {
        var gaps = new TreeGaps
        {
            Absent = absent,
            MayBeMore = (isPartial && absent.Count != source.Absent) || source.LeftOut.Any(IsVague),
        };
        foreach (var left in source.LeftOut)
        {
            gaps.LeaveOut(left);
        }

        foreach (var gap in absent)
        {
            gaps.Add(ListPath.Below(gap.Path), $"not in the snapshot: {gap.Reason}");
        }

        return gaps;
    }

    /// <summary>Why something has to stay; null if it need not.</summary>
    public string? Why(ReadOnlySpan<byte> below) => places.GetValueOrDefault(Key(below));

    /// <summary>The same by a name that the place has instead; unless something is restored under it.</summary>
    public string? WhyByOtherName(ReadOnlySpan<byte> below) => otherPlaces.GetValueOrDefault(Key(below));

    public void Add(ReadOnlySpan<byte> below, string reason) => Add(places, Key(below), reason);

    /// <summary>Learns by which names a directory lists what is found in it by those of the snapshot; the ones above it first.</summary>
    /// <param name="below">The directory, by the names that it has in place.</param>
    /// <param name="directory">The same, open.</param>
    /// <param name="names">What it lists.</param>
    public void Find(byte[] below, SafeFileHandle directory, DirectoryNames names)
    {
        if (!inside.TryGetValue(Key(below), out var wanted))
        {
            return;
        }

        var (listed, start) = (new ListedNames(directory, names), below.Length == 0 ? "" : $"{Key(below)}/");
        foreach (var name in wanted.Select(Encoding.Latin1.GetBytes).Where(name => !names.Contains(name)).ToList())
        {
            if (listed.Find(name) is { } other)
            {
                Rename(start + Key(name), start + Key(other));
            }
        }
    }

    private void Rename(string from, string to)
    {
        foreach (var (key, reason) in places.Concat(otherPlaces).Where(one => one.Key == from || one.Key.StartsWith(from + "/", StringComparison.Ordinal)).ToList())
        {
            Add(otherPlaces, to + key[from.Length..], reason);
        }
    }

    private void Add(Dictionary<string, string> among, string key, string reason)
    {
        among[key] = reason;
        for (var isNew = true; isNew && key.Length > 0;)
        {
            var directory = key[..Math.Max(0, key.LastIndexOf('/'))];
            inside.TryAdd(directory, []);
            isNew = inside[directory].Add(key[directory.Length..].TrimStart('/'));
            key = directory;
        }
    }

    private static bool IsVague(LeftOut left) =>
        left.Paths.Count < left.Count && (ForeignKinds.FromWord(left.Kind) is not { } kind || LeftOut.HasPaths(kind));

    private void LeaveOut(LeftOut left)
    {
        var reason = ForeignKinds.FromWord(left.Kind) switch
        {
            ForeignKind.Database => $"it was a file of the database '{left.Source}', which is saved by itself",
            ForeignKind.Tree or ForeignKind.File => $"it was the storage '{left.Source}', which is saved by itself",
            ForeignKind.Repository => "it was the backup directory",
            ForeignKind.Mount => "something was mounted there, and one_file_system was on",
            ForeignKind.Leftover or ForeignKind.Excluded or ForeignKind.Socket or null => "it was left out",
            _ => throw new NotSupportedException(left.Kind),
        };
        var ends = left.Kind == ForeignKind.Database.Word() ? SqliteCompanions.Suffixes.Prepend([]) : [[]];
        foreach (var path in left.Paths.SelectMany(_ => ends, (path, end) => (byte[])[.. path, .. end]))
        {
            Add(path, $"not in the snapshot: {reason}");
        }
    }

    // Any bytes as a key: one character each.
    private static string Key(ReadOnlySpan<byte> below) => Encoding.Latin1.GetString(below);
}
