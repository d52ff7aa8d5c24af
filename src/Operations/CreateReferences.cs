using System.IO.Hashing;
using System.Text;
using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Finds out which files the databases of a snapshot name that the snapshot does not hold. There may be a million of them: the
/// names wait in a file, and in memory only their hashes, each of which goes when its file is listed. What goes wrong here is
/// a warning, and never fails a backup.
/// </summary>
internal sealed class CreateReferences : IDisposable
{
    /// <summary>Missing files that the header names.</summary>
    public const int Named = 20;

    private const int NamedInText = 3;

    private const int NamesBetweenLooks = 100_000;

    private readonly ILookup<string, ReferenceQuery> queries;
    private readonly string directory;
    private readonly CreateList list;
    private readonly Action requireSpace;
    private readonly SqliteQueryLimits limits;
    private readonly CancellationToken stop;
    private readonly List<(string Database, byte[] Path, ReferenceNames Names)> answers = [];
    private readonly HashSet<(ulong Upper, ulong Lower)> missing = [];
    private readonly Lock changing = new();

    /// <param name="queries">What to ask the databases.</param>
    /// <param name="directory">Where files of ours may lie for the time of the run.</param>
    /// <param name="list">Tells what is listed, and hears of what is missing.</param>
    /// <param name="requireSpace">Throws a <see cref="SpaceError"/> where no more may be written.</param>
    /// <param name="limits">What each query may take.</param>
    /// <param name="stop">Ends a query.</param>
    public CreateReferences(IEnumerable<ReferenceQuery> queries, string directory, CreateList list, Action requireSpace, SqliteQueryLimits limits, CancellationToken stop)
    {
        this.limits = limits;
        this.queries = queries.ToLookup(query => query.Database);
        (this.directory, this.list, this.requireSpace, this.stop) = (directory, list, requireSpace, stop);
        if (this.queries.Count > 0)
        {
            list.Listed = Found;
        }
    }

    /// <summary>Asks a copy that nobody writes to. <paramref name="path"/> is the database's in the file list.</summary>
    public void AskCopy(string database, byte[] path, string copy)
    {
        if (!queries.Contains(database))
        {
            return;
        }

        try
        {
            using var connection = SqliteFile.Open(copy, SqliteOpenMode.ReadOnly, immutable: true);
            Accept(database, path, Ask(database, path, connection));
        }
        catch (SqliteException e)
        {
            WarnUnchecked(path, Words(e));
        }
    }

    /// <summary>Asks the live database, whose content is in an earlier snapshot.</summary>
    /// <returns>False if it is not what it was any more: then the answers are forgotten.</returns>
    public bool AskLive(string database, byte[] path, string live, TimeSpan wait, TimeProvider clock, Func<bool> isUnchanged)
    {
        if (!queries.Contains(database))
        {
            return true;
        }

        ReferenceNames? names = null;
        try
        {
            names = LiveDatabase.Read(live, directory, wait, clock, connection => AskAtOnce(database, path, connection), stop);
        }
        catch (Exception e) when (e is SqliteException or PosixError or UserError)
        {
            WarnUnchecked(path, e is SqliteException said ? Words(said) : e.Message);
        }

        if (!isUnchanged())
        {
            names?.Dispose();
            return false;
        }

        Accept(database, path, names);
        return true;
    }

    /// <summary>Reports what is missing, when everything is listed.</summary>
    public void Report()
    {
        foreach (var (database, path, names) in answers)
        {
            Report(database, path, names);
        }
    }

    public void Dispose() => answers.ForEach(answer => answer.Names.Dispose());

    private static (ulong Upper, ulong Lower) Hash(ReadOnlySpan<byte> path)
    {
        var hash = XxHash128.HashToUInt128(path);
        return ((ulong)(hash >> 64), (ulong)hash);
    }

    private static string Words(SqliteException error) => $"SQLite says: {error.Message}";

    private void WarnUnchecked(byte[] path, string reason) => list.Warn(path, $"its references could not be checked: {reason}", isLoss: false);

    /// <summary>All queries see one state of the database.</summary>
    private ReferenceNames? AskAtOnce(string database, byte[] path, SqliteConnection connection)
    {
        SqliteFile.Execute(connection, "BEGIN");
        return Ask(database, path, connection);
    }

    /// <summary>What the queries of a database yield; null if it could not be kept.</summary>
    private ReferenceNames? Ask(string database, byte[] path, SqliteConnection connection)
    {
        ReferenceNames? names = null;
        var kept = false;
        try
        {
            names = new ReferenceNames(Path.Combine(directory, $"references-{database}.tmp"));
            foreach (var query in queries[database])
            {
                Ask(query, path, connection, names);
            }

            names.Flush();
            kept = true;
        }
        catch (Exception e) when (e is IOException or SpaceError)
        {
            WarnUnchecked(path, e.Message);
        }
        finally
        {
            if (!kept)
            {
                names?.Dispose();
            }
        }

        return kept ? names : null;
    }

    private void Ask(ReferenceQuery query, byte[] path, SqliteConnection connection, ReferenceNames names)
    {
        try
        {
            var (rows, problem) = SqliteQuery.Prepare(connection, query.Sql, stop, limits);
            using (rows)
            {
                while (problem is null && rows!.Read())
                {
                    if (query.InList(rows.Bytes()) is { Length: > 0 } name)
                    {
                        Add(names, name);
                    }
                }
            }

            if (problem is not null)
            {
                WarnUnchecked(path, $"'{query.Sql}' {problem}");
            }
        }
        catch (SqliteException e)
        {
            WarnUnchecked(path, $"of '{query.Sql}', {Words(e)}");
        }
        catch (QueryLimitException e)
        {
            WarnUnchecked(path, $"'{query.Sql}' {e.Message}");
        }
    }

    private void Add(ReferenceNames names, byte[] name)
    {
        if (names.Count % NamesBetweenLooks == 0)
        {
            requireSpace();
        }

        names.Add(name);
    }

    private void Accept(string database, byte[] path, ReferenceNames? names)
    {
        if (names is null)
        {
            return;
        }

        answers.Add((database, path, names));
        lock (changing)
        {
            missing.EnsureCapacity(missing.Count + names.Count);
            foreach (var name in names.Read())
            {
                missing.Add(Hash(name));
            }
        }
    }

    /// <summary>A path is in the snapshot. Called by the thread that lists.</summary>
    private void Found(ReadOnlySpan<byte> path)
    {
        lock (changing)
        {
            if (missing.Count > 0)
            {
                missing.Remove(Hash(path));
            }
        }
    }

    private void Report(string database, byte[] path, ReferenceNames names)
    {
        var count = 0L;
        var first = new List<string>();
        foreach (var name in missing.Count == 0 ? [] : names.Read())
        {
            // Named twice, it is reported once.
            if (missing.Remove(Hash(name)) && count++ < Named)
            {
                first.Add(Encoding.UTF8.GetString(name));
            }
        }

        if (count == 0)
        {
            return;
        }

        var more = count > NamedInText ? $" and {count - NamedInText} more" : "";
        list.Warn(
            path,
            $"names {count} {(count == 1 ? "file that is" : "files that are")} not in this snapshot: {string.Join(", ", first.Take(NamedInText))}{more}",
            isLoss: false);
        first.ForEach(name => list.Note(name, $"is not in this snapshot, and the database '{database}' names it"));
    }
}
