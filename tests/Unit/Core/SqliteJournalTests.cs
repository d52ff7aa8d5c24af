using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class SqliteJournalTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData("/srv/app/app.db-mj01234A9EF", true)]
    [InlineData("/srv/app/other.db-mj01234A9EF", true)]
    [InlineData("/srv/app/./app.db-mj01234A9EF", true)]
    [InlineData("/srv/app/../app/app.db-mj01234A9EF", true)]
    [InlineData("/srv/app/deep/app.db-mj01234A9EF", false)]
    [InlineData("/srv/other/app.db-mj01234A9EF", false)]
    [InlineData("/srv/app/../other/app.db-mj01234A9EF", false)]
    [InlineData("/srv/app-mj01234A9EF", false)]
    [InlineData("/srv/app/notes.txt", false)]
    [InlineData("/srv/app/app.db-mj", false)]
    [InlineData("/srv/app/app.db-mj0123.json", false)]
    [InlineData("app.db-mj01234A9EF", false)]
    [InlineData("", false)]
    public void Only_names_that_SQLite_gives_are_super_journals_and_only_in_the_databases_directory(string name, bool isOwn) =>
        Assert.Equal(isOwn, SqliteJournal.IsOwnSuperJournal("/srv/app/app.db", name));

    [Fact]
    public void A_link_in_the_name_leads_where_it_leads()
    {
        temp.Make("app");
        temp.Make("other");
        File.CreateSymbolicLink(temp["app/there"], temp["other"]);
        File.CreateSymbolicLink(temp["alias"], temp["app"]);
        Assert.False(SqliteJournal.IsOwnSuperJournal(temp["app/app.db"], temp["app/there/app.db-mj01234A9EF"]));
        Assert.True(SqliteJournal.IsOwnSuperJournal(temp["app/app.db"], temp["alias/app.db-mj01234A9EF"]));
    }

    [Fact]
    public void The_name_is_found_at_the_end_of_a_journal()
    {
        Assert.Equal("/etc/passwd", SqliteJournal.SuperJournalIn([1, 2, 3, .. HotJournal.Tail("/etc/passwd")]));
        Assert.Equal("/etc/passwd", SqliteJournal.SuperJournalIn(HotJournal.Tail("/etc/passwd\0more")));
        Assert.Null(SqliteJournal.SuperJournalIn([.. HotJournal.Tail("/etc/passwd"), 0]));
        Assert.Null(SqliteJournal.SuperJournalIn(HotJournal.Tail("/etc/passwd").AsSpan(16)));
        Assert.Null(SqliteJournal.SuperJournalIn(HotJournal.Tail("")));
        Assert.Null(SqliteJournal.SuperJournalIn([]));
    }

    [Fact]
    public void A_journal_that_names_a_file_elsewhere_is_refused_and_everything_stays()
    {
        var database = HotJournal.Make(temp, "app.db");
        var victim = temp.Write("else/precious", "content"u8);
        HotJournal.NameSuperJournal(database, victim);
        var before = Content(database);
        var error = Assert.Throws<UserError>(() => SqliteFile.Open(database, SqliteOpenMode.ReadWrite));
        Assert.Contains(victim, error.Message, StringComparison.Ordinal);
        Assert.Contains(database + "-journal", error.Message, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, error.Code);
        Assert.True(File.Exists(victim));
        Assert.Equal(before, Content(database));
    }

    [Fact]
    public void A_file_of_another_kind_in_the_same_directory_is_no_super_journal()
    {
        var database = HotJournal.Make(temp, "app.db");
        HotJournal.NameSuperJournal(database, temp.Write("notes.txt", "content"u8));
        Assert.Throws<UserError>(() => SqliteFile.Open(database, SqliteOpenMode.ReadWrite));
    }

    [Fact]
    public void A_transaction_over_two_databases_in_one_directory_is_rolled_back_as_ever()
    {
        var (first, second) = (HotJournal.Make(temp, "first.db"), HotJournal.Make(temp, "second.db"));
        var super = temp.Write("first.db-mj01234A9EF", [.. Posix.Bytes(first + "-journal"), 0, .. Posix.Bytes(second + "-journal"), 0]);
        HotJournal.NameSuperJournal(first, super);
        HotJournal.NameSuperJournal(second, super);
        Assert.Equal((500L, 0L), Roll(first));
        Assert.True(File.Exists(super), "the second database still needs it");
        Assert.Equal((500L, 0L), Roll(second));
        Assert.False(File.Exists(super));
    }

    [Fact]
    public void One_that_ended_before_the_kill_is_not_rolled_back()
    {
        // The super-journal is gone: that is the commit.
        var database = HotJournal.Make(temp, "app.db");
        HotJournal.NameSuperJournal(database, temp["app.db-mj01234A9EF"]);
        Assert.NotEqual((500L, 0L), Roll(database));
    }

    [Fact]
    public void A_journal_that_was_ended_names_nothing()
    {
        var database = HotJournal.Make(temp, "app.db");
        HotJournal.NameSuperJournal(database, temp["elsewhere/file"]);
        using (var journal = new FileStream(database + "-journal", FileMode.Open))
        {
            journal.Write(new byte[28]);
        }

        SqliteJournal.RequireHarmless(database);
    }

    [Theory]
    [InlineData("-journal", "mkfifo", "FIFO")]
    [InlineData("-wal", "mkfifo", "FIFO")]
    [InlineData("-shm", "mkfifo", "FIFO")]
    [InlineData("-journal", "mkdir", "directory")]
    [InlineData("-wal", "ln -s /etc/passwd", "symlink")]
    [InlineData("-shm", "ln -s /nowhere", "symlink")]
    public void What_is_no_file_is_not_opened_as_one(string suffix, string make, string kind)
    {
        var database = temp.Write("app.db", []);
        Tools.Run("sh", "-c", $"{make} '{database}{suffix}'");
        foreach (var mode in (SqliteOpenMode[])[SqliteOpenMode.ReadWrite, SqliteOpenMode.ReadOnly])
        {
            var error = Assert.Throws<UserError>(() => SqliteFile.Open(database, mode));
            Assert.Contains($"{database}{suffix} is a {kind}", error.Message, StringComparison.Ordinal);
        }
    }

    private static byte[] Content(string database) => [.. File.ReadAllBytes(database), .. File.ReadAllBytes(database + "-journal")];

    private static (long Rows, long Gone) Roll(string database)
    {
        using var connection = SqliteFile.Open(database, SqliteOpenMode.ReadWrite);
        return HotJournal.Content(connection);
    }
}
