using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A transaction whose application has locks that are not seen here is not rolled back under it, and one that a crash left only by a run.</summary>
public sealed class HotJournalTests : IDisposable
{
    private readonly Site site = new(withMedia: false);

    public HotJournalTests()
    {
        site.Settings["lock_timeout_seconds"] = 2;
        Python($"c=sqlite3.connect('{site.Database}'); c.execute('pragma journal_mode=delete'); c.execute('create table t(id integer primary key, v)'); c.executemany('insert into t values(?,?)', [(i, 'old%05d' % i * 8) for i in range(5000)]); c.commit()");
    }

    public void Dispose() => site.Dispose();

    [Theory]
    [InlineData("nolock=1")]
    [InlineData("vfs=unix-dotfile")]
    public void Of_an_application_that_takes_no_locks_of_the_kernel(string how)
    {
        using var application = Begin($"file:{site.Database}?{how}");
        NotOpened("python3 (process ");
        Commits(application);
        site.Run("create", "database").Succeeds();
    }

    [Fact]
    public void Of_an_application_behind_a_view_of_the_directory()
    {
        var view = View();
        using var application = Begin($"file:{view}/app_data.db");
        NotOpened("bindfs");
        Commits(application);
        site.Run("create", "database").Succeeds();
    }

    [Fact]
    public void Of_an_application_in_front_of_the_view_by_which_we_read()
    {
        var view = View();
        site.Settings["databases"]![0]!["path"] = $"{view}/app_data.db";
        using var application = Begin($"file:{site.Database}");
        NotOpened("an application on the other side of fuse");
        Commits(application);
    }

    /// <summary>Whoever uses the kernel's locks is waited for, as always.</summary>
    [Fact]
    public void An_application_with_locks_that_are_seen_is_waited_for()
    {
        using var application = Begin($"file:{site.Database}");
        site.Run("create", "database").Fails(1, "stayed locked for 2 seconds, by python3 (process ");
        Commits(application);
    }

    /// <summary>SQLite removes it when it opens the file, with the only copy of what was written last.</summary>
    [Theory]
    [InlineData("wal")]
    [InlineData("journal")]
    public void What_lies_beside_a_file_that_was_emptied_stays(string end)
    {
        site.Create();
        var log = site.Database + "-" + end;
        _ = Run($"c=sqlite3.connect('{site.Database}'); c.execute('pragma journal_mode={(end == "wal" ? "wal" : "delete")}'); c.execute('pragma cache_size=1'); "
            + "c.execute('begin immediate'); c.execute(\"update t set v='new'||v\"); "
            + $"import os, shutil; {(end == "wal" ? "c.commit(); " : "")}shutil.copy('{log}', '{log}.kept'); os.kill(os.getpid(), 9)");
        var kept = File.ReadAllBytes(log + ".kept");
        File.WriteAllBytes(site.Database, []);
        File.Copy(log + ".kept", log, overwrite: true);
        File.Delete(site.Database + "-shm");

        site.Run("create", "--dry-run").Ends(3).Says("it is an empty file");
        site.Run("create").Ends(3).Says($"was not opened: it is an empty file, and SQLite would remove {log} (");
        _ = site.Run("doctor");
        Assert.Equal(kept, File.ReadAllBytes(log));

        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.False(File.Exists(log));
        Assert.Equal(kept, File.ReadAllBytes(Assert.Single(Directory.GetFiles(Path.GetDirectoryName(log)!, $"*before_restore_*-{end}"))));
    }

    /// <summary>Where journals are kept, the head of one that is over is zeroed: it says nothing of the file beside it.</summary>
    [Fact]
    public void A_kept_journal_beside_a_file_that_was_emptied_hinders_nobody()
    {
        _ = Run($"c=sqlite3.connect('{site.Database}'); c.execute('pragma journal_mode=persist'); c.execute(\"update t set v='new'||v\"); c.commit()");
        site.Create();
        Assert.NotEmpty(File.ReadAllBytes(site.Database + "-journal"));
        File.WriteAllBytes(site.Database, []);
        site.Run("create").Ends(3).Says("lost its content: 2 tables -> none");
    }

    /// <summary>The rows of a database that is gone have nothing to do with the one that comes back.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("--path=media.db")]
    public void The_log_of_a_removed_file_of_a_tree_is_put_aside(string chosen)
    {
        site.TreeSettings["exclude"] = new JsonArray("*-wal", "*-shm");
        var (file, log) = (site.InStorage("media.db"), site.InStorage("media.db-wal"));
        _ = Run($"c=sqlite3.connect('{file}'); c.execute('create table m(v)'); c.executemany('insert into m values(?)', [('x'*900,)]*2000); c.commit()");
        site.Create();
        _ = Run($"c=sqlite3.connect('{file}'); c.execute('delete from m where rowid%2'); c.commit(); c.execute('vacuum'); c.execute('pragma journal_mode=wal'); "
            + "c.execute(\"update m set v='y'\"); c.commit(); import os; os.kill(os.getpid(), 9)");
        var rows = File.ReadAllBytes(log);
        Assert.NotEmpty(rows);
        File.Delete(file);
        site.Run([.. (string[])["restore", "latest", "--yes", "--only", "storage"], .. chosen.Length > 0 ? new[] { chosen } : []]).Succeeds().Prints("before_restore_");
        Assert.False(File.Exists(log));
        Assert.Equal("2000\nok\n", Command.Run("sqlite3", file, "SELECT count(*) FROM m WHERE v LIKE 'x%'; PRAGMA integrity_check").Succeeds().Output);
        Assert.Contains(Directory.GetFiles(Path.GetDirectoryName(site.Storage)!, "*media.db*-wal", SearchOption.AllDirectories), kept => File.ReadAllBytes(kept).AsSpan().SequenceEqual(rows));
    }

    /// <summary>As where all may make files: whoever can make a journal there would else decide what is in the database.</summary>
    [Theory]
    [InlineData("wal")]
    [InlineData("journal")]
    public void A_log_of_somebody_who_may_not_write_to_the_database_is_refused(string end)
    {
        Machine.NeedRoot("a file of somebody else's");
        site.Create();
        _ = Run($"c=sqlite3.connect('{site.Database}'); c.execute('pragma journal_mode={(end == "wal" ? "wal" : "delete")}'); c.execute('pragma cache_size=1'); "
            + "c.execute('begin immediate'); c.execute(\"update t set v='new'||v\"); "
            + $"import os; {(end == "wal" ? "c.commit(); " : "")}os.kill(os.getpid(), 9)");
        Command.Run("chmod", "640", site.Database).Succeeds();
        Command.Run("chmod", "1777", Path.GetDirectoryName(site.Database)!).Succeeds();
        Command.Run("chown", $"{Machine.OrdinaryUser}", $"{site.Database}-{end}").Succeeds();
        var before = File.ReadAllBytes(site.Database);
        site.Run("create").Ends(3).Says("was not opened", $"{site.Database}-{end}, which SQLite would write into it, belongs to");
        Assert.Equal(before, File.ReadAllBytes(site.Database));

        // A restore puts it aside unread: it is of the database that is replaced.
        var log = File.ReadAllBytes($"{site.Database}-{end}");
        site.Run("restore", "latest", "--yes", "--only", "database").Succeeds();
        Assert.False(File.Exists($"{site.Database}-{end}"));
        Assert.Equal(log, File.ReadAllBytes(Assert.Single(Directory.GetFiles(Path.GetDirectoryName(site.Database)!, $"*before_restore_*-{end}"))));
        Assert.Equal("5000\n", Command.Run("sqlite3", site.Database, "SELECT count(*) FROM t WHERE v LIKE 'old%'").Succeeds().Output);
        Command.Shell($"mv '{site.Database}'.before_restore_*-{end} '{site.Database}-{end}'; rm -f '{site.Database}'.before_restore_*-shm; mv -f '{site.Database}'.before_restore_* '{site.Database}'");

        Command.Run("chmod", "660", site.Database).Succeeds();
        site.Run("create").Succeeds();
    }

    [Fact]
    public void What_a_crash_left_is_rolled_back_by_a_run_and_not_by_a_look()
    {
        using (var application = Begin($"file:{site.Database}"))
        {
            application.Signal("KILL");
            application.Wait();
        }

        var before = Look();
        site.Run("doctor").Succeeds();
        site.Run("create", "--dry-run").Succeeds();
        site.Run("status").Ends(10);
        Assert.Equal(before, Look());
        site.Run("create", "database").Succeeds();
        Assert.False(File.Exists(site.Database + "-journal"));
        Assert.Equal("5000\nok\n", Command.Run("sqlite3", Path.Combine(site.Newest().Restored("app_data"), "app_data.db"), "SELECT count(*) FROM t WHERE v LIKE 'old%'; PRAGMA integrity_check").Succeeds().Output);
    }

    /// <summary>Nobody else can be at work in an image that one program of FUSE reads.</summary>
    [Fact]
    public void What_a_crash_left_in_an_image_is_rolled_back()
    {
        Machine.NeedRoot("mounting a file system");
        using (var application = Begin($"file:{site.Database}"))
        {
            application.Signal("KILL");
            application.Wait();
        }

        Command.Shell("truncate -s 64M image; mkfs.ext4 -q image", site.Root);
        var plain = site.MountFuse("plain", $"fuse2fs -o fakeroot '{site.In("image")}' \"$1\"");
        Command.Shell($"cp -a '{site.Database}' '{site.Database}-journal' '{plain}'");
        site.Settings["databases"]![0]!["path"] = $"{plain}/app_data.db";
        site.Run("create", "database").Succeeds();
        Assert.Equal("5000\n", Command.Run("sqlite3", Path.Combine(site.Newest().Restored("app_data"), "app_data.db"), "SELECT count(*) FROM t WHERE v LIKE 'old%'").Succeeds().Output);
    }

    private string View()
    {
        Machine.NeedRoot("mounting a file system");
        return site.MountFuse("view", $"bindfs '{Path.GetDirectoryName(site.Database)}' \"$1\"");
    }

    /// <summary>Nothing is saved, and not a byte of the database or its journal is another.</summary>
    private void NotOpened(string who)
    {
        var before = Look();
        site.Run("create", "database").Fails(1, "was not opened: it has a rollback journal", who, "may be in the middle of that transaction");
        site.Run("doctor").Ends(1).Prints("was not opened");
        Assert.Equal(before, Look());
    }

    private string Look() => Command.Shell($"sha256sum '{site.Database}' '{site.Database}-journal'").Output;

    /// <summary>An application in the middle of a transaction that is too large for its memory, so that some of it is in the file.</summary>
    private Command Begin(string name)
    {
        var application = Command.Start(["python3", "-c", $"""
            import sqlite3, os, sys, time
            c = sqlite3.connect('{name}', uri=True, isolation_level=None)
            c.execute('pragma cache_size=10'); c.execute('pragma cache_spill=5')
            c.execute('begin immediate'); c.execute("update t set v = 'new' || v"); c.execute('delete from t where id % 7 = 0')
            open('{site.In("begun")}', 'w')
            while not os.path.exists('{site.In("go")}'): time.sleep(0.02)
            c.execute("insert into t select id + 100000, 'more' || v from t"); c.execute('commit')
            print(c.execute('select count(*) from t').fetchone()[0], c.execute('pragma integrity_check').fetchone()[0])
            """]);
        Assert.True(SpinWait.SpinUntil(() => File.Exists(site.In("begun")) || application.HasEnded, TimeSpan.FromMinutes(1)));
        Assert.True(File.Exists(site.Database + "-journal"));
        return application;
    }

    private void Commits(Command application)
    {
        File.WriteAllText(site.In("go"), "");
        Assert.Equal("8570 ok\n", application.Wait().Succeeds().Output);
    }

    private static void Python(string script) => Run(script).Succeeds();

    private static Result Run(string script) => Command.Run("python3", "-c", $"import sqlite3; {script}");
}
