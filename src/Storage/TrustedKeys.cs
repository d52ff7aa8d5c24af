using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>Whose signatures count, by the fingerprints of their public keys.</summary>
internal sealed class TrustedKeys(IEnumerable<string> fingerprints)
{
    private readonly HashSet<string> fingerprints = [.. fingerprints];

    /// <summary>The private key of one of them is here, so that this machine keeps the list of what is there.</summary>
    public bool SignsHere { get; init; }

    public bool Contains(PublicKey key) => fingerprints.Contains(key.Fingerprint);

    /// <summary>Why a file does not prove who wrote it, as the end of a sentence; null if a trusted key signed it.</summary>
    /// <param name="file">All of it; its seal fits.</param>
    /// <param name="signer">The key that it names as its signer; null if it names none.</param>
    public string? Trouble(ReadOnlyMemory<byte> file, string? signer)
    {
        if (SignedJson.Split(file) is not { } signed || signer is null)
        {
            return "is not signed";
        }

        return PublicKey.Parse(signer) is not { } key ? "is signed by a key of an unknown kind"
            : !Contains(key) ? $"is signed by another key, {key.Fingerprint}"
            : !key.HasSigned(signed.Content.Span, signed.Signature) ? "does not match its signature: it was changed after it was signed"
            : null;
    }
}
