using System.Globalization;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>The names that a restore in place gives to what it makes and what it keeps, all with the time at which it began.</summary>
internal static class RestoreNames
{
    private const string KeptPrefix = ".before_restore_";
    private const string ScratchPrefix = ".restore_";
    public const string JournalSuffix = ".steps";
    private const string ProbeSuffix = ".probe";
    private const string StagedSuffix = ".staged";

    // The kernel takes 255 bytes. The longest that is added: a prefix, 20 for the time, "-journal".
    private const int Longest = 255 - 44;
    private const int DigestDigits = 8;

    /// <summary>To the millisecond: whoever restores twice in a second has what the first one kept in the way otherwise.</summary>
    public static string Stamp(DateTimeOffset time) => time.UtcDateTime.ToString("yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>What something is kept as, beside its place.</summary>
    public static byte[] Kept(byte[] path, string stamp) => Beside(path, "", KeptPrefix + stamp);

    public static string Kept(string path, string stamp) => Encoding.UTF8.GetString(Kept(Posix.Bytes(path), stamp));

    /// <summary>What is kept of a directory that is a mount of its own: inside, since nothing can be moved out of it.</summary>
    public static string KeptInside(string directory, string stamp) => Path.Combine(directory, KeptPrefix + stamp);

    /// <summary>Where something is restored to first, beside its place.</summary>
    public static string Scratch(string path, string stamp) => Encoding.UTF8.GetString(Beside(Posix.Bytes(path), ".", ScratchPrefix + stamp));

    /// <summary>What the snapshot has under a name that something else keeps.</summary>
    public static byte[] NextTo(byte[] path, string stamp) => Beside(path, ".", ScratchPrefix + stamp);

    /// <summary>Whether a step puts something next to what stays, instead of in its place.</summary>
    public static bool IsNextTo(RestoreStep step) => step is BringStep bring && LeftoverName.Is(bring.Path.AsSpan(bring.Path.AsSpan().LastIndexOf((byte)'/') + 1));

    /// <summary>Where what belongs into a mount is restored to first.</summary>
    public static string ScratchInside(string directory, string stamp) => Path.Combine(directory, ScratchPrefix + stamp);

    /// <summary>A name like that under which something is kept, where that has been taken.</summary>
    public static byte[] Spare(byte[] kept, Func<byte[], bool> isFree)
    {
        do
        {
            kept = [.. kept, (byte)'-'];
        }
        while (!isFree(kept));

        return kept;
    }

    /// <summary>The list of what was staged, next to the journal.</summary>
    public static string Staged(string journal) => journal[..^JournalSuffix.Length] + StagedSuffix;

    public static string Journal(string scratch) => scratch + JournalSuffix;

    public static string Probe(string scratch) => scratch + ProbeSuffix;

    /// <summary>Whether steps are done on the file system that a probe was made on: something is taken from next to it, or kept in the same mount.</summary>
    public static bool IsUsed(string probe, IReadOnlyList<RestoreStep> steps)
    {
        var scratch = Posix.Bytes(probe[..^ProbeSuffix.Length]);
        var kept = Posix.Bytes(Path.Combine(Path.GetDirectoryName(probe)!, KeptPrefix));
        return steps.SelectMany(RestoreExecutor.Paths).Any(path => path.AsSpan().StartsWith(scratch) || path.AsSpan().StartsWith(kept));
    }

    public static bool IsProbe(string scratch) => scratch.EndsWith(ProbeSuffix, StringComparison.Ordinal);

    /// <summary>Journals that may be of a target: beside it and, if it is a directory, inside.</summary>
    public static IEnumerable<string> Journals(string target)
    {
        var beside = Encoding.UTF8.GetString(Beside(Posix.Bytes(target), ".", ScratchPrefix));
        return Find(Path.GetDirectoryName(target), Path.GetFileName(beside)).Concat(Find(target, ScratchPrefix));
    }

    private static IEnumerable<string> Find(string? directory, string start)
    {
        try
        {
            return directory is not null && Directory.Exists(directory)
                ? [.. Directory.EnumerateFiles(directory, start.Replace("*", "?", StringComparison.Ordinal) + "*" + JournalSuffix)
                    .Where(path => Path.GetFileName(path).StartsWith(start, StringComparison.Ordinal)).Order(StringComparer.Ordinal)]
                : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>A name that would become too long is cut, and told apart by a digest of the whole.</summary>
    private static byte[] Beside(byte[] path, string before, string after)
    {
        var slash = path.AsSpan().LastIndexOf((byte)'/') + 1;
        var name = path.AsSpan(slash).ToArray();
        if (name.Length > Longest)
        {
            var digest = Sha256.Of(name).ToString()[..DigestDigits];
            var end = Longest - DigestDigits - 1;
            while ((name[end] & 0xC0) == 0x80)
            {
                end--;
            }

            name = [.. name[..end], (byte)'~', .. Encoding.ASCII.GetBytes(digest)];
        }

        return [.. path[..slash], .. Posix.Bytes(before), .. name, .. Posix.Bytes(after)];
    }
}
