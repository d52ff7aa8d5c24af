using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Somebody who can write where the snapshots are, and knows their format.</summary>
internal static class Forger
{
    private const string Signature = ",\n  \"signature\": \"";
    private const string Checksum = ",\n  \"checksum\": \"";

    /// <summary>A sealed file without its checksum.</summary>
    public static string Unsealed(string path)
    {
        var text = File.ReadAllText(path);
        return text[..text.LastIndexOf(Checksum, StringComparison.Ordinal)];
    }

    public static string Unsigned(string unsealed) => unsealed[..unsealed.LastIndexOf(Signature, StringComparison.Ordinal)];

    /// <summary>The file that the program would make of it, signed if there is a key to do so.</summary>
    public static byte[] Sealed(string text, string? keyFile = null)
    {
        if (keyFile is not null)
        {
            using var key = ECDsa.Create();
            key.ImportFromPem(File.ReadAllText(keyFile));
            var signature = key.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
            text += Signature + Convert.ToBase64String(signature) + "\"";
        }

        return Encoding.UTF8.GetBytes($"{text}{Checksum}{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))}\"\n}}\n");
    }

    /// <summary>Edits a sealed file, and gives it the checksum that it needs.</summary>
    public static void Reseal(string path, Func<string, string> edit)
    {
        var (before, after) = (Unsealed(path), edit(Unsealed(path)));
        Assert.NotEqual(before, after);
        File.WriteAllBytes(path, Sealed(after));
    }

    /// <summary>Makes a snapshot of another one's content, a second younger; returns its ID.</summary>
    /// <param name="snapshots">The directory of headers.</param>
    /// <param name="id">The other one.</param>
    /// <param name="signer">The public key that it names, and the file of the private key; null not to sign it.</param>
    public static string Forge(string snapshots, string id, (string Public, string KeyFile)? signer = null)
    {
        const string format = "yyyyMMdd'T'HHmmss'Z'";
        var next = DateTime.ParseExact(id, format, CultureInfo.InvariantCulture).AddSeconds(1).ToString(format, CultureInfo.InvariantCulture);
        foreach (var list in new[] { ".files.jsonl.gz", ".packs.jsonl.gz" })
        {
            File.Copy(Path.Combine(snapshots, id + list), Path.Combine(snapshots, next + list));
        }

        var text = Unsigned(Unsealed(Path.Combine(snapshots, id + ".json"))).Replace(id, next, StringComparison.Ordinal);
        if (signer is var (key, _))
        {
            const string field = "\"signer\": \"";
            var at = text.IndexOf(field, StringComparison.Ordinal) + field.Length;
            text = text[..at] + key + text[text.IndexOf('"', at)..];
        }

        File.WriteAllBytes(Path.Combine(snapshots, next + ".json"), Sealed(text, signer?.KeyFile));
        return next;
    }
}
