namespace VertexAr.Backup.Core;

/// <summary>What the checks of a database found, from best to worst; each has its own consequence.</summary>
internal enum SqliteHealth
{
    /// <summary>All checks ran and found nothing.</summary>
    Sound,

    /// <summary>There is no table in it.</summary>
    Empty,

    /// <summary>Every page and index is intact, and some rows break a constraint of their table: what the application wrote is there.</summary>
    FaultyRows,

    /// <summary>Every page is intact; of some table not all could be checked, since something is missing here that the application has.</summary>
    NotFullyCheckable,

    /// <summary>Pages, trees or indexes are broken, or the schema cannot be read.</summary>
    Damaged,
}

/// <summary>A verdict on a database.</summary>
/// <param name="Health">The verdict.</param>
/// <param name="Detail">SQLite's words, or what is missing; empty if all is well.</param>
internal sealed record SqliteCheck(SqliteHealth Health, string Detail)
{
    /// <summary>What to say of a database that was saved nevertheless; null if there is nothing to say, or it is damaged.</summary>
    public string? Warning => Health switch
    {
        SqliteHealth.FaultyRows => $"has rows that break a constraint of their table: {Detail}; all pages are intact, and everything was saved",
        SqliteHealth.NotFullyCheckable => $"could not be checked completely: {Detail}; all pages are intact, and everything was saved",
        SqliteHealth.Sound or SqliteHealth.Empty or SqliteHealth.Damaged => null,
        var other => throw new System.Diagnostics.UnreachableException($"{other}"),
    };
}
