using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>Opens restored databases as an application would, lets SQLite check them, counts their rows and asks what the operator wants to know.</summary>
internal sealed class DrillDatabases(DrillPlan plan, DrillFindings findings, TimeProvider clock, CancellationToken stop)
{
    private readonly HashSet<string> unreadable = [];

    public List<DrillTable> Tables { get; } = [];

    public List<DrillAnswer> Answers { get; } = [];

    /// <summary>Checks one database.</summary>
    public void Check(string name, string path)
    {
        var check = SqliteChecker.Run(path, stop);
        switch (check.Health)
        {
            case SqliteHealth.Damaged:
                unreadable.Add(name);
                findings.Fail(name, $"fails SQLite's integrity check: {check.Detail}");
                return;
            case SqliteHealth.NotFullyCheckable:
            case SqliteHealth.FaultyRows:
                findings.Warn(name, check.Warning!);
                break;
            case SqliteHealth.Sound or SqliteHealth.Empty:
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }

        using var connection = SqliteFile.Open(path, SqliteOpenMode.ReadOnly, immutable: true);
        if (!HasReadableSchema(connection))
        {
            unreadable.Add(name);
            return;
        }

        CheckForeignKeys(name, connection);
        foreach (var table in Names(connection))
        {
            Tables.Add(new DrillTable(name, table, CountRows(name, connection, table)));
        }
    }

    /// <summary>Asks the restored databases, and the live ones where an answer is to be compared.</summary>
    /// <param name="paths">Restored databases, by name.</param>
    public void Ask(IReadOnlyDictionary<string, string> paths)
    {
        foreach (var query in plan.Queries)
        {
            if (!paths.TryGetValue(query.Database, out var path))
            {
                findings.Warn(query.Name, $"was not asked: the snapshot holds no database '{query.Database}'");
            }
            else if (unreadable.Contains(query.Database))
            {
                findings.Warn(query.Name, $"was not asked: the database '{query.Database}' could not be checked");
            }
            else
            {
                Ask(query, path);
            }
        }
    }

    /// <summary>A newer SQLite may have written it.</summary>
    private static bool HasReadableSchema(SqliteConnection connection)
    {
        try
        {
            _ = SqliteFile.Scalar<long>(connection, "SELECT 1 FROM sqlite_schema");
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private static List<string> Names(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name";
        using var rows = command.ExecuteReader();
        var names = new List<string>();
        while (rows.Read())
        {
            names.Add(rows.GetString(0));
        }

        return names;
    }

    /// <summary>SQLite keeps foreign keys only for applications that ask it to: a copy that breaks them may be a true copy.</summary>
    private void CheckForeignKeys(string name, SqliteConnection connection)
    {
        try
        {
            var broken = 0L;
            var first = "";
            Run(connection, "PRAGMA foreign_key_check", query =>
            {
                while (query.Read())
                {
                    first = broken++ == 0 ? System.Text.Encoding.UTF8.GetString(query.Bytes()) : first;
                }

                return true;
            });
            if (broken > 0)
            {
                findings.Warn(name, $"{broken} {(broken == 1 ? "row breaks" : "rows break")} a foreign key, the first in the table '{first}'; so it was saved");
            }
        }
        catch (SqliteException e)
        {
            findings.Warn(name, $"its foreign keys could not be checked: {Words(e)}");
        }
    }

    private long? CountRows(string name, SqliteConnection connection, string table)
    {
        try
        {
            return Run(connection, $"SELECT count(*) FROM \"{table.Replace("\"", "\"\"", StringComparison.Ordinal)}\"", query =>
                query.Read() && query.Number() is var (count, _) ? (long?)count : null);
        }
        catch (SqliteException e)
        {
            // A virtual table of a module that only the application has.
            findings.Warn(name, $"the rows of the table '{table}' could not be counted: {Words(e)}");
            return null;
        }
    }

    private void Ask(DrillQuery query, string path)
    {
        (double Value, string Text)? value = null, live = null;
        string? problem = null;
        try
        {
            using var connection = SqliteFile.Open(path, SqliteOpenMode.ReadOnly, immutable: true);
            value = OneNumber(connection, query.Sql, out problem);
        }
        catch (SqliteException e)
        {
            problem = Words(e);
        }
        catch (QueryLimitException e)
        {
            problem = e.Message;
        }

        if (value is { } number)
        {
            live = query.WithinPercent is null ? null : AskLive(query, Path.GetDirectoryName(path)!);
            problem = Outside(query, number, live);
        }

        Answers.Add(new DrillAnswer(query, value?.Text, live?.Text, problem));
        if (problem is not null)
        {
            findings.Fail(query.Name, problem);
        }
    }

    private static string? Outside(DrillQuery query, (double Value, string Text) answer, (double Value, string Text)? live) =>
        answer.Value < query.Min ? $"is {answer.Text} and must be {query.Min} or more"
        : answer.Value > query.Max ? $"is {answer.Text} and must be {query.Max} or less"
        : live is var (now, text) && Math.Abs(answer.Value - now) > Math.Abs(now) * query.WithinPercent!.Value / 100
            ? $"is {answer.Text}, which is not within {query.WithinPercent} % of the live database's {text}"
        : null;

    /// <summary>The live database may be in use, gone, or on another machine: then there is nothing to compare with.</summary>
    private (double Value, string Text)? AskLive(DrillQuery query, string scratch)
    {
        string? problem;
        try
        {
            string? odd = null;
            var answer = LiveDatabase.Read(query.LivePath, scratch, plan.LockTimeout, clock, connection => OneNumber(connection, query.Sql, out odd), stop);
            if (answer is not null)
            {
                return answer;
            }

            problem = odd;
        }
        catch (SqliteException e)
        {
            problem = Words(e);
        }
        catch (Exception e) when (e is PosixError or UserError or QueryLimitException)
        {
            problem = e.Message;
        }

        findings.Warn(query.Name, $"was not compared with the live database {query.LivePath}: {problem}");
        return null;
    }

    private (double Value, string Text)? OneNumber(SqliteConnection connection, string sql, out string? problem)
    {
        string? odd = null;
        var answer = Run(connection, sql, query =>
        {
            (double, string)? first = query.Read() ? query.Number() : null;
            odd = query.Columns != 1 ? $"yields {query.Columns} columns, and must yield one number"
                : first is null ? "yields no number"
                : query.Read() ? "yields more than one row, and must yield one number"
                : null;
            return odd is null ? first : null;
        }, refused => odd = refused, plan.QueryLimits);
        problem = odd;
        return answer;
    }

    private T? Run<T>(SqliteConnection connection, string sql, Func<SqliteQuery, T?> read, Action<string>? refused = null, SqliteQueryLimits? limits = null)
    {
        var (query, problem) = SqliteQuery.Prepare(connection, sql, stop, limits);
        using (query)
        {
            if (query is not null)
            {
                return read(query);
            }
        }

        refused?.Invoke(problem!);
        return default;
    }

    private static string Words(SqliteException error) => $"SQLite says: {SqliteFile.Words(error)}";
}
