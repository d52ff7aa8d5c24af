using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class SigningKeyTests : IDisposable
{
    private static readonly byte[] Content = "what is signed"u8.ToArray();

    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void What_it_signs_fits_its_public_key_and_nothing_else()
    {
        var (key, other) = (SigningKey.Make(temp["a.key"], null), SigningKey.Make(temp["b.key"], null));
        var signature = key.Sign(Content);

        Assert.True(key.Public.HasSigned(Content, signature));
        Assert.False(other.Public.HasSigned(Content, signature));
        for (var bit = 0; bit < Content.Length * 8; bit++)
        {
            var changed = Content.ToArray();
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(key.Public.HasSigned(changed, signature));
        }

        for (var i = 0; i < signature.Length; i++)
        {
            var changed = signature.ToArray();
            changed[i] ^= 1;
            Assert.False(key.Public.HasSigned(Content, changed));
            Assert.False(key.Public.HasSigned(Content, signature.AsSpan(0, i)));
        }
    }

    [Fact]
    public void It_is_read_as_it_was_made()
    {
        var made = SigningKey.Make(temp["a.key"], null);

        var read = SigningKey.Read(temp["a.key"]);

        Assert.Equal(made.Public, read.Public);
        Assert.True(made.Public.HasSigned(Content, read.Sign(Content)));
        Assert.Equal(0x180, Posix.StatusOrNull(temp["a.key"])!.Value.Permissions);
        Assert.Equal(["a.key"], Directory.GetFileSystemEntries(temp.Root).Select(Path.GetFileName));
    }

    [Fact]
    public void A_file_that_is_there_is_never_replaced()
    {
        File.WriteAllText(temp["a.key"], "somebody's");

        Assert.Contains("exists already", Assert.Throws<UserError>(() => SigningKey.Make(temp["a.key"], null)).Message, StringComparison.Ordinal);
        Assert.Equal("somebody's", File.ReadAllText(temp["a.key"]));
        Assert.Single(Directory.GetFileSystemEntries(temp.Root));
    }

    [Theory]
    [InlineData("0640")]
    [InlineData("0620")]
    [InlineData("0604")]
    [InlineData("0601")]
    public void A_key_that_others_may_use_is_refused(string mode)
    {
        SigningKey.Make(temp["a.key"], null);
        Posix.SetModeAt(Posix.Here, Posix.Bytes(temp["a.key"]), Convert.ToInt32(mode, 8));

        Assert.Contains($"is open to others than its owner (mode {mode})", Assert.Throws<UserError>(() => SigningKey.Read(temp["a.key"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("no key")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")]
    [InlineData("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")]
    // Ed25519, and P-384: keys of other kinds.
    [InlineData("-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n-----END PRIVATE KEY-----\n")]
    public void What_is_no_such_key_is_refused(string text)
    {
        File.WriteAllText(temp["a.key"], text);
        Posix.SetModeAt(Posix.Here, Posix.Bytes(temp["a.key"]), SigningKey.FileMode);

        Assert.Contains("is not a signing key", Assert.Throws<UserError>(() => SigningKey.Read(temp["a.key"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_is_not_followed()
    {
        SigningKey.Make(temp["a.key"], null);
        File.CreateSymbolicLink(temp["link"], temp["a.key"]);

        Assert.Contains("symlink", Assert.Throws<UserError>(() => SigningKey.Read(temp["link"])).Message, StringComparison.Ordinal);
    }
}
