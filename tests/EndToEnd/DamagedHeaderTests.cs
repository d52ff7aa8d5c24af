namespace VertexAr.Backup.EndToEnd;

/// <summary>A database file that lacks its end, or whose first page says something else of the file than is true.</summary>
public sealed class DamagedHeaderTests : IDisposable
{
    private readonly Site site = new(withMedia: false);

    public void Dispose() => site.Dispose();

    /// <summary>SQLite takes zeros for what the last page lacks: rows without their end, in a database that it calls sound.</summary>
    [Theory]
    [InlineData("truncate -s -400 \"$1\"", "the file ends in the middle of page ", false)]
    [InlineData("truncate -s -400 \"$1\"", "the file ends in the middle of page ", true)]
    [InlineData("truncate -s -8192 \"$1\"", "the file ends after page ", false)]
    public void A_file_that_lacks_its_end_is_damaged(string spoil, string words, bool ofAnotherOwner)
    {
        site.Create();
        OwnedBy(ofAnotherOwner);
        Spoil(spoil);
        site.Run("create").Ends(1).Says(site.Database, "is damaged: ", words);
        AssertKept();
        site.Run("drill").Succeeds();
    }

    /// <summary>So it is while the log is written back, and when that was killed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Pages_that_are_only_in_the_log_are_not_missing(bool ofAnotherOwner)
    {
        using var database = site.OpenDatabase();
        database.Execute("PRAGMA wal_autocheckpoint=0");
        database.Execute("INSERT INTO account SELECT id + 1000, balance, randomblob(280) FROM account");
        OwnedBy(ofAnotherOwner);
        Spoil("head -c 1000 /dev/urandom >> \"$1\"");
        TestDatabase.CheckCopy(Path.Combine(site.Create().Restored("app_data"), "app_data.db"));
    }

    /// <summary>What is behind the end that the first page tells may be all that is left.</summary>
    [Theory]
    [InlineData(28, @"\0\0\0\1", false)]
    [InlineData(28, @"\0\0\0\3", true)]
    [InlineData(16, @"\2\0", false)]
    [InlineData(16, @"\2\0", true)]
    [InlineData(44, @"\0\0\0\11", false)]
    public void The_damaged_copy_is_the_whole_file(int at, string bytes, bool ofAnotherOwner)
    {
        site.Create();
        OwnedBy(ofAnotherOwner);
        Spoil($"printf '{bytes}' | dd of=\"$1\" bs=1 seek={at} conv=notrunc status=none");
        site.Run("create").Ends(1).Says(site.Database, "is damaged: ");
        AssertKept();
    }

    /// <summary>VACUUM makes it smaller, and the file is longer until the log is written back.</summary>
    [Fact]
    public void A_file_that_is_longer_than_its_database_is_no_damaged_one()
    {
        using var database = site.OpenDatabase();
        database.Execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA wal_autocheckpoint=0; DELETE FROM account WHERE id > 100; VACUUM");
        var copy = Path.Combine(site.Create().Restored("app_data"), "app_data.db");
        Assert.True(new FileInfo(copy).Length < new FileInfo(site.Database).Length);
        Assert.Equal("ok\n", Command.Run("sqlite3", copy, "PRAGMA integrity_check").Succeeds().Output);
    }

    private void OwnedBy(bool another)
    {
        if (another)
        {
            Machine.NeedRoot("a file of another owner");
            Command.Run("chown", "-R", "nobody:", Path.GetDirectoryName(site.Database)!).Succeeds();
            Command.Run("chmod", "-R", "a+X", site.Root).Succeeds();
        }
    }

    private void Spoil(string script) => Command.Run("bash", "-c", script, "bash", site.Database).Succeeds();

    private void AssertKept()
    {
        var copy = site.In("copy");
        site.Run("restore", site.Newest().Id, "--only", "database", "--damaged", "--to", copy).Succeeds();
        Assert.Equal(File.ReadAllBytes(site.Database), File.ReadAllBytes(Path.Combine(copy, "app_data/app_data.db")));
    }
}
