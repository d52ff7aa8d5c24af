using Microsoft.Data.Sqlite;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Operations;

public sealed class CreateDatabaseTests : IDisposable
{
    private readonly Site site = new();

    public CreateDatabaseTests() => site.Sql("""
        PRAGMA page_size=4096; CREATE TABLE t(i INTEGER PRIMARY KEY, x);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<20000) INSERT INTO t SELECT i, hex(randomblob(50)) FROM n
        """);

    private CreatePlan Plan => site.Plan with { Type = SnapshotType.Database };

    public void Dispose() => site.Dispose();

    [Fact]
    public void The_copy_is_a_database_with_every_row()
    {
        var snapshot = site.Create(Plan);
        Assert.Equal("app/app.db"u8, Assert.Single(site.List(snapshot)).Path);
        var restored = site.Temp.Write("restored.db", site.Restore(snapshot)["app/app.db"]);
        using var database = SqliteFile.Open(restored, SqliteOpenMode.ReadOnly);
        Assert.Equal("ok", SqliteFile.Scalar<string>(database, "PRAGMA integrity_check"));
        Assert.Equal(20000, SqliteFile.Scalar<long>(database, "SELECT count(*) FROM t"));
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
    }

    [Fact]
    public void A_database_that_nobody_wrote_to_is_not_copied_again()
    {
        var first = site.Create(Plan);
        var read = site.Progress.BytesDone;
        var second = site.Create(Plan);
        Assert.Equal((read, 0L, first.Header.Bytes), (site.Progress.BytesDone, second.Header.NewBytes, second.Header.Bytes));
        Assert.Equal(site.Restore(first)["app/app.db"], site.Restore(second)["app/app.db"]);
    }

    [Fact]
    public void A_changed_row_costs_the_pieces_it_lies_in()
    {
        site.Create(Plan);
        site.Sql("UPDATE t SET x='changed' WHERE i=10000");
        var second = site.Create(Plan);
        Assert.InRange(second.Header.NewBytes, 1, 3 * 65536);
        Assert.True(second.Header.Bytes > 20 * 65536);
        using var database = SqliteFile.Open(site.Temp.Write("restored.db", site.Restore(second)["app/app.db"]), SqliteOpenMode.ReadOnly);
        Assert.Equal("changed", SqliteFile.Scalar<string>(database, "SELECT x FROM t WHERE i=10000"));
    }

    [Fact]
    public void What_is_only_in_the_write_ahead_log_is_saved_and_noticed()
    {
        site.Sql("PRAGMA journal_mode=WAL");
        using var application = SqliteFile.Open(site.Database, SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(application, "UPDATE t SET x='one' WHERE i=1");
        Assert.NotNull(Assert.Single(site.List(site.Create(Plan))).Wal);
        SqliteFile.Execute(application, "UPDATE t SET x='two' WHERE i=1");
        using var database = SqliteFile.Open(site.Temp.Write("restored.db", site.Restore(site.Create(Plan))["app/app.db"]), SqliteOpenMode.ReadOnly);
        Assert.Equal("two", SqliteFile.Scalar<string>(database, "SELECT x FROM t WHERE i=1"));
    }

    [Fact]
    public void A_damaged_database_is_saved_as_such_and_leaves_no_copy()
    {
        site.Write("a", Site.Noise(1, 50_000));
        var plan = site.Plan with { Type = SnapshotType.Full };
        var good = site.Create(plan);
        BreakPage();
        var snapshot = site.Create(plan);
        var (header, source) = (snapshot.Header, snapshot.Header.Sources[0]);
        Assert.Equal((SnapshotState.Partial, SourceState.Damaged, true), (header.State, source.State, header.IsDamaged));
        Assert.Contains("is damaged", source.Reason, StringComparison.Ordinal);
        Assert.Equal([SnapshotFeatures.Damaged], header.Requires);
        Assert.Equal(SourceState.Complete, header.Sources[1].State);
        Assert.Equal(File.ReadAllBytes(site.Database), site.Restore(snapshot)["app/app.db"]);
        Assert.Contains(site.Notices, notice => notice.Severity == Severity.Error && notice.Text.Contains("is damaged", StringComparison.Ordinal));
        Assert.Equal([good.Id, snapshot.Id], site.Store.Ids());
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
    }

    /// <summary>What was saved damaged is no proof that the file is good because it did not change since.</summary>
    [Fact]
    public void A_damaged_database_that_does_not_change_is_damaged_every_night()
    {
        BreakPage();
        site.Create(Plan);
        Assert.Equal(SourceState.Damaged, site.Create(Plan).Header.Sources[0].State);
    }

    [Fact]
    public void A_database_that_cannot_be_had_does_not_keep_the_others_from_being_saved()
    {
        var next = site.Temp.Write("next.db", []);
        using var application = SqliteFile.Open(next, SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(application, "CREATE TABLE t(x); BEGIN EXCLUSIVE");
        var gone = new DatabaseOptions("gone", site.Temp["gone.db"], TimeSpan.Zero);
        var plan = Plan with { Databases = [.. Plan.Databases, new DatabaseOptions("next", next, TimeSpan.Zero), gone] };
        var snapshot = site.Create(plan);
        Assert.Equal(
            [("app", SourceState.Complete, 1L), ("gone", SourceState.Missing, 0L), ("next", SourceState.Missing, 0L)],
            snapshot.Header.Sources.Select(s => (s.Name, s.State, s.Files)));
        Assert.Contains("does not exist", snapshot.Header.Sources[1].Reason, StringComparison.Ordinal);
        Assert.Contains("locked", snapshot.Header.Sources[2].Reason, StringComparison.Ordinal);
        Assert.Equal(SnapshotState.Partial, snapshot.Header.State);
        Assert.Empty(snapshot.Header.Requires);
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
    }

    [Fact]
    public void Where_no_source_can_be_had_there_is_no_snapshot_and_nothing_is_left()
    {
        using var application = SqliteFile.Open(site.Database, SqliteOpenMode.ReadWrite);
        SqliteFile.Execute(application, "BEGIN EXCLUSIVE");
        Assert.Contains("locked", Assert.Throws<UserError>(() => site.Create(Plan)).Message, StringComparison.Ordinal);
        Assert.Empty(site.Store.Ids());
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
    }

    [Fact]
    public void A_damaged_database_is_restored_only_where_that_is_asked_for()
    {
        site.Write("a", Site.Noise(1, 50_000));
        BreakPage();
        var snapshot = site.Create(site.Plan with { Type = SnapshotType.Full });
        var (left, whole) = (site.Temp["left"], site.Temp["whole"]);
        Restore(snapshot, new RestorePlan { To = left, Workers = 1 }).Run();
        Assert.Equal(["tree"], Directory.GetFileSystemEntries(left).Select(Path.GetFileName));
        var only = Assert.Throws<UserError>(() => Restore(snapshot, new RestorePlan { To = site.Temp["none"], Only = SourceKind.Database, Workers = 1 }));
        Assert.Contains("--damaged", only.Hint, StringComparison.Ordinal);
        Restore(snapshot, new RestorePlan { To = whole, Damaged = true, Workers = 1 }).Run();
        Assert.Equal(File.ReadAllBytes(site.Database), File.ReadAllBytes(Path.Combine(whole, "app/app.db")));
    }

    /// <summary>The check computes the key of each row, which takes far longer than storing.</summary>
    [Fact]
    public void What_is_stored_and_not_yet_checked_is_not_taken_over_from_a_run_that_was_cut_off()
    {
        site.Sql("CREATE INDEX slow ON t(length(hex(zeroblob(20000 + i % 2))))");
        using var stop = new CancellationTokenSource();
        var listed = true;
        var stopping = new Thread(() =>
        {
            while (!site.Progress.Phase.StartsWith("checking", StringComparison.Ordinal) || site.Progress.BytesDone < new FileInfo(site.Database).Length)
            {
                Thread.Yield();
            }

            // What is listed has a check point at once.
            listed = SpinWait.SpinUntil(() => Directory.GetFiles(site.Layout.Staging, "checkpoints.jsonl", SearchOption.AllDirectories).Any(f => new FileInfo(f).Length > 0), 100);
            stop.Cancel();
        });
        stopping.Start();
        Assert.Throws<OperationCanceledException>(() => CreateBackup.Run(Plan with { PackBytes = 200_000 }, site.Clock, site.Progress, stop.Token));
        stopping.Join();
        Assert.False(listed);
        Assert.NotEmpty(site.Packs());
        Assert.NotEqual(0, site.Create(Plan).Header.NewBytes);
        Assert.DoesNotContain(site.Notices, notice => notice.Text.StartsWith("continuing", StringComparison.Ordinal));
    }

    [Fact]
    public void Content_is_shared_between_types()
    {
        site.Write("a", Site.Noise(1, 50_000));
        site.Create(site.Plan with { Type = SnapshotType.Full });
        Assert.Equal(0, site.Create(Plan).Header.NewBytes);
        Assert.Equal(0, site.Create(site.Plan).Header.NewBytes);
        var full = site.Create(site.Plan with { Type = SnapshotType.Full });
        Assert.Equal(0, full.Header.NewBytes);
        Assert.Equal([SourceKind.Database, SourceKind.Storage], full.Header.Sources.Select(s => s.Kind));
        site.AssertHolds(full);
    }

    [Fact]
    public void A_preview_says_what_would_be_read_and_writes_nothing()
    {
        site.Write("a", new byte[100]);
        var plan = site.Plan with { Type = SnapshotType.Full };
        var size = new FileInfo(site.Database).Length;
        Assert.Equal(new Preview(2, size + 100, 2, size + 100), Preview(plan));
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Root));
        site.Create(plan);
        Assert.Equal(new Preview(2, size + 100, 0, 0), Preview(plan));
        Assert.Equal(new Preview(2, size + 100, 2, size + 100), Preview(plan with { Rescan = true }));
        site.Write("b", new byte[7]);
        Assert.Equal(new Preview(3, size + 107, 1, 7), Preview(plan));
        Assert.Single(new SnapshotStore(site.Layout).Ids());
    }

    private RestoreBackup Restore(Snapshot snapshot, RestorePlan plan) =>
        new(site.Store, snapshot, plan, site.Clock, site.Progress, TestContext.Current.CancellationToken);

    private void BreakPage()
    {
        var bytes = File.ReadAllBytes(site.Database);
        bytes.AsSpan(4096 * 20, 200).Fill(0xFF);
        File.WriteAllBytes(site.Database, bytes);
    }

    private Preview Preview(CreatePlan plan) => CreatePreview.Run(plan, site.Clock, site.Progress, TestContext.Current.CancellationToken);
}
