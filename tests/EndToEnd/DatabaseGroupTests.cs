namespace VertexAr.Backup.EndToEnd;

/// <summary>Backups by a member of the application's group: neither root nor the owner of the database.</summary>
public sealed class DatabaseGroupTests : IDisposable
{
    private const int Group = 54320;
    private const int BackupUser = 54321;

    private static readonly string[] AsApplication = ["setpriv", "--reuid", $"{Machine.OrdinaryUser}", "--regid", $"{Group}", "--clear-groups"];
    private static readonly string[] AsBackupUser = ["setpriv", "--reuid", $"{BackupUser}", "--regid", $"{BackupUser}", "--groups", $"{Group}"];

    private readonly Site site = new(withMedia: false);

    public void Dispose() => site.Dispose();

    [Fact]
    public void The_application_can_use_the_log_that_a_killed_run_left()
    {
        Prepare(mode: "660");
        var killed = site.Run(["create"], before: [.. AsBackupUser, "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=pwrite64", "-P", site.Database + "-shm", "-e", "inject=pwrite64:signal=KILL", "--"]);
        Assert.NotEqual(0, killed.Code);
        Assert.All(["-wal", "-shm"], end => Assert.Equal($"{Group} 660", Command.Run("stat", "-c", "%g %a", site.Database + end).Output.Trim()));
        Write("after").Succeeds();
        site.Run(["create"], before: AsBackupUser).Succeeds();
        AssertHolds("after");
    }

    [Fact]
    public void A_database_that_it_may_only_read_gets_no_log()
    {
        Prepare(mode: "640");
        var log = site.In("logs/strace.log");
        site.Run(["create"], before: [.. AsBackupUser, "strace", "-f", "-qq", "-o", log, "-e", "trace=openat,open,linkat", "--"]).Succeeds();
        Assert.DoesNotContain(File.ReadLines(log), line => line.Contains($"{site.Database}-", StringComparison.Ordinal) && line.Contains("O_CREAT", StringComparison.Ordinal));
        Write("after").Succeeds();
        AssertHolds("before");
    }

    /// <summary>FUSE has no files without names (O_TMPFILE), so none can be made that has the application's group from its first moment.</summary>
    [Fact]
    public void Where_a_log_cannot_be_made_with_its_group_it_gets_none()
    {
        Prepare(mode: "660");
        var directory = Path.GetDirectoryName(site.Database)!;
        var mounted = Command.Run("bindfs", directory, directory);
        Assert.SkipWhen(mounted.Code != 0, $"bindfs does not mount here: {mounted.Errors.Trim()}");
        try
        {
            var log = site.In("logs/strace.log");
            site.Run(["create"], before: [.. AsBackupUser, "strace", "-f", "-qq", "-o", log, "-e", "trace=openat,open,linkat", "--"]).Succeeds();
            Assert.Contains(File.ReadLines(log), line => line.Contains("O_TMPFILE", StringComparison.Ordinal) && line.Contains("= -1", StringComparison.Ordinal));
            Assert.DoesNotContain(File.ReadLines(log), line => line.Contains($"{site.Database}-", StringComparison.Ordinal) && line.Contains("O_CREAT", StringComparison.Ordinal));
            Write("after").Succeeds();
        }
        finally
        {
            Command.Run("umount", directory).Succeeds();
        }

        AssertHolds("before");
    }

    private static Result Run(params string[] words) => Command.Run([.. AsApplication, .. words]);

    /// <summary>A database in WAL mode that nobody has open, in a directory that does not hand its group on.</summary>
    private void Prepare(string mode)
    {
        Machine.NeedRoot("users and groups of their own");
        Machine.NeedStrace();
        Command.Shell(
            $"""
            sqlite3 app/app_data/app_data.db "PRAGMA journal_mode=WAL; CREATE TABLE said (word); INSERT INTO said VALUES ('before')"
            chown -R {Machine.OrdinaryUser}:{Group} app; chmod 755 . app; chmod 770 app/app_data; chmod {mode} app/app_data/app_data.db
            mkdir -m 1777 logs; chown -R {BackupUser}:{BackupUser} backups
            """,
            site.Root);
    }

    private Result Write(string word) => Run("sqlite3", site.Database, $"INSERT INTO said VALUES ('{word}')");

    private void AssertHolds(string word)
    {
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds();
        Assert.Equal(word, Command.Run("sqlite3", site.In("out/app_data/app_data.db"), "SELECT word FROM said ORDER BY rowid DESC LIMIT 1").Output.Trim());
    }
}
