namespace VertexAr.Backup.EndToEnd;

/// <summary>Files of ten terabytes that take no space: anybody who owns one can make it.</summary>
public sealed class SparseFileTests : IDisposable
{
    private const string Size = "10T";

    private readonly Site site = new();

    public void Dispose() => site.Dispose();

    [Fact]
    public void The_log_of_a_database_holds_no_more_for_it()
    {
        site.Create();
        Command.Shell($"truncate -s {Size} app/app_data/app_data.db-wal", site.Root);
        site.Write("new", "new");
        var snapshot = site.Create();
        site.Run("restore", snapshot.Id, "--to", site.In("out")).Succeeds();
        Assert.Equal("new", File.ReadAllText(site.In("out/storage/new")));
        Assert.Equal("ok", Command.Run("sqlite3", site.In("out/app_data/app_data.db"), "PRAGMA integrity_check").Output.Trim());
    }

    [Fact]
    public void A_database_costs_no_other_source()
    {
        site.Create();
        Command.Shell($"truncate -s {Size} app/app_data/app_data.db", site.Root);
        site.Write("new", "new");
        site.Run("create").IsPartial("the database 'app_data' is not saved", "10 TiB", "the rest of its size is holes");
        site.Run("restore", site.Newest().Id, "--to", site.In("out")).Ends(3);
        Assert.Equal("new", File.ReadAllText(site.In("out/storage/new")));
        site.Run("doctor").Prints("'app_data' is missing");
    }

    [Fact]
    public void The_mark_of_a_repository_is_named_and_not_read()
    {
        site.Create();
        Command.Shell($"truncate -s {Size} backups/repository.json", site.Root);
        foreach (var words in new string[][] { ["list"], ["status"], ["verify"], ["create"], ["rotate"], ["drill"], ["restore", "latest", "--to", site.In("out")] })
        {
            site.Run(words).Fails(1, $"{site.Backups}/repository.json is 10995116277760 bytes long");
        }
    }
}
