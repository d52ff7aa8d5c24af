using VertexAr.Backup.Config;

namespace VertexAr.Backup.Tests.Config;

public sealed class SigningSettingTests : IDisposable
{
    private const string Key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEC2qcKi/rBuVfgHvh9IdtDJ1IZVUAGdxxKlub/kqTtw1bxEpAgTlUsmxq2Cwr7IbuBYTEc3XKfzIxYSqfkaMCBA==";
    private const string Fingerprint = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU";

    private readonly ConfigFile file = new();

    public void Dispose() => file.Dispose();

    [Theory]
    [InlineData("{}")]
    [InlineData("""{ "signing": null }""")]
    [InlineData("""{ "signing": {} }""")]
    [InlineData("""{ "signing": { "key_file": null, "trust": [] } }""")]
    public void Without_it_nothing_is_signed(string text)
    {
        file.Text = text;

        Assert.Null(file.Load().Settings.Signing);
    }

    [Fact]
    public void All_of_it_is_read()
    {
        file.Text = $$"""{ "signing": { "key_file": "/etc/x/../signing.key", "trust": ["{{Key}}", "{{Fingerprint}}", "/etc/other.pem"] } }""";

        var signing = file.Load().Settings.Signing!;

        Assert.Equal("/etc/signing.key", signing.KeyFile);
        Assert.Equal([Key, Fingerprint, "/etc/other.pem"], signing.Trust);
        Assert.Contains(new SettingOrigin("signing.key_file", "/etc/signing.key", file.FilePath + ":1"), file.Load().Origins);
        Assert.Contains(new SettingOrigin("signing.trust", $"{Key}, {Fingerprint}, /etc/other.pem", file.FilePath + ":1"), file.Load().Origins);
    }

    [Theory]
    [InlineData("""{ "signing": [] }""", "FILE:1: 'signing' is a list; it must be an object: { … }")]
    [InlineData("""{ "signing": { "key_fil": "/x" } }""", "FILE:1: key 'signing.key_fil' is unknown; did you mean 'signing.key_file'?")]
    [InlineData("""{ "signing": { "key_file": "x" } }""", "FILE:1: 'signing.key_file' is 'x'; it must be an absolute path")]
    [InlineData("""{ "signing": { "trust": "x" } }""", "FILE:1: 'signing.trust' is the text 'x'; it must be a list: [ … ]")]
    [InlineData(
        """{ "signing": { "trust": ["SHA256:short"] } }""",
        "FILE:1: 'signing.trust[0]' is 'SHA256:short'; it must be a public key or a fingerprint as 'key show' prints them, or the absolute path of a file with a public key")]
    public void What_is_wrong_is_named_with_its_line(string text, string error)
    {
        file.Text = text;

        Assert.Equal([error], file.Errors());
    }

    [Fact]
    public void It_is_found_whatever_is_wrong_with_the_rest()
    {
        file.Text = $$"""{ "max_backups": null, "nonsense": 1, "signing": { "trust": ["{{Fingerprint}}"] } }""";

        Assert.Equal([Fingerprint], SettingsLoader.Signing(file.FilePath, _ => null, unreadable: e => throw e)!.Trust);
    }

    [Fact]
    public void A_file_that_cannot_be_read_is_told_of()
    {
        file.Text = "{";
        var told = new List<string>();

        Assert.Null(SettingsLoader.Signing(file.FilePath, _ => null, unreadable: e => told.Add(e.Message)));
        Assert.Contains("not valid JSON", Assert.Single(told), StringComparison.Ordinal);
    }
}
