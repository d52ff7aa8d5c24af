using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// A private key, in a file that OpenSSL reads too: PKCS#8 in PEM, of ECDSA over P-256. The cryptography is the framework's, which
/// leaves it to OpenSSL.
/// </summary>
internal sealed class SigningKey
{
    /// <summary>0600.</summary>
    public const int FileMode = 0x180;

    private const string Label = "PRIVATE KEY";

    /// <summary>Bits of a mode that let others than the owner in.</summary>
    private const int OthersBits = 0x3F;

    /// <summary>A key takes some 250 bytes.</summary>
    private const int Largest = 16 << 10;

    private readonly byte[] pkcs8;

    private SigningKey(byte[] pkcs8)
    {
        this.pkcs8 = pkcs8;
        using var key = Open();
        Public = PublicKey.Of(key.ExportSubjectPublicKeyInfo()) ?? throw new CryptographicException("it is not a key of the curve P-256");
    }

    public PublicKey Public { get; }

    /// <summary>Makes a key, and the file of it, which must not be there.</summary>
    /// <param name="path">Where; its directory is there.</param>
    /// <param name="owner">To whom the file is given; null leaves it to the user that runs this.</param>
    /// <exception cref="UserError">Something is there already, or it cannot be written.</exception>
    public static SigningKey Make(string path, (uint Uid, uint Gid)? owner)
    {
        using var made = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var key = new SigningKey(made.ExportPkcs8PrivateKey());
        try
        {
            key.Save(path, owner);
            return key;
        }
        catch (PosixError e) when (e.Number == PosixError.Exists)
        {
            throw UserError.Failed(
                $"{path} exists already, and a signing key is never replaced",
                $"'vertex-ar-backup key show' shows its public key; for another key, name another file, or move this one away");
        }
        catch (PosixError e)
        {
            throw UserError.Failed($"the signing key {path} cannot be written: {e.Message}", $"its directory must exist: sudo install -d {Path.GetDirectoryName(path)}", e);
        }
    }

    /// <exception cref="UserError">It is not there, is open to others, or is no such key.</exception>
    public static SigningKey Read(string path)
    {
        try
        {
            return new SigningKey(Content(path));
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            throw UserError.Usage($"the signing key {path} does not exist", "put it back, or read with --trust and its fingerprint; where nothing was signed yet, make one: sudo vertex-ar-backup key new");
        }
        catch (PosixError e)
        {
            throw UserError.Failed(
                $"the signing key {path} cannot be read: {e.Message}", "it must belong to the user that makes backups, the owner of the backup directory", e);
        }
        catch (Exception e) when (e is CryptographicException or FormatException or ArgumentException)
        {
            throw UserError.Usage($"{path} is not a signing key: it must be a private key of the curve P-256 in PKCS#8 and PEM, as 'vertex-ar-backup key new' makes it");
        }
    }

    /// <summary>The signature of these bytes, in DER (RFC 3279).</summary>
    public byte[] Sign(ReadOnlySpan<byte> content)
    {
        using var key = Open();
        return key.SignData(content, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
    }

    private static byte[] Content(string path)
    {
        using var file = RegularFile.Open(path);
        var status = Posix.Status(file);
        if ((status.Permissions & OthersBits) != 0)
        {
            throw UserError.Failed(
                $"the signing key {path} is open to others than its owner (mode {Convert.ToString(status.Permissions, 8).PadLeft(4, '0')})",
                $"sudo chmod 600 {path}; if anybody else may have read it, make another key, since they can sign snapshots with this one");
        }

        if (!Posix.IsRoot && status.Uid != 0 && status.Uid != Posix.EffectiveUser)
        {
            throw UserError.Failed($"the signing key {path} belongs to another user, who can replace it", "sudo chown it to the owner of the backup directory");
        }

        var text = new byte[Math.Min(status.Size, Largest)];
        var pem = Encoding.ASCII.GetString(text, 0, Posix.ReadAt(file, text, 0));
        var fields = PemEncoding.Find(pem);
        return pem[fields.Label] == Label ? Convert.FromBase64String(pem[fields.Base64Data]) : throw new FormatException();
    }

    private ECDsa Open()
    {
        var key = ECDsa.Create();
        key.ImportPkcs8PrivateKey(pkcs8, out _);
        return key;
    }

    /// <summary>Under another name first, so that the name itself has a whole key or none.</summary>
    private void Save(string path, (uint Uid, uint Gid)? owner)
    {
        using var directory = OpenDirectory(Path.GetDirectoryName(path)!);
        var (name, temporary) = (Posix.Bytes(Path.GetFileName(path)), Posix.Bytes($".{Path.GetFileName(path)}.{Environment.ProcessId}.new"));
        using var file = Posix.CreateNew(directory, temporary, FileMode);
        try
        {
            Posix.Write(file, Encoding.ASCII.GetBytes(PemEncoding.WriteString(Label, pkcs8) + "\n"));
            if (owner is var (uid, gid))
            {
                Posix.SetOwner(file, [], uid, gid);
            }

            Posix.Sync(file);
            Posix.MakeLink(directory, temporary, directory, name);
        }
        finally
        {
            Posix.Remove(directory, temporary);
        }

        DiskSync.Directory(directory);
    }

    private static SafeFileHandle OpenDirectory(string path)
    {
        var (above, name) = LinkTrust.OpenAbove(Path.Combine(path, "."));
        using (above)
        {
            return Posix.OpenDirectory(above, name, follow: true);
        }
    }
}
