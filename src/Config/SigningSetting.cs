namespace VertexAr.Backup.Config;

/// <summary>
/// Who signs snapshots and whose signatures count. A machine that only reads has no key file.
/// </summary>
/// <param name="KeyFile">The private key, absolute; null on a machine that only reads.</param>
/// <param name="Trust">Public keys in base64, fingerprints of such, and absolute paths of files with a public key, besides the key file's own.</param>
internal sealed record SigningSetting(string? KeyFile, IReadOnlyList<string> Trust)
{
    /// <summary>Where 'key new' makes a key if no other file is named.</summary>
    public const string DefaultKeyFile = "/etc/vertex-ar-backup/signing.key";
}
