using System.Globalization;
using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Model;

/// <summary>
/// The names under which a restore in place keeps what it replaces, <c>NAME.before_restore_TIME</c>, and restores beside its target,
/// <c>.NAME.restore_TIME</c>, with its steps in <c>.NAME.restore_TIME.steps</c>; in a directory that is a mount point all without
/// NAME. A dash at the end where the name was taken. Only the exact form of the time counts, so that a user's file of a similar name stays a file like any other.
/// </summary>
internal static class LeftoverName
{
    // Restores before version 0.1 kept whole seconds. Some file systems give every name back in small letters.
    private static readonly string[] TimeForms = ["yyyyMMdd'T'HHmmss.fff'Z'", "yyyyMMdd'T'HHmmss'Z'", "yyyyMMdd't'HHmmss.fff'z'"];

    /// <summary>What a trial of <c>doctor</c> is named, with the time as a snapshot has it; one that was killed leaves it.</summary>
    public const string TrialPrefix = ".vertex-ar-backup-trial-";

    private static readonly byte[][] ScratchPrefixes = [.. new[] { DrillPrefix, OffsitePrefix, ImportPrefix }.Select(Encoding.ASCII.GetBytes)];

    /// <summary>What directories are named that a drill restores to, with the time as a snapshot has it.</summary>
    public const string DrillPrefix = "vertex-ar-backup-drill-";

    /// <summary>The same, for what is fetched from the second place.</summary>
    public const string OffsitePrefix = "vertex-ar-backup-offsite-";

    /// <summary>The same, for what is unpacked from a backup of the Python system.</summary>
    public const string ImportPrefix = "vertex-ar-backup-import-";

    private static ReadOnlySpan<byte> Kept => ".before_restore_"u8;

    private static ReadOnlySpan<byte> Scratch => ".restore_"u8;

    /// <param name="name">The name of a file or directory, without its path.</param>
    public static bool Is(ReadOnlySpan<byte> name) =>
        IsWith(WithoutCompanion(name).TrimEnd((byte)'-'), Kept) || (name.StartsWith("."u8) && IsWith(WithoutSuffix(name), Scratch)) || IsTrial(name) || IsScratch(name);

    /// <summary>A directory that a drill restores to, say; one that was killed leaves it.</summary>
    private static bool IsScratch(ReadOnlySpan<byte> name)
    {
        foreach (var prefix in ScratchPrefixes)
        {
            if (name.StartsWith(prefix) && IsTime(name[prefix.Length..]))
            {
                return true;
            }
        }

        return false;
    }

    public static bool IsTrial(ReadOnlySpan<byte> name) =>
        name.StartsWith(".vertex-ar-backup-trial-"u8) && IsTime(name[TrialPrefix.Length..]);

    /// <summary>What a restore has next to its scratch directory; a dash where two sources would have the same.</summary>
    private static ReadOnlySpan<byte> WithoutSuffix(ReadOnlySpan<byte> name)
    {
        name = name.EndsWith(".steps"u8) || name.EndsWith(".probe"u8) ? name[..^6] : name.EndsWith(".staged"u8) ? name[..^7] : name;
        return name.TrimEnd((byte)'-');
    }

    private static bool IsWith(ReadOnlySpan<byte> name, ReadOnlySpan<byte> mark) => name.LastIndexOf(mark) is >= 0 and var at && IsTime(name[(at + mark.Length)..]);

    /// <summary>A database's log is kept next to it, as SQLite wants it.</summary>
    private static ReadOnlySpan<byte> WithoutCompanion(ReadOnlySpan<byte> name) =>
        SqliteCompanions.DatabaseOf(name) is { IsEmpty: false } database ? database : name;

    private static bool IsTime(ReadOnlySpan<byte> text)
    {
        Span<char> time = stackalloc char[TimeForms[0].Length];
        return text.Length <= time.Length && Encoding.ASCII.TryGetChars(text, time, out var length)
            && DateTime.TryParseExact(time[..length], TimeForms, CultureInfo.InvariantCulture, DateTimeStyles.None, out _);
    }
}
