using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// All that a restore made before its first step, so that nothing else is ever removed with it. A list of 64-bit hashes, 8 bytes
/// for each file, synced: of path, type and inode, and but for directories of size and time. The time of the last change of the
/// inode counts too, which nobody can set, except for what the steps themselves rename and for files of several names.
/// </summary>
internal sealed class StagedContent
{
    private const int Digest = 16;
    private const int LongestPath = 64 * 1024;

    /// <summary>In bytes: 128 million files.</summary>
    private const int Longest = 1 << 30;

    /// <summary>In bytes: 2 million files. Who owns the directory can put a file of any size there.</summary>
    private const int LongestOfOthers = 16 << 20;

    private readonly ulong[] known;

    private StagedContent(ulong[]? known) => (IsComplete, this.known) = (known is not null, known ?? []);

    /// <summary>The list was written to its end, after which steps may have been done.</summary>
    public bool IsComplete { get; }

    /// <summary>Lists what is in directories; it is on disk when this returns.</summary>
    /// <param name="list">The file to make.</param>
    /// <param name="directories">All of the restore's own.</param>
    /// <param name="steps">What will be done.</param>
    public static void Write(string list, IEnumerable<string> directories, IEnumerable<RestoreStep> steps)
    {
        var renamed = steps.Select(Fresh).OfType<byte[]>().Select(Encoding.Latin1.GetString).ToHashSet();
        using var file = Posix.CreateNew(Posix.Here, Posix.Bytes(list), 0x180);
        var writer = new Writer(file, renamed);
        foreach (var path in directories.Select(Posix.Bytes))
        {
            if (Posix.StatusOrNull(Encoding.UTF8.GetString(path)) is { } top)
            {
                writer.Add(path, top);
                using var directory = Posix.OpenDirectory(Posix.Here, path);
                writer.Walk(directory, path);
            }
        }

        writer.End();
        Posix.Sync(file);
    }

    /// <summary>Reads the list; one that is not there, or is damaged, knows nothing.</summary>
    public static StagedContent Read(string list)
    {
        try
        {
            using var file = RegularFile.Open(list);
            var status = Posix.Status(file);
            if (status.Size > (status.Uid == Posix.EffectiveUser ? Longest : LongestOfOthers))
            {
                return new StagedContent(null);
            }

            var content = new byte[status.Size];
            var rest = content.Length - Digest;
            if (Posix.ReadAt(file, content, 0) != content.Length || rest < 0 || !XxHash128.Hash(content.AsSpan(0, rest)).AsSpan().SequenceEqual(content.AsSpan(rest)))
            {
                return new StagedContent(null);
            }

            var known = MemoryMarshal.Cast<byte, ulong>(content.AsSpan(0, rest)).ToArray();
            Array.Sort(known);
            return new StagedContent(known);
        }
        catch (PosixError)
        {
            return new StagedContent(null);
        }
    }

    /// <summary>Removes what the restore made, and nothing else.</summary>
    /// <param name="path">One of its directories.</param>
    /// <returns>Paths below it of what was left; empty if nothing was.</returns>
    public IReadOnlyList<string> Remove(string path)
    {
        var left = new List<string>();
        try
        {
            using var above = Posix.OpenDirectory(Posix.Here, Posix.Bytes(Path.GetDirectoryName(path)!), follow: true);
            _ = Remove(above, Posix.Bytes(Path.GetFileName(path)), Posix.Bytes(path), Posix.Bytes(path).Length + 1, left);
        }
        catch (PosixError e) when (e.Number == PosixError.NotFound)
        {
            // It is gone already, or in place.
        }

        return left;
    }

    private static byte[]? Fresh(RestoreStep step) => step switch
    {
        ExchangeStep exchange => exchange.Fresh,
        BringStep bring => bring.Fresh,
        KeepStep or MakeDirectoryStep or RemoveDirectoryStep or SetDirectoryStep or OverwriteStep => null,
        _ => throw new NotSupportedException(step.ToString()),
    };

    /// <summary>Whether it is removed.</summary>
    private bool Remove(SafeFileHandle parent, byte[] name, byte[] path, int above, List<string> left)
    {
        var status = Posix.StatusAt(parent, name);
        if (!Knows(path, status))
        {
            left.Add(path.Length < above ? "" : Encoding.UTF8.GetString(path.AsSpan(above)));
            return false;
        }

        if (status.IsDirectory)
        {
            DirectoryTree.MakeRemovable(parent, name);
            if (!RemoveEntries(parent, name, path, above, left))
            {
                return false;
            }
        }

        Posix.Remove(parent, name, status.IsDirectory);
        return true;
    }

    private bool RemoveEntries(SafeFileHandle parent, byte[] name, byte[] path, int above, List<string> left)
    {
        using var directory = Posix.OpenDirectory(parent, name);
        var isEmpty = true;
        foreach (var entry in DirectoryNames.Read(directory))
        {
            isEmpty &= Remove(directory, entry, [.. path, (byte)'/', .. entry], above, left);
        }

        return isEmpty;
    }

    private bool Knows(byte[] path, in FileStatus status) =>
        known.AsSpan().BinarySearch(Hash(path, status, withChange: false)) >= 0 || known.AsSpan().BinarySearch(Hash(path, status, withChange: true)) >= 0;

    private static ulong Hash(ReadOnlySpan<byte> path, in FileStatus status, bool withChange)
    {
        Span<byte> facts = stackalloc byte[56];
        facts.Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(facts, status.Inode);
        BinaryPrimitives.WriteUInt32LittleEndian(facts[8..], status.Mode & 0xF000);
        if (!status.IsDirectory)
        {
            BinaryPrimitives.WriteInt64LittleEndian(facts[16..], status.Size);
            BinaryPrimitives.WriteInt64LittleEndian(facts[24..], status.Modified.Seconds);
            BinaryPrimitives.WriteInt32LittleEndian(facts[12..], status.Modified.Nanoseconds);
            if (withChange)
            {
                BinaryPrimitives.WriteInt64LittleEndian(facts[32..], status.Changed.Seconds);
                BinaryPrimitives.WriteInt64LittleEndian(facts[40..], status.Changed.Nanoseconds + 1L);
            }
        }

        BinaryPrimitives.WriteInt64LittleEndian(facts[48..], unchecked((long)XxHash3.HashToUInt64(path)));
        return XxHash3.HashToUInt64(facts);
    }

    /// <summary>Writes hashes as they come.</summary>
    private sealed class Writer(SafeFileHandle file, HashSet<string> renamed)
    {
        private readonly XxHash128 digest = new();
        private readonly byte[] buffer = new byte[LongestPath];
        private int used;

        public void Walk(SafeFileHandle directory, byte[] path)
        {
            foreach (var name in DirectoryNames.Read(directory))
            {
                var status = Posix.StatusAt(directory, name);
                byte[] inside = [.. path, (byte)'/', .. name];
                Add(inside, status);
                if (status.IsDirectory)
                {
                    using var below = Posix.OpenDirectory(directory, name);
                    Walk(below, inside);
                }
            }
        }

        public void Add(byte[] path, in FileStatus status)
        {
            if (used == buffer.Length)
            {
                Flush();
            }

            var isFirm = status.Links == 1 && !status.IsDirectory && !renamed.Contains(Encoding.Latin1.GetString(path));
            BinaryPrimitives.WriteUInt64LittleEndian(buffer.AsSpan(used), Hash(path, status, isFirm));
            used += sizeof(ulong);
        }

        public void End()
        {
            Flush();
            Posix.Write(file, digest.GetHashAndReset());
        }

        private void Flush()
        {
            digest.Append(buffer.AsSpan(0, used));
            Posix.Write(file, buffer.AsSpan(0, used));
            used = 0;
        }
    }
}
