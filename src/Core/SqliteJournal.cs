using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace VertexAr.Backup.Core;

/// <summary>
/// Looks at what lies next to a database before SQLite does. Whoever opens a database rolls back the journal of a killed writer, and a
/// journal of a transaction over several databases ends with the name of a super-journal, which SQLite removes in the end, wherever it is
/// (https://www.sqlite.org/atomiccommit.html, "Multi-file Commit"). Anybody who may write to the directory can put such a journal there.
/// </summary>
internal static class SqliteJournal
{
    /// <summary>What the journal ends with, after the name: its length, a checksum, and the magic of all journals.</summary>
    private const int TailLength = 16;

    /// <summary>SQLite takes no longer one for a name (MAX_PATHNAME of os_unix.c).</summary>
    private const int LongestName = 512;

    // Of SQLite's os_unix.c: RESERVED_BYTE.
    private const long Reserved = 0x4000_0001;

    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789ABCDEFabcdef");

    /// <summary>The first bytes of a journal that may have to be played back.</summary>
    public static ReadOnlySpan<byte> Magic => [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

    /// <summary>Refuses a database whose companions are no files, or that SQLite would not open without removing what may be needed, here or elsewhere.</summary>
    /// <param name="database">The file, links resolved.</param>
    /// <exception cref="UserError">Names what is wrong. Nothing was opened by SQLite.</exception>
    public static void RequireHarmless(string database)
    {
        foreach (var suffix in SqliteCompanions.Ends)
        {
            RequireFile(database, database + suffix);
        }

        RequireNoneRemoved(database);
        if (OfStranger(database) is var (strange, owner))
        {
            throw UserError.Failed(
                $"the database {Shown(database)} was not opened: {Shown(strange)}, which SQLite would write into it, belongs to {Accounts.UserText(owner, "user ")}, who may not write to the database",
                "find out who made it: if it is the application's, give it the database's owner, else move it away");
        }

        // While a writer holds this lock the journal is that transaction's, and nobody rolls it back.
        if (SuperJournalOf(database) is { } name && !IsOwnSuperJournal(database, name) && !IsBeingWritten(database))
        {
            throw UserError.Failed(
                $"the database {Shown(database)} was not opened: its journal {Shown(database)}-journal names {name}, which SQLite would remove, and which is no super-journal in {DirectoryOf(database)}",
                "find out who wrote that journal; if it is left over from a transaction over databases in several directories, let the application open its databases first, else move the journal away");
        }
    }

    /// <summary>Refuses an empty file beside which is what SQLite would remove.</summary>
    /// <param name="database">The file, links resolved.</param>
    /// <exception cref="UserError">Names it.</exception>
    public static void RequireNoneRemoved(string database)
    {
        if (RemovedWhenOpened(database) is { } log)
        {
            throw UserError.Failed(
                $"the database {Shown(database)} was not opened: it is an empty file, and SQLite would remove {Shown(log)} ({Units.Size(Posix.StatusOrNull(log)?.Size ?? 0)}), which may hold its rows",
                "keep a copy of that file, restore the database from a snapshot or from elsewhere, and move the file away once nothing is missing");
        }
    }

    /// <summary>
    /// What SQLite takes for left over beside an empty file, and removes as soon as it looks for pages there (pagerOpenWalIfPresent and hasHotJournal of its
    /// pager.c): a log, or the journal of nobody who writes now.
    /// </summary>
    /// <param name="database">The file, links resolved.</param>
    /// <returns>The log or journal; null if none would be removed.</returns>
    public static string? RemovedWhenOpened(string database)
    {
        try
        {
            return Posix.StatusOrNull(database) is not { IsRegular: true, Size: 0 } ? null
                : Posix.StatusOrNull(database + SqliteCompanions.Log) is { Size: > 0 } ? database + SqliteCompanions.Log
                : Posix.StatusOrNull(database + SqliteCompanions.Journal) is { Size: > 0 } && !IsEnded(database + SqliteCompanions.Journal) && !IsBeingWritten(database) ? database + SqliteCompanions.Journal : null;
        }
        catch (PosixError)
        {
            // Opening the database will say what is wrong.
            return null;
        }
    }

    /// <summary>
    /// Whether a name is one that SQLite gives to the super-journals of databases in the same directory: NAME-mj and hexadecimal digits.
    /// </summary>
    /// <param name="database">The file, links resolved.</param>
    /// <param name="name">A name as a journal has it.</param>
    public static bool IsOwnSuperJournal(string database, string name)
    {
        const string mark = "-mj";
        var file = Path.GetFileName(name);
        var digits = file.LastIndexOf(mark, StringComparison.Ordinal) + mark.Length;
        return name.StartsWith('/') && digits > mark.Length && digits < file.Length && file.AsSpan(digits).IndexOfAnyExcept(Digits) < 0
            && RealPath.Of(Path.GetDirectoryName(name)!) == DirectoryOf(database);
    }

    /// <summary>The name at the end of a journal; null if there is none.</summary>
    /// <param name="tail">The last bytes of the journal, as many as a name of the greatest length needs, or all.</param>
    public static string? SuperJournalIn(ReadOnlySpan<byte> tail)
    {
        if (tail.Length <= TailLength || !tail.EndsWith(Magic))
        {
            return null;
        }

        var length = BinaryPrimitives.ReadUInt32BigEndian(tail[^TailLength..]);
        if (length == 0 || length > LongestName || length > tail.Length - TailLength)
        {
            return null;
        }

        // The checksum is not looked at: its bytes are signed on some machines, and a name that SQLite passes over may be refused as well.
        var name = tail[^(TailLength + (int)length)..^TailLength];
        return Text(name.IndexOf((byte)0) is >= 0 and var end ? name[..end] : name);
    }

    /// <summary>The whole path of a file that is only known to be in the current directory, or in an open one.</summary>
    private static string Shown(string file) =>
        file.StartsWith(SqliteGuard.Here, StringComparison.Ordinal) ? Path.Combine(Environment.CurrentDirectory, file[SqliteGuard.Here.Length..])
        : file.StartsWith(SqliteGuard.Held, StringComparison.Ordinal) && new FileInfo(Path.GetDirectoryName(file)!).LinkTarget is { } directory ? Path.Combine(directory, Path.GetFileName(file))
        : file;

    private static string? DirectoryOf(string database) => Path.GetDirectoryName(Shown(database));

    private static string? SuperJournalOf(string database)
    {
        try
        {
            using var journal = RegularFile.Open(database + SqliteCompanions.Journal);
            var tail = new byte[LongestName + TailLength];
            var size = Posix.Status(journal).Size;
            var read = Posix.ReadAt(journal, tail, Math.Max(0, size - tail.Length));
            // One that begins with zero has been played back or committed.
            return IsZeroed(journal) ? null : SuperJournalIn(tail.AsSpan(0, read));
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory or PosixError.AccessDenied)
        {
            // SQLite does not roll back what it cannot read either.
            return null;
        }
        catch (PosixError e)
        {
            throw UserError.Failed($"the database {Shown(database)} was not opened: its journal {Shown(database)}-journal cannot be looked at: {e.Message}", cause: e);
        }
    }

    private static bool IsZeroed(SafeFileHandle journal)
    {
        Span<byte> first = stackalloc byte[1];
        return Posix.ReadAt(journal, first, 0) == 0 || first[0] == 0;
    }

    /// <summary>Where journals are kept (journal_mode=PERSIST), one that was played back or committed begins with zero.</summary>
    private static bool IsEnded(string path)
    {
        using var journal = RegularFile.Open(path);
        return IsZeroed(journal);
    }

    private static bool IsBeingWritten(string database)
    {
        try
        {
            using var file = RegularFile.Open(database);
            return FileLock.IsLocked(file, Reserved, 1);
        }
        catch (PosixError)
        {
            return false;
        }
    }

    /// <summary>
    /// A log or journal that is not to be written into the database: where others can make files beside it, it must be from somebody who may write to the
    /// database himself.
    /// </summary>
    /// <param name="database">The file, links resolved.</param>
    /// <returns>The log or journal, and whose it is; null if there is none.</returns>
    public static (string Path, uint Owner)? OfStranger(string database)
    {
        const int ofOthers = 0x12; // 0022
        try
        {
            if (Posix.StatusOrNull(database) is not { IsRegular: true } file || (file.Permissions & ofOthers) != 0
                || Posix.StatusOrNull(DirectoryOf(database)!) is not { } directory
                || ((directory.Permissions & ofOthers) == 0 && (directory.Uid == 0 || directory.Uid == file.Uid)))
            {
                return null;
            }

            foreach (var log in new[] { database + SqliteCompanions.Log, database + SqliteCompanions.Journal })
            {
                if (Posix.StatusOrNull(log) is { Size: > 0 } status && status.Uid != 0 && status.Uid != file.Uid && status.Uid != Posix.EffectiveUser)
                {
                    return (log, status.Uid);
                }
            }
        }
        catch (PosixError)
        {
            // Opening the database will say what is wrong.
        }

        return null;
    }

    private static void RequireFile(string database, string companion)
    {
        try
        {
            if (Posix.StatusAt(Posix.Here, Posix.Bytes(companion)) is { IsRegular: false } status)
            {
                var kind = status.IsDirectory ? "directory" : status.IsSymlink ? "symlink" : status.SpecialName;
                throw UserError.Failed(
                    $"the database {Shown(database)} was not opened: {Shown(companion)} is a {kind}, and SQLite keeps a file of its own under that name",
                    "find out who put it there, and move it away");
            }
        }
        catch (PosixError e) when (e.Number is PosixError.NotFound or PosixError.NotDirectory or PosixError.AccessDenied)
        {
            // Opening the database will say what is wrong, if anything is.
        }
    }

    /// <summary>A name that is no text is no path of ours either: its bytes are shown, and it is nobody's own.</summary>
    private static string Text(ReadOnlySpan<byte> name)
    {
        try
        {
            return Strict.GetString(name);
        }
        catch (DecoderFallbackException)
        {
            return $"bytes {Convert.ToHexStringLower(name)}";
        }
    }
}
