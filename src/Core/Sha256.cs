using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Gathers a SHA-256 by the code of OpenSSL that is linked in, for one thread. The framework's own way ends in the same code, but
/// loads the whole library first, which takes longer than most commands have to hash.
/// </summary>
internal sealed unsafe partial class Sha256
{
    private Context context;

    public Sha256()
    {
        fixed (Context* c = &context)
        {
            _ = Begin(c);
        }
    }

    public static Digest Of(ReadOnlySpan<byte> content)
    {
        Context context;
        _ = Begin(&context);
        Append(&context, content);
        return Finish(&context);
    }

    /// <exception cref="PosixError">It cannot be read.</exception>
    public static Digest OfFile(SafeFileHandle file)
    {
        var hash = new Sha256();
        var buffer = new byte[64 * 1024];
        var at = 0L;
        for (int n; (n = Posix.ReadAt(file, buffer, at)) > 0; at += n)
        {
            hash.Append(buffer.AsSpan(0, n));
        }

        return hash.Finish();
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        fixed (Context* c = &context)
        {
            Append(c, bytes);
        }
    }

    /// <summary>The hash gathered so far; begins anew.</summary>
    public Digest Finish()
    {
        fixed (Context* c = &context)
        {
            var digest = Finish(c);
            _ = Begin(c);
            return digest;
        }
    }

    private static void Append(Context* context, ReadOnlySpan<byte> bytes)
    {
        fixed (byte* p = bytes)
        {
            _ = Append(context, p, (nuint)bytes.Length);
        }
    }

    private static Digest Finish(Context* context)
    {
        Span<byte> hash = stackalloc byte[Digest.Size];
        fixed (byte* p = hash)
        {
            _ = Finish(p, context);
        }

        return Digest.FromBytes(hash);
    }

    // https://docs.openssl.org/3.0/man3/SHA256_Init/; each returns 1.
    [LibraryImport("libcrypto", EntryPoint = "SHA256_Init")]
    private static partial int Begin(Context* context);

    [LibraryImport("libcrypto", EntryPoint = "SHA256_Update")]
    private static partial int Append(Context* context, byte* bytes, nuint count);

    [LibraryImport("libcrypto", EntryPoint = "SHA256_Final")]
    private static partial int Finish(byte* hash, Context* context);

    /// <summary>SHA256_CTX of openssl/sha.h: eight words of state, two that count, sixteen of input, two that say how much is where.</summary>
    [InlineArray(28)]
    private struct Context
    {
        private uint word;
    }
}
