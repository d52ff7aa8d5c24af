using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Operations;

public sealed class CreateSigningTests : IDisposable
{
    private readonly Site site = new();
    private readonly SigningKey key;

    public CreateSigningTests()
    {
        site.Write("a", "content"u8);
        key = SigningKey.Make(site.Temp["key"], null);
    }

    public void Dispose() => site.Dispose();

    [Fact]
    public void A_header_is_signed_and_names_its_signer()
    {
        var snapshot = site.Create(site.Plan with { Key = key });

        var signed = SignedJson.Split(SmallFile.Read(site.Layout.Header(snapshot.Id)))!;
        Assert.True(key.Public.HasSigned(signed.Content.Span, signed.Signature));
        Assert.Equal(key.Public.Text, snapshot.Header.Signer);
        Assert.Null(snapshot.Header.Previous);
    }

    [Fact]
    public void It_names_the_snapshot_before_it_by_the_hash_of_its_header()
    {
        var unsigned = site.Create();
        var first = site.Create(site.Plan with { Key = key });
        var second = site.Create(site.Plan with { Key = key });

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

    private SnapshotLink Link(Snapshot snapshot) => new(snapshot.Id, Digest.Of(File.ReadAllBytes(site.Layout.Header(snapshot.Id))));
}
