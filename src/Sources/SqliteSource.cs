using Microsoft.Data.Sqlite;
using SQLitePCL;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>
/// Copies a live SQLite database through the online backup API. The copy is made under one read transaction: in WAL mode
/// writers go on meanwhile, in the rollback modes they wait for it. Pages keep their places, so that
/// unchanged pages are found again.
/// </summary>
internal sealed class SqliteSource(DatabaseOptions options, TimeProvider clock)
{
    /// <summary>What to do about a damaged database.</summary>
    public const string DamageHint =
        "no snapshot was removed; stop the application and restore the newest complete snapshot, or repair with: sqlite3 DB .recover";

    private readonly Lazy<string> file = new(() => LinklessNames.Keep(DatabaseLog.NameToRead(options.File)));

    /// <summary>The path by which an overlay shows the file, if it lies in the upper directory of one.</summary>
    private readonly Lazy<string?> shown = new(() => MountTable.ReadOthers().Prepend(MountTable.Read()).Select(table => table.InOverlay(options.File)).FirstOrDefault(path => path is not null));

    /// <summary>The name by which the file is read: another than the configured one where its log is next to that.</summary>
    public string File => file.Value;

    /// <summary>The database file as it is now, with its write-ahead log.</summary>
    /// <exception cref="UserError">It is missing, unreadable, or not a database.</exception>
    public DatabaseStatus Look()
    {
        try
        {
            var status = Posix.StatusOrNull(File) ?? throw Missing();
            if (!status.IsRegular)
            {
                throw UserError.Failed($"the database '{options.Name}' at {options.Place} is not a file");
            }

            if (!options.IsKnownAsDatabase && IsOther(status))
            {
                throw NotDatabase(null);
            }

            RequireNoOverlay();
            RequireNoHiddenWriter();
            SqliteJournal.RequireNoneRemoved(File);
            var log = Posix.StatusOrNull(File + SqliteCompanions.Log);
            return new DatabaseStatus(status, WalStatus.From(log)) { LogBytes = log?.Occupied ?? 0 };
        }
        catch (PosixError e)
        {
            throw UserError.Failed(
                $"the database '{options.Name}' at {options.Place} cannot be read: {e.Message}", "the service user needs to read and write the file and its directory", e);
        }
    }

    /// <summary>
    /// Who has a file of an overlay open has another inode open than its upper directory shows, and so other locks: SQLite would take the database
    /// for one that nobody has open, and make its log's index anew under the application.
    /// </summary>
    private void RequireNoOverlay()
    {
        if (shown.Value is { } path)
        {
            throw UserError.Failed(
                $"the database '{options.Name}' at {options.Place} lies in the upper directory of an overlay that shows it as {path}, where an application's locks are others",
                $"name it as {path} in the configuration, or as the container has it in a volume");
        }
    }

    /// <summary>What an application has not finished is not rolled back under it.</summary>
    private void RequireNoHiddenWriter()
    {
        if (HotJournal.Suspect(File) is { } who)
        {
            throw UserError.Failed(
                $"the database '{options.Name}' at {options.Place} was not opened: it has a rollback journal, and {who} may be in the middle of that transaction, with locks that are not seen here",
                "if the application was killed, start it once, so that it rolls back; else save the database where the application runs, and let it use SQLite's own locks");
        }
    }

    /// <summary>Whether there is a file that does not begin as a database does.</summary>
    public bool IsOtherFile()
    {
        try
        {
            return Posix.StatusOrNull(File) is { IsRegular: true } status && IsOther(status);
        }
        catch (PosixError)
        {
            return false;
        }
    }

    /// <summary>Copies the database into a new file of mode 0600, for <see cref="Check"/>.</summary>
    /// <param name="copy">Where to; in a directory of ours.</param>
    /// <param name="progress">Told what is being done.</param>
    /// <param name="stop">Ends the copy early.</param>
    /// <exception cref="UserError">It stays locked, is encrypted or damaged, or cannot be read.</exception>
    public void Copy(string copy, RunProgress progress, CancellationToken stop)
    {
        try
        {
            using (AtomicFile.Create(copy, 0x180))
            {
                // 0600 from its first moment: the copy holds everything the application keeps secret.
            }

            progress.Phase = options.Name;
            var size = Posix.StatusOrNull(File)?.Size;
            DatabaseWork.Copy(File, copy, options.LockTimeout, clock, stop, options.IsKnownAsDatabase);
            if (size > Posix.StatusOrNull(copy)?.Size && Check(copy, progress, stop).Health == SqliteHealth.Damaged)
            {
                // It had more than its copy, as has one that was made smaller in its log. The number or the size of its pages may be what is damaged:
                // what is behind them may be all that is left.
                DatabaseWork.CopyRest(File, copy, stop);
            }
        }
        catch (PosixError e) when (!e.IsDiskFull)
        {
            throw UserError.Failed($"the database '{options.Name}' at {options.Place} cannot be copied: {e.Message}", cause: e);
        }
        catch (SqliteException e)
        {
            throw Explain(e);
        }
    }

    /// <summary>Checks a copy from beginning to end.</summary>
    /// <param name="copy">The copy; nobody writes to it.</param>
    /// <param name="progress">Told what is being done.</param>
    /// <param name="stop">Ends the check early.</param>
    public SqliteCheck Check(string copy, RunProgress progress, CancellationToken stop)
    {
        progress.Phase = $"checking {options.Name}";
        return SqliteChecker.Run(copy, stop);
    }

    /// <summary>What to say of a copy that is damaged, as is what it was copied from.</summary>
    public string Damage(string detail) => $"the database '{options.Name}' at {options.Place} is damaged: {detail}{(options.IsKnownAsDatabase && detail == SqliteFile.NotDatabase ? ", which it was in an earlier snapshot" : "")}";

    /// <summary>Opens it as a copy would, and begins to read; for a look before there is a run. What a crash left is rolled back by that run, not by the look.</summary>
    /// <exception cref="UserError">A copy could not be made; the cause is SQLite's error, if it came from there.</exception>
    public void Probe(CancellationToken stop)
    {
        _ = Look();
        if (HotJournal.IsThere(File))
        {
            SqliteJournal.RequireHarmless(File);
            return;
        }

        try
        {
            DatabaseWork.Probe(File, clock, stop);
        }
        catch (PosixError e)
        {
            throw UserError.Failed($"the database '{options.Name}' at {options.Place} cannot be opened: {e.Message}", cause: e);
        }
        catch (SqliteException e)
        {
            throw Explain(e);
        }
    }

    /// <summary>Whether a log may be missing because it is not next to this file; see <see cref="DatabaseLog"/>.</summary>
    /// <returns>What to say of the database; null if all is well.</returns>
    public WalkProblem? LookForLog()
    {
        try
        {
            return DatabaseLog.Look(File);
        }
        catch (PosixError)
        {
            // Opening it will say why.
            return null;
        }
    }

    /// <summary>How much the live database holds; null where that cannot be told now.</summary>
    public DatabaseContent? Measure(CancellationToken stop) => HotJournal.IsThere(File) ? null : DatabaseWork.Measure(File, clock, stop);

    private UserError Missing() => UserError.Failed(
        $"the database '{options.Name}' at {options.Place} does not exist",
        "check \"databases\" in the configuration, and that its disk is mounted");

    private bool IsOther(FileStatus status)
    {
        using var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(File), follow: true);
        return status.Size > 0 && !SqliteFile.IsDatabase(file);
    }

    private UserError NotDatabase(Exception? cause) => UserError.Failed(
        $"the database '{options.Name}' at {options.Place} is not a SQLite database: it is encrypted, damaged, or another kind of file", cause: cause);

    /// <summary>
    /// In WAL mode nobody locks readers out for the length of a transaction. Where somebody does, it is for as long as the application
    /// runs. https://www.sqlite.org/wal.html#noshm
    /// With a rollback journal, it keeps the journal of its last transaction without content. https://www.sqlite.org/pragma.html#pragma_locking_mode
    /// </summary>
    private bool IsKeptAlone() => System.IO.File.Exists(File + SqliteCompanions.Log) || HasIdleJournal();

    private bool HasIdleJournal()
    {
        try
        {
            using var journal = Posix.OpenToRead(Posix.Here, Posix.Bytes(File + SqliteCompanions.Journal));
            Span<byte> magic = stackalloc byte[1];
            return Posix.ReadAt(journal, magic, 0) == 0 || magic[0] == 0;
        }
        catch (PosixError)
        {
            return false;
        }
    }

    private string Holders() => OpenFiles.Holders([File]) is { Count: > 0 } holders ? string.Join(", ", holders) : "another process";

    private UserError Explain(SqliteException error) => error.SqliteErrorCode switch
    {
        raw.SQLITE_NOTADB => NotDatabase(error),
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED when IsKeptAlone() => UserError.Failed(
            $"the database '{options.Name}' at {options.Place} is opened with locking_mode=EXCLUSIVE by {Holders()}, which lets nobody else read it",
            "remove 'PRAGMA locking_mode=EXCLUSIVE' from the application's settings, or stop the application for the backup",
            error),
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => UserError.Failed(
            $"the database '{options.Name}' at {options.Place} stayed locked for {options.LockTimeout.TotalSeconds:0} seconds, by {Holders()}",
            "it keeps a long transaction open, or has set locking_mode=EXCLUSIVE: end that, or raise lock_timeout_seconds",
            error),
        raw.SQLITE_CORRUPT => UserError.Failed(
            Damage(SqliteFile.Words(error)), DamageHint, error),
        raw.SQLITE_CANTOPEN or raw.SQLITE_READONLY or raw.SQLITE_PERM => UserError.Failed(
            $"the database '{options.Name}' at {options.Place} cannot be opened: {error.Message}",
            "the user that runs backups must be able to write to the file and its directory",
            error),
        raw.SQLITE_FULL => UserError.Failed($"no space for the copy of the database '{options.Name}': {error.Message}", "free some space in the backup directory", error),
        _ => UserError.Failed($"the database '{options.Name}' at {options.Place} cannot be copied: {SqliteFile.Words(error)}", cause: error),
    };
}

/// <summary>A database file and its write-ahead log at one moment.</summary>
internal sealed record DatabaseStatus(FileStatus File, WalStatus? Wal)
{
    /// <summary>What the log takes on disk, of which SQLite may have to write all into the database. A hole in it holds nothing.</summary>
    public long LogBytes { get; init; }
}
