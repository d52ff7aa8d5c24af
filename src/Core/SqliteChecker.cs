using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace VertexAr.Backup.Core;

/// <summary>
/// Judges a database: all of it at once where this SQLite understands the whole schema. Where it does not, the pages are checked without
/// the schema, then table after table, with stand-ins for what the application brings along; what a stand-in cannot know is not judged.
/// </summary>
internal sealed class SqliteChecker
{
    /// <summary>Rows of messages of one check. More are asked for only where these are all about rows.</summary>
    private const int Messages = 1000;

    private readonly string path;
    private readonly CancellationToken stop;
    private readonly SqliteFindings findings = new();

    private readonly bool isOwn;
    private readonly TimeSpan patience;

    /// <summary>Cancelled when <see cref="stop"/> is, or rows took too long.</summary>
    private CancellationToken limit;

    private SqliteChecker(string path, bool isOwn, TimeSpan patience, CancellationToken stop) =>
        (this.path, this.isOwn, this.patience, this.stop) = (path, isOwn, patience, stop);

    /// <summary>
    /// For all of a check. Whoever wrote the schema chose what is computed for each row, and may have chosen what never ends.
    /// </summary>
    /// <param name="bytes">Of the database.</param>
    public static TimeSpan Patience(long bytes) => TimeSpan.FromMinutes(5) + TimeSpan.FromSeconds(bytes >> 20);

    /// <param name="path">A database that nobody has open. Not a byte of it is changed.</param>
    /// <param name="stop">Ends the check.</param>
    /// <param name="isOwn">Whether it belongs to this program. If not, nothing is made beside it, which leaves CHECK constraints out.</param>
    /// <param name="patience">How long rows may be checked; null for <see cref="Patience"/>.</param>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    /// <exception cref="UserError">It cannot be read.</exception>
    public static SqliteCheck Run(string path, CancellationToken stop, bool isOwn = true, TimeSpan? patience = null)
    {
        var longest = patience ?? Patience(Posix.StatusOrNull(path)?.Size ?? 0);
        var first = RunOnce(path, isOwn, longest, stop);
        if (first.Health != SqliteHealth.Damaged)
        {
            return first;
        }

        // To SQLite a disk that fails is a damaged database, too. What is damaged is so whenever it is read.
        RequireReadable(path);
        return RunOnce(path, isOwn, longest, stop);
    }

    private static SqliteCheck RunOnce(string path, bool isOwn, TimeSpan patience, CancellationToken stop)
    {
        if (SqliteEnd.Complaint(path) is { } lacks)
        {
            return new SqliteCheck(SqliteHealth.Damaged, lacks);
        }

        try
        {
            var verdict = new SqliteChecker(path, isOwn, patience, stop).Judge();
            // An interrupt that came between two statements was heard by none.
            stop.ThrowIfCancellationRequested();
            return verdict;
        }
        catch (SqliteException) when (stop.IsCancellationRequested)
        {
            throw new OperationCanceledException(stop);
        }
        catch (SqliteException e) when (SqliteFile.IsDamage(e) || (SqliteSchema.IsUnknownFormat(e) && SqliteSchema.NewerWriter(path) is null))
        {
            return new SqliteCheck(SqliteHealth.Damaged, SqliteFile.Words(e));
        }
        catch (SqliteException e)
        {
            return new SqliteCheck(SqliteHealth.NotFullyCheckable, $"the check could not run: {SqliteFile.Words(e)}");
        }
    }

    private static void RequireReadable(string path)
    {
        try
        {
            using var all = File.OpenRead(path);
            all.CopyTo(Stream.Null);
        }
        catch (IOException e)
        {
            throw UserError.Failed($"{path} cannot be read back: {e.Message}", "its disk may be failing: see 'journalctl -k'", e);
        }
    }

    private SqliteCheck Judge()
    {
        using var over = new CancellationTokenSource(patience);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(stop, over.Token);
        limit = ends.Token;
        try
        {
            return JudgeWithinLimit();
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_INTERRUPT && !stop.IsCancellationRequested)
        {
            findings.Clear();
            if (isOwn)
            {
                SqlitePages.Check(path, stop).ForEach(findings.Damage);
            }

            findings.Unchecked($"its rows take more than {Units.Duration(patience)}: its schema has something computed for each, or the disk is slow");
            return findings.Verdict(isEmpty: false);
        }
    }

    private SqliteCheck JudgeWithinLimit()
    {
        try
        {
            if (CheckAtOnce() is { } isEmpty)
            {
                return findings.Verdict(isEmpty);
            }
        }
        catch (SqliteException e) when (SqliteSchema.Complaint(e) is { } complaint)
        {
            if (SqliteSchema.NewerWriter(path) is not { } writer)
            {
                // The words are wrong, not new: whoever wrote here last knew no more of them than this SQLite.
                findings.Damage($"the schema cannot be read: {complaint}");
            }
            else
            {
                findings.Unchecked($"its schema was written by SQLite {writer}, newer than {raw.sqlite3_libversion().utf8_to_string()} of this program: {complaint}");
            }
        }
        catch (SqliteException e) when (!SqliteFile.IsDamage(e) && e.SqliteErrorCode == raw.SQLITE_ERROR)
        {
            // Something is not here: piece by piece then.
            if (SqliteMissing.In(SqliteFile.Words(e)) is { } missing)
            {
                findings.Missing(missing);
            }
        }

        stop.ThrowIfCancellationRequested();
        findings.Clear();
        if (isOwn)
        {
            SqlitePages.Check(path, stop).ForEach(findings.Damage);
        }

        CheckTables();
        return findings.Verdict(isEmpty: false);
    }

    /// <returns>Whether there is no table; null if it must be checked in pieces.</returns>
    private bool? CheckAtOnce()
    {
        using var connection = SqliteFile.OpenAlone(path, isOwn);
        using var interrupting = limit.Register(() => raw.sqlite3_interrupt(connection.Handle));
        if (findings.Take(SqliteFile.Rows(connection, $"PRAGMA integrity_check({Messages})")) >= Messages && !findings.HasDamage)
        {
            findings.Clear();
            findings.Take(SqliteFile.Rows(connection, $"PRAGMA integrity_check({int.MaxValue})"));
        }

        SqliteSchema.MissingModules(connection).ForEach(findings.Missing);
        findings.NameTables(connection);
        return SqliteFile.Scalar<long>(connection, "SELECT count(*) FROM sqlite_schema WHERE type = 'table'") == 0;
    }

    private void CheckTables()
    {
        using var connection = SqliteFile.OpenAlone(path, isOwn);
        using var interrupting = limit.Register(() => raw.sqlite3_interrupt(connection.Handle));
        SqliteFile.Execute(connection, "PRAGMA writable_schema=ON");
        SqliteFile.ReadSchema(connection);
        SqliteSchema.MissingModules(connection).ForEach(findings.Missing);
        var incomplete = SqliteSchema.Tables(connection).FindAll(table => !CheckTable(connection, table, _ => true));
        using var standIns = new SqliteStandIns(connection, findings);
        foreach (var table in incomplete)
        {
            var known = -1;
            while (known != standIns.Count)
            {
                known = standIns.Add();
                if (CheckTable(connection, table, standIns.Judges(table)))
                {
                    break;
                }
            }
        }

        findings.NameTables(connection);
    }

    /// <returns>Whether all of it was looked at; if not, what was missing is among the findings.</returns>
    private bool CheckTable(SqliteConnection connection, string table, Func<SqliteMessage, bool> isKnown)
    {
        stop.ThrowIfCancellationRequested();
        if (limit.IsCancellationRequested)
        {
            // It came between two statements, and was heard by none.
            throw new SqliteException("interrupted", raw.SQLITE_INTERRUPT);
        }

        try
        {
            findings.Take(SqliteFile.Rows(connection, $"PRAGMA integrity_check('{table.Replace("'", "''", StringComparison.Ordinal)}')"), isKnown);
            return true;
        }
        catch (SqliteException e) when (SqliteFile.IsDamage(e))
        {
            findings.Damage($"table {table}: {SqliteFile.Words(e)}");
            return true;
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_ERROR && !stop.IsCancellationRequested)
        {
            var words = Complaint(connection, table, e);
            if (SqliteMissing.In(words) is { } missing)
            {
                findings.Missing(missing);
                return missing.Kind is not (SqliteMissing.Function or SqliteMissing.Collation);
            }

            findings.Unchecked($"table {table}: {words}");
            return true;
        }
    }

    /// <summary>A virtual table that cannot be checked may say why when it is read, and one for full text, of which the tokenizer is looked for late, when it is searched.</summary>
    private static string Complaint(SqliteConnection connection, string table, SqliteException error)
    {
        var quoted = $"\"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
        string?[] words = [SqliteFile.Words(error), Try(connection, $"SELECT * FROM {quoted} LIMIT 1"), Try(connection, $"SELECT 1 FROM {quoted} WHERE {quoted} MATCH 'a' LIMIT 1")];
        return Array.Find(words, said => said is not null && SqliteMissing.In(said) is not null) ?? words[1] ?? words[0]!;
    }

    private static string? Try(SqliteConnection connection, string query)
    {
        try
        {
            _ = SqliteFile.Rows(connection, query).Count();
            return null;
        }
        catch (SqliteException e)
        {
            return SqliteFile.Words(e);
        }
    }
}
