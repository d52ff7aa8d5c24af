namespace VertexAr.Backup.EndToEnd;

/// <summary>Links that a neighbour put into directories of its own, which root is to read or write in: they lead to what is root's alone.</summary>
public sealed class PlantedLinkTests : IDisposable
{
    private const string Database = "theirs/database/db_backup_20240111_020000.db";
    private const string Archive = "theirs/storage/storage_backup_20240112_030000.tar.gz";

    private readonly Site site = new();

    public PlantedLinkTests()
    {
        Machine.NeedRoot("a directory of somebody else's");
        Command.Shell(
            $"""
            mkdir -p precious/storage theirs/database theirs/storage theirs/full
            sqlite3 precious/secret.db "CREATE TABLE secret(x)"; echo secret >precious/storage/secret
            tar -czf precious/secret.tar.gz -C precious storage; chmod 600 precious/secret*; chmod 700 precious
            chown -R {Machine.OrdinaryUser} theirs; chmod 755 .
            """, site.Root);
    }

    public void Dispose() => site.Dispose();

    [Theory]
    [InlineData($"ln -s ../../precious/secret.db {Database}", Database)]
    [InlineData($"ln -s ../../precious/secret.tar.gz {Archive}", Archive)]
    [InlineData("rmdir theirs/database; ln -s ../real theirs/database", Database)]
    public void An_old_backup_is_not_read_through_them(string planted, string file)
    {
        Command.Shell("mkdir real; cp precious/secret.db real/db_backup_20240111_020000.db", site.Root);
        AsNeighbour(planted);
        var before = Tree.Describe(site.In("app"));
        site.Run("restore", site.In(file), "--yes").Fails(1, "root does not follow the link", "belongs to ");
        Tree.AssertSame(before, Tree.Describe(site.In("app")), Likeness.Content);
    }

    [Fact]
    public void Roots_own_links_to_old_backups_are_followed()
    {
        Command.Shell("mkdir -p mine/database real; cp precious/secret.db real/x.db; ln -s ../../real/x.db mine/database/db_backup_20240111_020000.db", site.Root);
        site.Run("restore", site.In("mine/database/db_backup_20240111_020000.db"), "--yes").Succeeds();
        Assert.Equal("secret", Command.Run("sqlite3", site.Database, ".tables").Output.Trim());
    }

    [Fact]
    public void What_is_no_file_is_no_old_backup()
    {
        Command.Shell("mkdir -p mine/database; ln -s /dev/null mine/database/db_backup_20240111_020000.db; cp precious/secret.db mine/database/db_backup_20240112_020000.db", site.Root);
        site.Run("import", site.In("mine")).Ends(1).Says("db_backup_20240111_020000.db that cannot be read: it is a character device, not a file");
        Assert.Single(site.Snapshots());
    }

    [Theory]
    [InlineData("ln -s ../precious theirs/keys")]
    [InlineData("mkdir theirs/keys; ln -s ../../precious/signing.key theirs/keys/signing.key")]
    public void A_key_is_not_made_through_them(string planted)
    {
        AsNeighbour(planted);
        var before = Tree.Describe(site.In("precious"));
        site.Run("key", "new", site.In("theirs/keys/signing.key")).Ends(1);
        Tree.AssertSame(before, Tree.Describe(site.In("precious")), Likeness.Restored);
    }

    [Fact]
    public void A_key_in_a_directory_of_theirs_is_made_there()
    {
        site.Run("key", "new", site.In("theirs/signing.key")).Succeeds();
        Assert.Equal("600", Command.Run("stat", "-c", "%a", site.In("theirs/signing.key")).Output.Trim());
        Assert.Equal(["database", "full", "signing.key", "storage"], Directory.EnumerateFileSystemEntries(site.In("theirs")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void Log_and_metrics_are_not_written_through_them()
    {
        AsNeighbour("ln -s ../precious theirs/log");
        site.Settings["log_file"] = site.In("theirs/log/backup.log");
        site.Settings["metrics_file"] = site.In("theirs/log/backup.prom");
        var before = Tree.Describe(site.In("precious"));
        site.Run("create").Succeeds().Says("backup.log' cannot be written: root does not follow the link", "backup.prom");
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds();
        Tree.AssertSame(before, Tree.Describe(site.In("precious")), Likeness.Restored);

        AsNeighbour("rm theirs/log; mkdir theirs/log");
        site.Run("create").Succeeds();
        Assert.Equal(["backup.log", "backup.prom"], Directory.EnumerateFileSystemEntries(site.In("theirs/log")).Select(Path.GetFileName).Order());
        Assert.Equal($"{Machine.OrdinaryUser}", Command.Run("stat", "-c", "%u", site.In("theirs/log/backup.log")).Output.Trim());

        // As a neighbour can do where fs.protected_hardlinks is off.
        Command.Shell("ln precious/secret.tar.gz theirs/log/second.log", site.Root);
        site.Settings["log_file"] = site.In("theirs/log/second.log");
        before = Tree.Describe(site.In("precious"));
        site.Run("create").Succeeds().Says("second.log' cannot be written: it has another name elsewhere");
        Tree.AssertSame(before, Tree.Describe(site.In("precious")), Likeness.Restored);
    }

    private void AsNeighbour(string script) => Command.Run(
        ["setpriv", $"--reuid={Machine.OrdinaryUser}", $"--regid={Machine.OrdinaryGroup}", "--clear-groups", "sh", "-ec", $"cd '{site.Root}'; {script}"], null).Succeeds();
}
