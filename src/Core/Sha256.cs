using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Gathers a SHA-256, for one thread, by the system's OpenSSL (https://docs.openssl.org/3.0/man3/EVP_DigestInit/). The framework ends in the
/// same code, but loads the library for TLS as well, which takes longer than most commands have to hash.
/// </summary>
internal sealed unsafe partial class Sha256 : SafeHandleZeroOrMinusOneIsInvalid
{
    private const string Library = "libcrypto.so.3";
    private static readonly Lazy<nint> Algorithm = new(Load);

    /// <exception cref="UserError">OpenSSL is not installed.</exception>
    public Sha256()
        : base(ownsHandle: true)
    {
        var algorithm = Algorithm.Value;
        SetHandle(NewContext());
        Check(Begin(handle, algorithm, 0));
    }

    /// <summary>Before the framework's own cryptography is used, which ends the process where there is no OpenSSL.</summary>
    /// <exception cref="UserError">OpenSSL is not installed.</exception>
    public static void Require() => _ = Algorithm.Value;

    /// <exception cref="UserError">OpenSSL is not installed.</exception>
    public static Digest Of(ReadOnlySpan<byte> content)
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        fixed (byte* from = content, to = bytes)
        {
            Check(DigestAtOnce(from, (nuint)content.Length, to, null, Algorithm.Value, 0));
        }

        return Digest.FromBytes(bytes);
    }

    /// <exception cref="PosixError">It cannot be read.</exception>
    public static Digest OfFile(SafeFileHandle file)
    {
        using var hash = new Sha256();
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
        fixed (byte* from = bytes)
        {
            Check(Append(handle, from, (nuint)bytes.Length));
        }
    }

    /// <summary>The hash gathered so far; begins again.</summary>
    public Digest Finish()
    {
        Span<byte> bytes = stackalloc byte[Digest.Size];
        fixed (byte* to = bytes)
        {
            Check(Finish(handle, to, null));
        }

        Check(Begin(handle, Algorithm.Value, 0));
        return Digest.FromBytes(bytes);
    }

    protected override bool ReleaseHandle()
    {
        FreeContext(handle);
        return true;
    }

    private static nint Load()
    {
        try
        {
            return Sha();
        }
        catch (DllNotFoundException e)
        {
            throw UserError.Failed($"OpenSSL 3 cannot be loaded: {Library} is missing", "apt install libssl3", e);
        }
    }

    private static void Check(int result)
    {
        if (result != 1)
        {
            throw new InvalidOperationException("OpenSSL refuses to hash");
        }
    }

    [LibraryImport(Library, EntryPoint = "EVP_sha256")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint Sha();

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_new")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial nint NewContext();

    [LibraryImport(Library, EntryPoint = "EVP_MD_CTX_free")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void FreeContext(nint context);

    [LibraryImport(Library, EntryPoint = "EVP_DigestInit_ex")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Begin(nint context, nint algorithm, nint engine);

    [LibraryImport(Library, EntryPoint = "EVP_DigestUpdate")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Append(nint context, byte* bytes, nuint count);

    [LibraryImport(Library, EntryPoint = "EVP_DigestFinal_ex")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Finish(nint context, byte* digest, uint* length);

    [LibraryImport(Library, EntryPoint = "EVP_Digest")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int DigestAtOnce(byte* bytes, nuint count, byte* digest, uint* length, nint algorithm, nint engine);
}
