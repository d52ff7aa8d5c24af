using System.Globalization;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// The signed list of what is in the second place, next to what this machine remembers of it: so that what somebody removed there, or
/// put back to how it was, is seen.
/// </summary>
internal sealed class OffsiteManifest
{
    private readonly string remote;
    private readonly Layout fetched;
    private readonly Layout here;
    private readonly string? trouble;

    /// <param name="keys">Whose signatures count.</param>
    /// <param name="remote">What the place is called.</param>
    /// <param name="fetched">The scratch repository, with the list if there is one.</param>
    /// <param name="here">The repository here, if there is one.</param>
    /// <param name="repository">The id of the repository there; what is remembered of another does not count.</param>
    public OffsiteManifest(TrustedKeys keys, string remote, Layout fetched, Layout here, string repository)
    {
        (this.remote, this.fetched, this.here) = (remote, fetched, here);
        (There, trouble) = SnapshotManifest.Read(fetched.Manifest, keys);
        if (There is not null && There.Repository != repository)
        {
            (There, trouble) = (null, "is that of another repository");
        }

        Remembered = OfThis(SnapshotManifest.Read(here.OffsiteManifest, keys).Manifest, repository);
        SnapshotManifest?[] known = [There, Remembered, OfThis(SnapshotManifest.Read(here.Manifest, keys).Manifest, repository)];
        Trust = new HeaderTrust(keys, known.OfType<SnapshotManifest>());
    }

    /// <summary>The list there; null if there is none that proves anything.</summary>
    public SnapshotManifest? There { get; }

    /// <summary>The last one that this machine saw or made.</summary>
    public SnapshotManifest? Remembered { get; }

    /// <summary>The later of the two.</summary>
    public SnapshotManifest? Latest => There is null || Remembered?.Number > There.Number ? Remembered : There;

    /// <summary>Nothing was ever signed there, as far as is known.</summary>
    public bool IsFirst => Latest is null && trouble is null;

    /// <summary>Refuses headers that prove nothing.</summary>
    public HeaderTrust Trust { get; }

    /// <summary>What somebody did there that has no key.</summary>
    /// <param name="there">The snapshots that are there.</param>
    public List<Damage> Look(IReadOnlyCollection<SnapshotId> there)
    {
        var name = $"{Layout.Below.Manifest} in {remote}";
        var damages = new List<Damage>();
        if (trouble is not null)
        {
            damages.Add(new Damage(name, trouble));
        }
        else if (There is null && there.Count > 0)
        {
            damages.Add(new Damage(name, "is missing: whether a snapshot was removed there, or an older state is shown, cannot be seen; 'vertex-ar-backup offsite push' with the key makes it"));
        }

        if (There is not null && Remembered?.Number > There.Number)
        {
            damages.Add(new Damage(remote, $"shows an older state: its list was signed on {Time(There)}, and this machine knows the one of {Time(Remembered)}; somebody put an older copy in its place"));
        }

        return [.. damages, .. Latest is null ? [] : ManifestCheck.Missing(Latest, there)];
    }

    /// <summary>
    /// Remembers the list there, unless a later one is known, or the repository is another user's: what root leaves there, that user could not
    /// read.
    /// </summary>
    public void Remember()
    {
        if (There is null || Remembered?.Number > There.Number || Posix.StatusOrNull(here.Mark)?.Uid != Posix.EffectiveUser)
        {
            return;
        }

        try
        {
            Remember(here, SmallFile.Read(fetched.Manifest).Span);
        }
        catch (PosixError e) when (e.Number is PosixError.ReadOnly or PosixError.AccessDenied)
        {
            // A copy that cannot be written to remembers nothing.
        }
    }

    /// <exception cref="PosixError">It cannot be written.</exception>
    public static void Remember(Layout here, ReadOnlySpan<byte> manifest)
    {
        AtomicFile.EnsureOwnDirectory(here.Runs);
        AtomicFile.Write($"{here.OffsiteManifest}.tmp", here.OffsiteManifest, manifest);
    }

    private static SnapshotManifest? OfThis(SnapshotManifest? manifest, string repository) => manifest?.Repository == repository ? manifest : null;

    private static string Time(SnapshotManifest manifest) => manifest.SignedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm 'UTC'", CultureInfo.InvariantCulture);
}
