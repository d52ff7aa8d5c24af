using System.Globalization;
using Microsoft.Data.Sqlite;

namespace VertexAr.Backup.Core;

/// <summary>Gathers what checks of one database say, however many rows they speak of, and draws the verdict.</summary>
internal sealed class SqliteFindings
{
    /// <summary>As many of each kind are named.</summary>
    private const int Named = 5;

    private readonly List<string> damage = [];
    private readonly Dictionary<SqliteMessage, long> rows = [];
    private readonly HashSet<SqliteMissing> missing = [];
    private readonly List<string> notChecked = [];
    private readonly Dictionary<string, string> tables = [];

    public bool HasDamage => damage.Count > 0;

    public IReadOnlyCollection<SqliteMissing> AllMissing => missing;

    public void Clear() => rows.Clear();

    public void Damage(string words)
    {
        if (damage.Count < Named && !damage.Contains(words))
        {
            damage.Add(words);
        }
    }

    public void Missing(SqliteMissing what) => missing.Add(what);

    public void Unchecked(string what) => notChecked.Add(what);

    /// <param name="results">Rows of a check.</param>
    /// <param name="isKnown">Whether to believe a message; all, if none is given.</param>
    /// <returns>How many rows there were. Reading ends where damage enough is found.</returns>
    public long Take(IEnumerable<string> results, Func<SqliteMessage, bool>? isKnown = null)
    {
        var count = 0L;
        foreach (var result in results)
        {
            count++;
            foreach (var message in SqliteMessage.Of(result).Where(isKnown ?? (_ => true)))
            {
                Take(message);
            }

            if (damage.Count >= Named)
            {
                break;
            }
        }

        return count;
    }

    /// <summary>Looks up which tables the indexes belong to that messages name.</summary>
    public void NameTables(SqliteConnection connection)
    {
        foreach (var index in rows.Keys.Select(m => m.Index).OfType<string>())
        {
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT tbl_name FROM sqlite_schema WHERE type = 'index' AND name = $index";
            command.Parameters.AddWithValue("$index", index);
            tables[index] = command.ExecuteScalar() as string ?? "";
        }
    }

    public SqliteCheck Verdict(bool isEmpty)
    {
        if (HasDamage)
        {
            return new(SqliteHealth.Damaged, string.Join("; ", damage));
        }

        var faults = rows.OrderByDescending(r => r.Value).Take(Named).Select(r => Describe(r.Key, r.Value)).ToList();
        if (missing.Count > 0 || notChecked.Count > 0)
        {
            List<string> reasons = missing.Count > 0 ? [$"this program lacks {string.Join(", ", missing.Select(m => m.ToString()).Order(StringComparer.Ordinal))}"] : [];
            return new(SqliteHealth.NotFullyCheckable, string.Join("; ", [.. reasons, .. notChecked.Distinct().Take(Named), .. faults]));
        }

        return faults.Count > 0 ? new(SqliteHealth.FaultyRows, string.Join("; ", faults)) : new(isEmpty ? SqliteHealth.Empty : SqliteHealth.Sound, "");
    }

    private void Take(SqliteMessage message)
    {
        switch (message.Kind)
        {
            case SqliteMessageKind.Row:
                rows[message] = rows.GetValueOrDefault(message) + 1;
                break;
            case SqliteMessageKind.Unchecked:
                Unchecked(message.Text);
                break;
            case SqliteMessageKind.Index or SqliteMessageKind.Page:
                Damage(message.Text);
                break;
            case SqliteMessageKind.Ok:
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private string Describe(SqliteMessage message, long count)
    {
        var table = message.Index is { } index && tables.GetValueOrDefault(index) is { Length: > 0 } known ? $" of table {known}" : "";
        return string.Create(CultureInfo.InvariantCulture, $"{message.Text}{table} ({count} {(count == 1 ? "row" : "rows")})");
    }
}
