using System.Security.Cryptography;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class PublicKeyTests
{
    private const string Text = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEC2qcKi/rBuVfgHvh9IdtDJ1IZVUAGdxxKlub/kqTtw1bxEpAgTlUsmxq2Cwr7IbuBYTEc3XKfzIxYSqfkaMCBA==";

    [Fact]
    public void It_is_read_from_base64_and_from_pem()
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var spki = made.ExportSubjectPublicKeyInfo();

        var key = PublicKey.Parse(made.ExportSubjectPublicKeyInfoPem());

        Assert.Equal(Convert.ToBase64String(spki), key!.Text);
        Assert.Equal(key, PublicKey.Parse($" {key.Text}\n"));
        Assert.Equal("SHA256:" + Convert.ToBase64String(SHA256.HashData(spki)).TrimEnd('='), key.Fingerprint);
        Assert.True(PublicKey.IsFingerprint(key.Fingerprint));
    }

    [Theory]
    [InlineData("")]
    [InlineData("AAAA")]
    [InlineData("not base64")]
    [InlineData("SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----")]
    [InlineData(Text + "AAAA")]
    public void Nothing_else_is_a_key(string text) => Assert.Null(PublicKey.Parse(text));

    [Fact]
    public void Keys_of_other_curves_are_none()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Assert.Null(PublicKey.Parse(other.ExportSubjectPublicKeyInfoPem()));
    }

    [Fact]
    public void Its_fingerprint_is_what_openssl_makes_of_it() =>
        Assert.Equal("SHA256:SUoF9cB3GHTYj/1+SyOY8E3FlZcbbFljI+/6TxROOFE", PublicKey.Parse(Text)!.Fingerprint);

    /// <summary>One bit of a coordinate is another.</summary>
    [Fact]
    public void A_point_that_is_not_on_the_curve_has_signed_nothing() => Assert.False(
        PublicKey.Parse("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEC2qcKi/rBuVfgHvh9IdtDJ1IZVUAGdxxKlub/kqTtw1bxEpAgTlUsmxq2Cwr7IbuBYTEc3XKfzIxYSqfkaMCBQ==")!
            .HasSigned([1], [0x30, 6, 2, 1, 1, 2, 1, 1]));
}
