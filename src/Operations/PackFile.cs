using System.IO.Hashing;
using System.Security.Cryptography;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Reads a pack as a file, from end to end, and compares.</summary>
internal static class PackFile
{
    /// <summary>What is wrong with a pack of a repository, by its size and XXH128, at the speed of the disk; null if nothing is.</summary>
    public static string? Trouble(Layout layout, PackInfo pack, Action<long> read, CancellationToken stop)
    {
        try
        {
            var xxh128 = new XxHash128();
            var at = Read(layout.Pack(pack.Sha256), bytes => xxh128.Append(bytes), read, stop);
            return at != pack.Bytes ? $"has {at} bytes and was written with {pack.Bytes}"
                : xxh128.GetCurrentHashAsUInt128() != pack.Xxh128 ? "does not match its checksum (XXH128)"
                : null;
        }
        catch (PosixError e)
        {
            return e.Number == PosixError.NotFound ? "is missing" : $"cannot be read: {e.Message}";
        }
    }

    /// <summary>Whether a file's SHA-256 is this, as a pack's name says; for what comes from elsewhere. False if it cannot be read.</summary>
    public static bool Has(string path, Digest sha256, CancellationToken stop)
    {
        using var hash = new Sha256();
        try
        {
            _ = Read(path, hash.Append, _ => { }, stop);
        }
        catch (PosixError)
        {
            return false;
        }

        return hash.Finish() == sha256;
    }

    /// <summary>The MD5 of a pack of a repository, in hexadecimal, which some servers tell; null if the pack is not there or not whole.</summary>
    public static string? Md5(Layout layout, Digest pack, CancellationToken stop)
    {
        using var sha256 = new Sha256();
#pragma warning disable CA5351 // To compare with what servers say; nothing is believed for it.
        using var md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
#pragma warning restore CA5351
        try
        {
            _ = Read(
                layout.Pack(pack),
                bytes =>
                {
                    sha256.Append(bytes);
                    md5.AppendData(bytes);
                },
                _ => { },
                stop);
        }
        catch (PosixError)
        {
            return null;
        }

        return sha256.Finish() == pack ? Convert.ToHexStringLower(md5.GetHashAndReset()) : null;
    }

    private delegate void Take(ReadOnlySpan<byte> bytes);

    private static long Read(string path, Take take, Action<long> read, CancellationToken stop)
    {
        using var file = RegularFile.Open(path);
        Posix.AdviseSequential(file);
        var buffer = new byte[1 << 20];
        var at = 0L;
        for (int n; (n = Posix.ReadAt(file, buffer, at)) > 0; at += n)
        {
            stop.ThrowIfCancellationRequested();
            take(buffer.AsSpan(0, n));
            read(n);
        }

        return at;
    }
}
