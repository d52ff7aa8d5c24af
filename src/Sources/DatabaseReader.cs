using Microsoft.Data.Sqlite;
using Microsoft.Win32.SafeHandles;
using SQLitePCL;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Sources;

/// <summary>Where the copy of a database goes.</summary>
/// <param name="Name">What SQLite opens.</param>
/// <param name="Open">Opens the same file for writing.</param>
internal sealed record CopyTarget(string Name, Func<SafeFileHandle> Open);

/// <summary>
/// What is done with a live database by way of SQLite, by a user who may do so: see <see cref="DatabaseWork"/>. Errors are SQLite's own.
/// </summary>
/// <param name="file">The database file, links resolved.</param>
/// <param name="clock">Measures how long a lock is waited for.</param>
internal sealed class DatabaseReader(string file, TimeProvider clock)
{
    /// <summary>Pages copied between two looks at the cancellation token.</summary>
    private const int StepPages = 4096;

    // https://www.sqlite.org/rescode.html#readonly_directory
    private const int ReadOnlyDirectory = 1544;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    /// <summary>Opens it as a copy would, and begins to read.</summary>
    /// <exception cref="SqliteException">A copy could not be made.</exception>
    public void Probe()
    {
        try
        {
            using var source = OpenSource();
            _ = SqliteFile.Scalar<long>(source, "PRAGMA schema_version");
        }
        catch (SqliteException e) when (NeedsDirectory(e) && MayBeReadImmutable())
        {
            // Read as a plain file then.
            using var plain = File.OpenHandle(file);
        }
    }

    /// <summary>How much it holds; null where that cannot be told now.</summary>
    public DatabaseContent? Measure()
    {
        try
        {
            using var source = OpenSource();
            return DatabaseMeasure.Of(source);
        }
        catch (SqliteException)
        {
            return MayBeReadImmutable() ? DatabaseMeasure.OfFile(file) : null;
        }
    }

    /// <summary>Copies it; one that is too damaged to be opened is copied byte by byte, and the check of the copy says so.</summary>
    /// <param name="target">An empty file.</param>
    /// <param name="lockTimeout">How long a lock is waited for.</param>
    /// <param name="stop">Ends it early.</param>
    /// <param name="isKnown">It was a database: what SQLite takes for another kind of file is damaged, and not encrypted.</param>
    /// <exception cref="SqliteException">It stays locked, is encrypted, or cannot be read.</exception>
    public void Copy(CopyTarget target, TimeSpan lockTimeout, CancellationToken stop, bool isKnown = false)
    {
        try
        {
            CopyWhenUnlocked(target, lockTimeout, stop);
        }
        catch (SqliteException e) when (IsDamage(e, isKnown) && !HasLog())
        {
            CopyAsIs(target);
        }
        catch (SqliteException e) when (IsDamage(e, isKnown))
        {
            CopyOnceMore(target, lockTimeout, isKnown, stop);
        }
    }

    /// <summary>
    /// To SQLite a disk that cannot be read is a damaged database, too; and the file alone, without what is in its log, would be taken
    /// for a sound one of an earlier time.
    /// </summary>
    private void CopyOnceMore(CopyTarget target, TimeSpan lockTimeout, bool isKnown, CancellationToken stop)
    {
        using (var copy = target.Open())
        {
            Posix.Truncate(copy, 0);
        }

        try
        {
            CopyWhenUnlocked(target, lockTimeout, stop);
        }
        catch (SqliteException e) when (IsDamage(e, isKnown) && SqliteCompanions.Ends.Prepend("").All(end => CanBeRead(file + end)))
        {
            CopyAsIs(target);
        }
    }

    /// <summary>Its pages are broken, or the first of them, so that it does not look like a database at all.</summary>
    private static bool IsDamage(SqliteException error, bool isKnown) => error.SqliteErrorCode == raw.SQLITE_CORRUPT || (isKnown && error.SqliteErrorCode == raw.SQLITE_NOTADB);

    /// <summary>Whether something lies next to it that SQLite would read first.</summary>
    private bool HasLog() => SqliteCompanions.Ends.Any(end => end != SqliteCompanions.Index && Posix.StatusOrNull(file + end) is { Size: > 0 });

    /// <summary>Whether each byte of a file can be read; one that is not there has none.</summary>
    private static bool CanBeRead(string path)
    {
        try
        {
            using var all = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            all.CopyTo(Stream.Null);
            return true;
        }
        catch (IOException e)
        {
            return e is FileNotFoundException;
        }
    }

    /// <summary>Lets SQLite write a left-over log into the database, as the application's next start would have done.</summary>
    /// <exception cref="SqliteException">It cannot.</exception>
    public void FoldLogIn()
    {
        using var connection = SqliteFile.Open(file, SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(connection, "PRAGMA wal_checkpoint(TRUNCATE)");
    }

    /// <summary>Adds to a copy what the file has behind its end: where a database is damaged, so may be the number or the size of its pages.</summary>
    public void CopyRest(CopyTarget target)
    {
        using var copy = target.Open();
        using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var size = Posix.Status(copy).Size;
        if (source.Length > size)
        {
            source.Position = size;
            using var writer = new FileStream(copy, FileAccess.Write);
            writer.Position = size;
            source.CopyTo(writer);
        }
    }

    private void CopyAsIs(CopyTarget target)
    {
        using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = target.Open();
        Posix.Truncate(copy, 0);
        using var writer = new FileStream(copy, FileAccess.Write);
        source.CopyTo(writer);
    }

    private void CopyWhenUnlocked(CopyTarget target, TimeSpan lockTimeout, CancellationToken stop)
    {
        var deadline = clock.GetUtcNow() + lockTimeout;
        while (true)
        {
            try
            {
                using var source = OpenSource();
                CopyOnce(source, target, stop);
                return;
            }
            catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_BUSY or raw.SQLITE_LOCKED && clock.GetUtcNow() < deadline)
            {
                stop.ThrowIfCancellationRequested();
                Thread.Sleep(Pause);
            }
            catch (SqliteException e) when (NeedsDirectory(e) && MayBeReadImmutable())
            {
                if (CopyImmutable(target, stop))
                {
                    return;
                }

                if (clock.GetUtcNow() >= deadline)
                {
                    throw;
                }

                stop.ThrowIfCancellationRequested();
                Thread.Sleep(Pause);
            }
        }
    }

    /// <summary>
    /// Opened for writing where that is allowed, so that SQLite can do what the application's next start would do: roll back
    /// the transaction of a killed writer. A write-ahead log that was there is left there.
    /// </summary>
    private SqliteConnection OpenSource()
    {
        const int keepLogWhenClosing = 1006;
        var hadLog = File.Exists(file + SqliteCompanions.Log);
        var connection = SqliteFile.Open(file, SqliteOpenMode.ReadWrite);
        if (hadLog)
        {
            _ = raw.sqlite3_db_config(connection.Handle, keepLogWhenClosing, 1, out _);
        }

        return connection;
    }

    private void CopyOnce(SqliteConnection source, CopyTarget target, CancellationToken stop)
    {
        // The transaction begins without parsing the schema, which may be of a newer SQLite, or damaged.
        SqliteFile.Execute(source, "PRAGMA writable_schema=ON; BEGIN");
        _ = SqliteFile.Scalar<long>(source, "PRAGMA schema_version");
        var header = Header(source);
        var lacks = header is not null && SqliteEnd.Complaint(file, header) is not null;
        CopyPages(source, target.Name, stop);
        SqliteFile.Execute(source, "COMMIT");
        if (lacks && Posix.StatusOrNull(file) is { } whole)
        {
            // Zeros were taken for the rest of the last page. The check of a copy that ends where the file does says so.
            using var cut = target.Open();
            Posix.Truncate(cut, Math.Min(Posix.Status(cut).Size, whole.Size));
        }

        if (header is not null)
        {
            // The library writes its own version there, as the last that wrote, and counts a change.
            using var copy = target.Open();
            Posix.WriteAt(copy, header, 0);
        }
    }

    /// <summary>The first bytes of the file, as this transaction sees them; null if its first page is broken.</summary>
    private byte[]? Header(SqliteConnection source)
    {
        try
        {
            SqliteFile.ReadSchema(source);
            return SqliteFile.Scalar<byte[]>(source, "SELECT substr(data, 1, 100) FROM sqlite_dbpage WHERE pgno = 1");
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_CORRUPT)
        {
            return null;
        }
        catch (SqliteException e) when (SqliteSchema.IsUnknownFormat(e))
        {
            return HasLog() ? null : FirstBytes();
        }
    }

    private byte[] FirstBytes()
    {
        var header = new byte[SqliteEnd.HeaderLength];
        using var plain = RegularFile.Open(file);
        return Posix.ReadAt(plain, header, 0) == header.Length ? header : [];
    }

    private static void CopyPages(SqliteConnection source, string copy, CancellationToken stop)
    {
        using var target = SqliteFile.Open(copy, SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(target, "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF");
        using var backup = raw.sqlite3_backup_init(target.Handle, "main", source.Handle, "main");
        if (backup.IsInvalid)
        {
            Throw(target, raw.sqlite3_errcode(target.Handle));
        }

        int result;
        do
        {
            stop.ThrowIfCancellationRequested();
            result = raw.sqlite3_backup_step(backup, StepPages);
        }
        while (result == raw.SQLITE_OK);

        if (result != raw.SQLITE_DONE)
        {
            Throw(source, result);
        }
    }

    /// <summary>
    /// A WAL database that was closed cleanly cannot be opened where no <c>-shm</c> can be made next to it, or none that its owner could use
    /// (<see cref="SqliteLogFiles"/>). It can still be read as a plain file, as long as nobody opens it meanwhile; that is looked at afterwards.
    /// </summary>
    private bool MayBeReadImmutable() => !File.Exists(file + SqliteCompanions.Log) && !File.Exists(file + SqliteCompanions.Journal);

    /// <summary>SQLite wants to make a file beside the database and may not; it says so in one of two ways, as the file itself may be written or not.</summary>
    private static bool NeedsDirectory(SqliteException error) =>
        error.SqliteErrorCode == raw.SQLITE_CANTOPEN || error.SqliteExtendedErrorCode == ReadOnlyDirectory;

    private bool CopyImmutable(CopyTarget target, CancellationToken stop)
    {
        var before = Posix.StatusOrNull(file);
        using (var source = SqliteFile.Open(file, SqliteOpenMode.ReadOnly, immutable: true))
        {
            CopyOnce(source, target, stop);
        }

        return before is { } was && Posix.StatusOrNull(file) is { } now && was.SameContentAs(now) && MayBeReadImmutable();
    }

    private static void Throw(SqliteConnection connection, int code) =>
        throw new SqliteException(raw.sqlite3_errmsg(connection.Handle).utf8_to_string(), code);
}
