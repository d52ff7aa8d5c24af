using System.Security.Cryptography;

namespace VertexAr.Backup.Core;

/// <summary>
/// The public half of a signing key: ECDSA over P-256 with SHA-256 (FIPS 186-5), computed by the framework, which leaves it to OpenSSL.
/// It is written as OpenSSL writes it: a SubjectPublicKeyInfo (RFC 5480), here in base64 on one line.
/// </summary>
/// <param name="Text">124 characters.</param>
internal sealed record PublicKey(string Text)
{
    /// <summary>Bytes of the key: the prefix, and two coordinates of 32.</summary>
    private const int Size = 91;

    private const string FingerprintStart = "SHA256:";

    /// <summary>Characters of a SHA-256 in base64 without its padding.</summary>
    private const int FingerprintLength = 43;

    /// <summary>How each such key begins: its algorithm, its curve, and that the point is not compressed.</summary>
    private static ReadOnlySpan<byte> Prefix =>
        [0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04];

    /// <summary>The SHA-256 of the key in base64, without padding, as ssh-keygen(1) shows its own.</summary>
    public string Fingerprint => FingerprintStart + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(Text))).TrimEnd('=');

    /// <summary>Whether a text has the form of a <see cref="Fingerprint"/>.</summary>
    public static bool IsFingerprint(string text) =>
        text.StartsWith(FingerprintStart, StringComparison.Ordinal) && text.Length == FingerprintStart.Length + FingerprintLength;

    /// <summary>A key in base64 or in PEM; null if it is none, or of another kind.</summary>
    public static PublicKey? Parse(string text)
    {
        var spki = new byte[text.Length];
        if (PemEncoding.TryFind(text, out var pem))
        {
            return text[pem.Label] == "PUBLIC KEY" ? Of(Convert.FromBase64String(text[pem.Base64Data])) : null;
        }

        return Convert.TryFromBase64String(text.Trim(), spki, out var length) ? Of(spki.AsSpan(0, length)) : null;
    }

    /// <summary>The key whose SubjectPublicKeyInfo this is; null if it is none of P-256.</summary>
    public static PublicKey? Of(ReadOnlySpan<byte> spki) =>
        spki.Length == Size && spki.StartsWith(Prefix) ? new PublicKey(Convert.ToBase64String(spki)) : null;

    /// <summary>Whether the owner of the private key signed these bytes.</summary>
    /// <param name="content">All that was signed.</param>
    /// <param name="signature">In DER, as OpenSSL writes it (RFC 3279).</param>
    public bool HasSigned(ReadOnlySpan<byte> content, ReadOnlySpan<byte> signature)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(Text), out _);
            return key.VerifyData(content, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            // No point of the curve, or no signature.
            return false;
        }
    }
}
