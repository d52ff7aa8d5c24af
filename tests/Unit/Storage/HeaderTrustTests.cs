using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class HeaderTrustTests : IDisposable
{
    private static readonly SnapshotId Id = SnapshotId.Parse("20261123T020000Z")!.Value;

    private readonly TempDirectory temp = new();
    private readonly SigningKey key;
    private readonly SigningKey other;

    public HeaderTrustTests() => (key, other) = (SigningKey.Make(temp["key"], null), SigningKey.Make(temp["other"], null));

    private TrustedKeys Trusted => new([key.Public.Fingerprint]);

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_signed_header_is_believed_and_any_flipped_bit_that_is_resealed_is_not()
    {
        var file = File(key.Public, key);
        Assert.Null(Trusted.Trouble(file, key.Public.Text));

        // What a forger can do: change something, and give it the checksum that it needs.
        var open = file.Length - SealedJson.SealSize;
        for (var at = 0; at < open; at += 7)
        {
            var changed = file[..open];
            changed[at] ^= 1;
            Assert.NotNull(Trusted.Trouble((byte[])[.. changed, .. file[open..]], key.Public.Text));
        }
    }

    /// <summary>The last digit of base64 may have bits that stand for nothing.</summary>
    [Fact]
    public void A_signature_that_is_written_otherwise_is_not_believed()
    {
        const string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        byte[] file;
        do
        {
            file = File(key.Public, key);
        }
        while (file[^(SealedJson.SealSize + 2)] != '=');
        var last = Array.FindLastIndex(file, file.Length - SealedJson.SealSize - 2, digit => digit != '=');
        file[last] = (byte)digits[digits.IndexOf((char)file[last], StringComparison.Ordinal) + 1];

        Assert.NotNull(Trusted.Trouble(file, key.Public.Text));
    }

    [Theory]
    [InlineData(true, false, "is signed by another key")]
    [InlineData(false, true, "does not match its signature")]
    public void Another_key_is_told_from_a_changed_header(bool namesOther, bool signedByOther, string reason)
    {
        var (named, signing) = (namesOther ? other.Public : key.Public, signedByOther ? other : key);

        Assert.StartsWith(reason, Trusted.Trouble(File(named, signing), named.Text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("no key")]
    public void Without_a_signer_it_is_not_believed(string? signer) => Assert.NotNull(Trusted.Trouble(File(key.Public, key), signer));

    [Fact]
    public void An_unsigned_header_is_believed_if_a_manifest_lists_it()
    {
        var file = SealedJson.Write(json => json.WriteString("id", "x"));
        Assert.Throws<DamageError>(() => Check(file, []));
        Check(file, [Manifest(file)]);
        Assert.Throws<DamageError>(() => Check(SealedJson.Write(json => json.WriteString("id", "y")), [Manifest(file)]));
    }

    /// <summary>One that is older, or of a clone with the same key.</summary>
    [Fact]
    public void A_signed_header_is_not_believed_if_a_manifest_lists_another()
    {
        var file = File(key.Public, key);

        var error = Assert.Throws<DamageError>(() => Check(file, [Manifest([1])], key.Public.Text));
        Assert.True(error.IsUntrusted);
        Check(file, [], key.Public.Text);
    }

    [Fact]
    public void A_manifest_is_read_as_it_was_signed()
    {
        var manifest = Manifest([1]);
        System.IO.File.WriteAllBytes(temp["manifest.json"], manifest.ToBytes(key));

        var (read, trouble) = SnapshotManifest.Read(temp["manifest.json"], Trusted);

        Assert.Null(trouble);
        Assert.Equal(manifest.Snapshots, read!.Snapshots);
        Assert.Equal(manifest with { Snapshots = read.Snapshots }, read);
        System.IO.File.WriteAllBytes(temp["manifest.json"], manifest.ToBytes(other));
        Assert.Equal((null, "does not match its signature: it was changed after it was signed"), SnapshotManifest.Read(temp["manifest.json"], Trusted));
        Assert.Equal((null, null), SnapshotManifest.Read(temp["none.json"], Trusted));
    }

    /// <summary>A header is signed with the same key, and is no list.</summary>
    [Fact]
    public void A_header_is_no_manifest()
    {
        System.IO.File.WriteAllBytes(temp["manifest.json"], File(key.Public, key));

        Assert.NotNull(SnapshotManifest.Read(temp["manifest.json"], Trusted).Trouble);
    }

    private void Check(byte[] file, IReadOnlyList<SnapshotManifest> manifests, string? signer = null) =>
        new HeaderTrust(Trusted, manifests).Check(signer, Id, file);

    private SnapshotManifest Manifest(byte[] header) =>
        new SnapshotSigner(key, Trusted).Next("0123", null, new Dictionary<SnapshotId, Digest> { [Id] = Digest.Of(header) }, DateTimeOffset.UnixEpoch);

    private static byte[] File(PublicKey named, SigningKey signing) => SealedJson.Write(
        json =>
        {
            json.WriteString("id", "20261123T020000Z");
            json.WriteString("signer", named.Text);
        },
        signing);
}
