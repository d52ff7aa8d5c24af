namespace VertexAr.Backup.Model;

/// <summary>How much a database holds, as far as that can be told without reading it all; the next run is compared with it.</summary>
/// <param name="BytesInUse">Pages that are not free, in bytes: a VACUUM does not change it.</param>
/// <param name="Tables">How many tables there are, SQLite's own not counted.</param>
/// <param name="FilledTables">How many of them have a row; virtual ones are not looked into.</param>
/// <param name="TableNames">Their names in order; null where there are more than <see cref="MostNames"/>.</param>
/// <param name="EmptyBytes">What of them it would take without any row: a page for each table and index; null where that was not noted.</param>
internal sealed record DatabaseContent(long BytesInUse, int Tables, int FilledTables, string[]? TableNames, long? EmptyBytes = null)
{
    /// <summary>Bytes of pages that are there for rows: an application that was set up again has all its tables, and hardly any of these. Null where that was not noted.</summary>
    public long? RowBytes => EmptyBytes is { } empty ? Math.Max(0, BytesInUse - empty) : null;

    /// <summary>A header stays a few kilobytes.</summary>
    public const int MostNames = 200;

    public bool IsSane => this is { BytesInUse: >= 0, Tables: >= 0, FilledTables: >= 0, EmptyBytes: null or >= 0 };
}

/// <summary>A source that lost its content, or more of it than is usual.</summary>
/// <param name="Since">The ID of the snapshot it was compared with.</param>
/// <param name="Losses">What it lost, with figures, each a few words.</param>
/// <param name="IsAccepted">The operator said that this is right: the snapshot is like any other.</param>
internal sealed record ShrunkSource(string Since, string[] Losses, bool IsAccepted)
{
    /// <summary>What was lost, in one line.</summary>
    public string Sentence => $"{string.Join("; ", Losses)} (since snapshot {Since})";
}
