using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>A lease as it is found.</summary>
/// <param name="Token">By which its file is named.</param>
/// <param name="Mark">What it says; null if that cannot be read, whoever may have written it.</param>
/// <param name="RenewedAt">By the clock of the file system.</param>
internal sealed record FoundLease(string Token, LeaseMark? Mark, FileTime RenewedAt)
{
    /// <summary>Whether it is known to be for this: only then is it known which kernel lock whoever wrote it holds.</summary>
    public bool Is(string use) => Mark?.Use == use;

    public bool MayBe(string use) => Mark?.MayBe(use) ?? true;

    public bool MayRead => MayBe(LeaseMark.ReadUse);

    public bool MayHaveScratch => MayRead || MayBe(LeaseMark.CopyUse) || MayBe(LeaseMark.ImportUse);

    public string Holder => Mark?.Holder ?? "whose lease cannot be read";
}

/// <summary>
/// The directory <c>leases</c> of a repository. Others may have put anything there: nothing is followed, waited for or read beyond what a
/// lease can be.
/// </summary>
internal sealed class LeaseDirectory : IDisposable
{
    private const string Suffix = ".json";
    private const int TokenLength = 32;
    private const int Largest = 4096;

    private readonly SafeFileHandle directory;

    private LeaseDirectory(SafeFileHandle directory) => this.directory = directory;

    public static byte[] NameOf(string token) => Posix.Bytes(token + Suffix);

    /// <summary>What is written for a lease first, and for a header that it stands for.</summary>
    public static string TemporaryOf(string token) => token + ".tmp";

    public FileStatus Status => Posix.Status(directory);

    public ulong FileSystem => FileSystemType.Of(directory);

    /// <summary>Null if the repository has none, or something else in its place.</summary>
    public static LeaseDirectory? TryOpen(Layout layout)
    {
        try
        {
            return new LeaseDirectory(Posix.OpenDirectory(Posix.Here, Posix.Bytes(layout.Leases)));
        }
        catch (PosixError)
        {
            return null;
        }
    }

    /// <exception cref="PosixError">It is not there, and cannot be made, or is something else.</exception>
    public static LeaseDirectory Make(Layout layout)
    {
        AtomicFile.EnsureOwnDirectory(layout.Leases);
        try
        {
            return new LeaseDirectory(Posix.OpenDirectory(Posix.Here, Posix.Bytes(layout.Leases)));
        }
        catch (PosixError e) when (e.Number is PosixError.NotDirectory or PosixError.TooManySymlinks)
        {
            throw new PosixError(e.Number, $"{layout.Leases} is no directory; move it away");
        }
    }

    /// <summary>All leases but one's own, and what else was made here by nobody who is known.</summary>
    /// <param name="own">One's own; null if one has none.</param>
    /// <param name="mayRemove">What cannot be a lease, as a link or a FIFO of such a name, is removed.</param>
    public List<FoundLease> Others(string? own, bool mayRemove)
    {
        var found = new List<FoundLease>();

        // Opened anew: a descriptor that was read to its end stays there.
        using var names = Posix.OpenDirectory(directory, "."u8);
        foreach (var name in DirectoryNames.Read(names, ending: Posix.Bytes(Suffix)))
        {
            if (Encoding.UTF8.GetString(name) is { Length: TokenLength + 5 } text && text[..TokenLength] is var token && token != own && token.All(char.IsAsciiHexDigit)
                && Find(token, name, mayRemove) is { } lease)
            {
                found.Add(lease);
            }
        }

        return found;
    }

    /// <summary>Removes what was left by those who were killed just before they had a lease, or just after they gave it back.</summary>
    /// <param name="old">What was changed before that: somebody may be about to have a lease.</param>
    public void RemoveStrays(FileTime old)
    {
        using var names = Posix.OpenDirectory(directory, "."u8);
        var there = DirectoryNames.Read(names);
        foreach (var name in there.Where(name => name.AsSpan().EndsWith(".tmp"u8)))
        {
            if (!there.Contains([.. name.AsSpan(0, name.Length - 4), .. Posix.Bytes(Suffix)]) && IsOlder(name, old))
            {
                RemoveIfThere(name);
            }
        }
    }

    /// <summary>The lease now; null if it is gone.</summary>
    public FoundLease? Find(string token) => Find(token, NameOf(token), mayRemove: false);

    /// <summary>Makes a file with one's own lease. Others see it whole, or not at all.</summary>
    /// <returns>When that was, by the clock of the file system.</returns>
    public FileTime Add(string token, ReadOnlySpan<byte> content, bool sync)
    {
        var temporary = Posix.Bytes(TemporaryOf(token));
        using var file = Posix.CreateNew(directory, temporary, AtomicFile.FileMode);
        try
        {
            WriteIfSpace(file, content, sync);
            var at = Posix.Status(file).Modified;
            file.Dispose();
            Posix.Rename(directory, temporary, directory, NameOf(token));
            return at;
        }
        catch
        {
            RemoveIfThere(temporary);
            throw;
        }
    }

    /// <summary>Writes one's own lease anew, if it is still there. Never makes it again: whoever took it away has the right now.</summary>
    /// <returns>When that was, by the clock of the file system; null if it was taken away.</returns>
    public FileTime? Renew(string token, ReadOnlySpan<byte> content, bool sync)
    {
        try
        {
            using var file = Open(token);
            WriteIfSpace(file, content, sync);
            return Posix.Status(file).Modified;
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return null;
        }
    }

    /// <summary>Whether a lease is there. It is opened: what a share knows without asking its server may be old.</summary>
    public bool Has(string token)
    {
        try
        {
            Open(token).Dispose();
            return true;
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return false;
        }
    }

    /// <summary>Takes a lease away, and then what its owner was about to publish: who has lost the one cannot do the other any more.</summary>
    public void Remove(string token)
    {
        RemoveIfThere(NameOf(token));
        RemoveIfThere(Posix.Bytes(TemporaryOf(token)));
    }

    public void Dispose() => directory.Dispose();

    private SafeFileHandle Open(string token)
    {
        var file = Posix.OpenToChange(directory, NameOf(token));
        if (Posix.Status(file) is { IsRegular: true, Links: 1 })
        {
            return file;
        }

        file.Dispose();
        throw new PosixError(PosixError.NotFound);
    }

    private FoundLease? Find(string token, byte[] name, bool mayRemove)
    {
        try
        {
            var status = Posix.StatusAt(directory, name);
            if (!status.IsRegular)
            {
                if (mayRemove && !status.IsDirectory)
                {
                    RemoveIfThere(name);
                }

                return null;
            }

            return new FoundLease(token, ReadMark(token, name), status.Modified);
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return null;
        }
    }

    private LeaseMark? ReadMark(string token, byte[] name)
    {
        try
        {
            using var file = RegularFile.Open(directory, name);
            var text = new byte[Largest + 1];
            var length = Posix.ReadAt(file, text, 0);

            // The seal is not looked at: it does not fit where somebody was killed while renewing it, and each field is one that was written all the same.
            return length <= Largest && JsonFields.Read(text.AsMemory(0, length), LeaseMark.Read, "is no lease") is { } mark && mark.Token == token ? mark : null;
        }
        catch (Exception e) when (e is DamageError or OverflowException || (e is PosixError { Number: not PosixError.NotFound }))
        {
            return null;
        }
    }

    /// <summary>On a full disk the file's name and time say enough.</summary>
    private static void WriteIfSpace(SafeFileHandle file, ReadOnlySpan<byte> content, bool sync)
    {
        try
        {
            Posix.WriteAt(file, content, 0);
            if (sync)
            {
                Posix.Sync(file);
            }
        }
        catch (PosixError e) when (e.IsDiskFull)
        {
            FileSystemType.Touch(file);
        }
    }

    private bool IsOlder(ReadOnlySpan<byte> name, FileTime than)
    {
        try
        {
            return Posix.StatusAt(directory, name) is { IsDirectory: false } status && status.Modified < than;
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            return false;
        }
    }

    private void RemoveIfThere(ReadOnlySpan<byte> name)
    {
        try
        {
            Posix.Remove(directory, name);
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            // Somebody else was quicker.
        }
    }
}
