using System.Text;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>The keys that the configuration or the command line names: who signs, and whose signatures count.</summary>
internal static class Signing
{
    /// <summary>What to trust so that no signature is looked at.</summary>
    private const string Nobody = "none";

    /// <summary>A public key takes 180 bytes in PEM.</summary>
    private const int LargestPublicKey = 4096;

    /// <summary>Signs the snapshots that are made here; null if they are not signed.</summary>
    /// <exception cref="UserError">The key cannot be used: nothing is saved that later would be refused.</exception>
    public static SnapshotSigner? Signer(Settings settings)
    {
        if (settings.Signing is not { KeyFile: { } file } signing)
        {
            return null;
        }

        var key = SigningKey.Read(file);
        return new SnapshotSigner(key, new TrustedKeys([key.Public.Fingerprint, .. signing.Trust.Select(Fingerprint)]));
    }

    /// <summary>The same where the key is not needed: null if it is not here.</summary>
    public static SnapshotSigner? SignerIfThere(Settings settings) =>
        settings.Signing?.KeyFile is { } file && Posix.Refusal(file, AccessKind.Read) is null ? Signer(settings) : null;

    /// <summary>Whose signatures count; null if no key is known, and none is asked for.</summary>
    /// <exception cref="UserError">A key that is named cannot be read.</exception>
    public static TrustedKeys? Trust(GlobalOptions options, Log log, Func<string, string?> environment)
    {
        if (options.Trust is { } named)
        {
            return named is [Nobody] ? null : new TrustedKeys(named.Select(Fingerprint));
        }

        var signing = SettingsLoader.Signing(options.ConfigFile, environment, unreadable: e => log.Say(
            Severity.Warning, $"signatures are not checked, since the configuration cannot be read: {e.Message.Split('\n')[0]}; --trust KEY checks them"));
        if (signing is null)
        {
            return null;
        }

        var trusted = signing.Trust.Select(Fingerprint).ToList();
        var key = signing.KeyFile is { } file && (trusted.Count == 0 || Posix.Refusal(file, AccessKind.Read) is null) ? SigningKey.Read(file) : null;
        return new TrustedKeys(key is null ? trusted : [.. trusted, key.Public.Fingerprint]) { SignsHere = key is not null };
    }

    /// <summary>What somebody removed or replaced in a repository here, as far as the known keys tell.</summary>
    public static List<Damage> Look(Surroundings around, Layout layout) =>
        around.Trust is { } keys ? ManifestCheck.Look(layout, keys, isKept: keys.SignsHere) : [];

    /// <summary>The public key that a file has, whether public or private; null if it has none, or cannot be read.</summary>
    public static PublicKey? ReadPublic(string file)
    {
        try
        {
            return PublicKey.Parse(Content(file));
        }
        catch (PosixError)
        {
            return null;
        }
    }

    /// <summary>Of a key as it is named: by itself, by its fingerprint, or by a file.</summary>
    private static string Fingerprint(string named)
    {
        if (PublicKey.IsFingerprint(named))
        {
            return named;
        }

        if (PublicKey.Parse(named) is { } given)
        {
            return given.Fingerprint;
        }

        try
        {
            var content = Content(Path.GetFullPath(named)).Trim();
            return PublicKey.IsFingerprint(content) ? content
                : (PublicKey.Parse(content) ?? throw UserError.Usage($"{named} has no public key in it", "name a file with the public key that 'vertex-ar-backup key show' prints")).Fingerprint;
        }
        catch (PosixError e)
        {
            throw UserError.Usage($"'{named}' is neither a public key nor a fingerprint, nor a file that can be read: {e.Message}", "'vertex-ar-backup key show' prints key and fingerprint");
        }
    }

    private static string Content(string file)
    {
        using var open = RegularFile.Open(file);
        Span<byte> text = stackalloc byte[LargestPublicKey];
        return Encoding.UTF8.GetString(text[..Posix.ReadAt(open, text, 0)]);
    }
}
