using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Packs that a check found damaged, and when, as far as that is remembered and was not made good. What was repaired meanwhile in a way that leaves no new time is
/// taken for damaged, which loses nothing.
/// </summary>
internal sealed class KnownDamage
{
    private readonly Dictionary<string, FileTime> found = new(StringComparer.Ordinal);

    private KnownDamage()
    {
    }

    public static KnownDamage Read(Layout layout)
    {
        var known = new KnownDamage();
        foreach (var failure in RunRecords.ReadAll(layout).Values.Select(record => record.StandingFailure).OfType<RunReport>())
        {
            known.Add(failure);
        }

        return known;
    }

    /// <summary>Whether a pack's file is one that was found damaged. The same content makes the same pack: one that was written since is another file.</summary>
    public bool Is(Digest pack, in FileStatus file) => found.TryGetValue(pack.ToString(), out var at) && file.Modified <= at;

    /// <summary>Why a pack is not to be built upon, as the end of a sentence; null if it may be.</summary>
    public string? TroubleOf(Layout layout, PackInfo pack) =>
        Posix.StatusOrNull(layout.Pack(pack.Sha256)) is not { } file ? "is missing"
            : file.Size != pack.Bytes ? $"has {file.Size} bytes and was written with {pack.Bytes}"
            : Is(pack.Sha256, file) ? "was found damaged by the last 'verify'" : null;

    /// <summary>Those of a failure that were written anew since.</summary>
    public static IEnumerable<string> Replaced(Layout layout, RunReport failure)
    {
        var at = FileTime.From(failure.FinishedAt);
        return failure.DamagedPacks.Where(pack => Digest.TryParse(pack, out var digest) && Posix.StatusOrNull(layout.Pack(digest)) is { } file && file.Modified > at);
    }

    private void Add(RunReport failure)
    {
        var at = FileTime.From(failure.FinishedAt);
        foreach (var pack in failure.DamagedPacks)
        {
            found[pack] = found.TryGetValue(pack, out var earlier) && earlier > at ? earlier : at;
        }
    }
}
