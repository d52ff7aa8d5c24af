using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Operations;

public sealed class CreateSigningTests : IDisposable
{
    private readonly Site site = new();
    private readonly SigningKey key;
    private readonly SnapshotSigner signer;

    public CreateSigningTests()
    {
        site.Write("a", "content"u8);
        key = SigningKey.Make(site.Temp["key"], null);
        signer = new SnapshotSigner(key, Trusted);
    }

    private TrustedKeys Trusted => new([key.Public.Fingerprint]);

    private SnapshotManifest Manifest => SnapshotManifest.Read(site.Layout.Manifest, Trusted).Manifest!;

    public void Dispose() => site.Dispose();

    [Fact]
    public void A_header_is_signed_and_names_its_signer()
    {
        var snapshot = site.Create(site.Plan with { Signer = signer });

        var signed = SignedJson.Split(SmallFile.Read(site.Layout.Header(snapshot.Id)))!;
        Assert.True(key.Public.HasSigned(signed.Content.Span, signed.Signature));
        Assert.Equal(key.Public.Text, snapshot.Header.Signer);
        Assert.Null(snapshot.Header.Previous);
    }

    [Fact]
    public void It_names_the_snapshot_before_it_by_the_hash_of_its_header()
    {
        var unsigned = site.Create();
        var first = site.Create(site.Plan with { Signer = signer });
        var second = site.Create(site.Plan with { Signer = signer });

        Assert.Equal(Link(unsigned), first.Header.Previous);
        Assert.Equal(Link(first), second.Header.Previous);
    }

    [Fact]
    public void Without_a_key_nothing_is_signed()
    {
        site.Create();
        var snapshot = site.Create();

        Assert.Null(SignedJson.Split(SmallFile.Read(site.Layout.Header(snapshot.Id))));
        Assert.Equal((null, null), (snapshot.Header.Signer, snapshot.Header.Previous));
    }

    [Fact]
    public void The_list_has_what_is_signed_and_a_greater_number_each_time()
    {
        site.Create();
        var first = site.Create(site.Plan with { Signer = signer });
        var one = Manifest;
        var second = site.Create(site.Plan with { Signer = signer });

        Assert.Equal([first.Id], one.Snapshots.Keys);
        Assert.Equal([first.Id, second.Id], Manifest.Snapshots.Keys.Order());
        Assert.Equal((1, 2), (one.Number, Manifest.Number));
        Assert.Equal(Repository.ReadMark(site.Layout).Id, Manifest.Repository);
        Assert.Equal(Link(first).Header, Manifest.Snapshots[first.Id]);
    }

    [Fact]
    public void What_is_rotated_leaves_the_list_and_what_somebody_removed_does_not()
    {
        var rules = new RetentionRules(2, 0, 0, 0, 0);
        var ids = Enumerable.Range(0, 4).Select(_ => site.Create(site.Plan with { Signer = signer, Retention = rules }).Id).ToList();
        File.Delete(site.Layout.Header(ids[3]));

        Assert.Equal(ids[2..], Manifest.Snapshots.Keys.Order());
        Assert.Equal(
            [$"snapshot {ids[3]}"], ManifestCheck.Look(site.Layout, Trusted, isKept: true).Select(damage => damage.Thing));
        site.Create(site.Plan with { Signer = signer });
        Assert.Contains(ids[3], Manifest.Snapshots.Keys);
    }

    [Fact]
    public void A_snapshot_that_is_not_the_one_before_it_any_more_is_named()
    {
        var first = site.Create(site.Plan with { Signer = signer });
        site.Create(site.Plan with { Signer = signer });
        var replaced = SealedJson.Write(json => SnapshotHeaderJson.Write(json, first.Header with { Host = "other" }), key);
        File.WriteAllBytes(site.Layout.Header(first.Id), replaced);

        Assert.Equal($"snapshot {first.Id}", Assert.Single(ManifestCheck.Replaced(site.Store, site.Store.ReadAll().Whole)).Thing);
    }

    /// <summary>A file that looks unchanged would be taken over unread, and signed.</summary>
    [Fact]
    public void Nothing_is_taken_over_from_what_is_not_signed()
    {
        site.Create();
        Assert.Equal(0, site.Create().Header.NewBytes);
        Assert.Equal(7, site.Create(site.Plan with { Signer = signer }).Header.NewBytes);
        Assert.Contains(site.Notices, notice => notice.Text.Contains("2 snapshots not signed by a trusted key", StringComparison.Ordinal));
        Assert.Equal(0, site.Create(site.Plan with { Signer = signer }).Header.NewBytes);
    }

    private SnapshotLink Link(Snapshot snapshot) => new(snapshot.Id, Digest.Of(File.ReadAllBytes(site.Layout.Header(snapshot.Id))));
}
