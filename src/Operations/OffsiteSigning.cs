using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Keeps the signed list of what is in the second place: written by each push, before it removes anything there.</summary>
internal sealed class OffsiteSigning
{
    private readonly CopyLock held;
    private readonly SnapshotSigner signer;
    private readonly SnapshotStore here;
    private readonly OffsiteSnapshots offsite;
    private readonly TimeProvider clock;
    private readonly RunProgress progress;
    private readonly SnapshotStore trustedHere;
    private readonly SnapshotStore trustedThere;
    private readonly OffsiteManifest former;
    private readonly string repository;

    /// <param name="held">The right to copy.</param>
    /// <param name="signer">Signs it.</param>
    /// <param name="here">The repository here.</param>
    /// <param name="offsite">The second place.</param>
    /// <param name="clock">When it is signed.</param>
    /// <param name="progress">Told of what cannot be listed.</param>
    public OffsiteSigning(CopyLock held, SnapshotSigner signer, SnapshotStore here, OffsiteSnapshots offsite, TimeProvider clock, RunProgress progress)
    {
        (this.held, this.signer, this.here, this.offsite, this.clock, this.progress) = (held, signer, here, offsite, clock, progress);
        if (offsite.There.Size(Layout.Below.Manifest) is not null)
        {
            offsite.Fetch.Small([Layout.Below.Manifest]);
        }

        repository = Repository.ReadMark(here.Layout).Id;
        former = new OffsiteManifest(signer.Trusted, offsite.Rclone.Place.Remote, offsite.Layout, here.Layout, repository);
        trustedHere = new SnapshotStore(here.Layout, trust: HeaderTrust.Of(signer.Trusted, here.Layout));
        trustedThere = new SnapshotStore(offsite.Layout, trust: former.Trust);
    }

    /// <summary>What somebody else did there since the last push. A snapshot that is here is not lost: this push sends it again.</summary>
    public List<Damage> Look()
    {
        var ids = here.Ids().Select(id => $"snapshot {id}").ToHashSet();
        return former.IsFirst ? [] : former.Look(offsite.Ids()).FindAll(damage => !ids.Contains(damage.Thing));
    }

    /// <summary>Signs a list of what is there and sends it.</summary>
    /// <param name="removing">What is removed there next.</param>
    /// <exception cref="UserError">It cannot be replaced, or another run has the right to copy by now: its snapshots would not be in this list.</exception>
    public void Publish(IReadOnlyCollection<SnapshotId> removing)
    {
        progress.Phase = "signing";
        var listed = new Dictionary<SnapshotId, Digest>();
        foreach (var id in offsite.Ids().Except(removing))
        {
            if (Header(id) is { } header)
            {
                listed.Add(id, header);
            }
            else
            {
                progress.Say(Severity.Warning, $"snapshot {id} in {offsite.Rclone.Place.Remote} is not signed by a trusted key, and is not listed as one of ours");
            }
        }

        var manifest = signer.Next(repository, former.Latest, listed, clock.GetUtcNow()).ToBytes(signer.Key);
        held.Require();
        try
        {
            offsite.Put(Layout.Below.Manifest, manifest);
        }
        catch (UserError e)
        {
            throw UserError.Failed(e.Message, "the snapshots are there, but only a new list proves that they are all; a signed place needs credentials that may replace this one file");
        }

        OffsiteManifest.Remember(here.Layout, manifest);
    }

    /// <summary>The hash of a header that is there; null if nothing proves who wrote it.</summary>
    private Digest? Header(SnapshotId id)
    {
        if (trustedHere.TryRead(id).Whole is not null)
        {
            return here.HeaderDigest(id);
        }

        if (former.Latest?.Snapshots.TryGetValue(id, out var known) == true)
        {
            return known;
        }

        if (!File.Exists(offsite.Layout.Header(id)))
        {
            offsite.Fetch.Small([Layout.Below.Header(id)]);
        }

        return trustedThere.TryRead(id).Whole is null ? null : trustedThere.HeaderDigest(id);
    }
}
