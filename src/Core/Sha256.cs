using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Gathers a SHA-256 by the code of OpenSSL that is linked in, for one thread. The framework's own way ends in the same code, but
/// loads the whole library first, which takes longer than most commands have to hash.
/// </summary>
internal sealed unsafe partial class Sha256
{
    private const int BlockBytes = 64;
    private const int StateWords = 8;

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

    /// <summary>
    /// Appends bytes, and to another hash as many of its own as take no longer. One hash leaves the processor waiting for each of
    /// its rounds; two at a time go one and a half times as fast.
    /// </summary>
    /// <returns>How many bytes the other took; none on a processor that gains nothing by it.</returns>
    public int AppendBeside(ReadOnlySpan<byte> bytes, Sha256 other, ReadOnlySpan<byte> others)
    {
        var blocks = Lanes.AreFaster && context.IsAtBlock && other.context.IsAtBlock ? Math.Min(bytes.Length, others.Length) / BlockBytes : 0;
        if (blocks > 0)
        {
            Append(blocks, ref context, bytes, ref other.context, others);
        }

        Append(bytes[(blocks * BlockBytes)..]);
        return blocks * BlockBytes;
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

    private static void Append(int blocks, ref Context one, ReadOnlySpan<byte> ones, ref Context other, ReadOnlySpan<byte> others)
    {
        var lanes = new Lanes();
        for (var i = 0; i < StateWords; i++)
        {
            (lanes[i * Lanes.Count], lanes[(i * Lanes.Count) + 1]) = (one[i], other[i]);
        }

        fixed (byte* a = ones, b = others)
        {
            var inputs = stackalloc Input[Lanes.Least];
            inputs[0] = new Input { Bytes = a, Blocks = blocks };
            inputs[1] = new Input { Bytes = b, Blocks = blocks };
            Append(&lanes, inputs, 1);
        }

        for (var i = 0; i < StateWords; i++)
        {
            (one[i], other[i]) = (lanes[i * Lanes.Count], lanes[(i * Lanes.Count) + 1]);
        }

        one.Count(blocks);
        other.Count(blocks);
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

    // What OpenSSL itself hashes TLS records with, several at once; not in its documentation, and not for arm64.
    // https://github.com/openssl/openssl/blob/openssl-3.0/crypto/sha/asm/sha256-mb-x86_64.pl
    [LibraryImport("libcrypto", EntryPoint = "sha256_multi_block")]
    private static partial void Append(Lanes* lanes, Input* inputs, int fours);

    /// <summary>SHA256_CTX of openssl/sha.h: eight words of state, two that count bits, sixteen of input, how much of that there is, and of the hash.</summary>
    [InlineArray(28)]
    private struct Context
    {
        private const int LowBits = 8;
        private const int HighBits = 9;
        private const int PartialBlock = 26;

        private uint word;

        /// <summary>Nothing waits for the rest of its block.</summary>
        public readonly bool IsAtBlock => this[PartialBlock] == 0;

        public void Count(int blocks)
        {
            var bits = (((ulong)this[HighBits] << 32) | this[LowBits]) + ((ulong)blocks * BlockBytes * 8);
            (this[HighBits], this[LowBits]) = ((uint)(bits >> 32), (uint)bits);
        }
    }

    /// <summary>SHA256_MB_CTX: the first word of the state of eight hashes, their second word, and so on.</summary>
    [InlineArray(StateWords * Count)]
    private struct Lanes
    {
        public const int Count = 8;

        /// <summary>For so many hashes there must be an input, be it empty.</summary>
        public const int Least = 4;

        /// <summary>
        /// With instructions for SHA-256 two go together. Without them eight do, by the vector unit, and two of eight take longer
        /// than one after the other.
        /// </summary>
        public static readonly bool AreFaster = X86Base.IsSupported && (X86Base.CpuId(7, 0).Ebx & (1 << 29)) != 0;

        private uint word;
    }

    /// <summary>HASH_DESC: what is to be hashed next.</summary>
    private struct Input
    {
        public byte* Bytes;
        public int Blocks;
    }
}
