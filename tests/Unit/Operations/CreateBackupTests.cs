using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Operations;

public sealed class CreateBackupTests : IDisposable
{
    private readonly Site site = new();

    public void Dispose() => site.Dispose();

    [Fact]
    public void A_snapshot_holds_every_file_as_it_is()
    {
        Fill();
        var snapshot = site.Create();
        site.AssertHolds(snapshot);
        Assert.Equal(SnapshotState.Complete, snapshot.Header.State);
        var source = Assert.Single(snapshot.Header.Sources);
        Assert.Equal((24L, 3L, 0L), (source.Files, source.Directories, source.Symlinks));
        Assert.Equal(site.Packs().Sum(p => new FileInfo(p).Length), snapshot.Header.StoredBytes);
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
    }

    [Fact]
    public void A_second_run_over_an_unchanged_tree_stores_nothing()
    {
        Fill();
        var first = site.Create();
        var packs = site.Packs();
        var second = site.Create();
        Assert.Equal(packs, site.Packs());
        Assert.Equal((0L, 0L, first.Header.Bytes), (second.Header.NewBytes, second.Header.StoredBytes, second.Header.Bytes));
        site.AssertHolds(second);
    }

    [Fact]
    public void Unchanged_files_are_not_read_unless_that_is_asked_for()
    {
        var path = site.Write("a", "before"u8);
        var written = Posix.StatusOrNull(path)!.Value;
        site.Create();

        // The same size, inode and times, other bytes: what a rescan is for. Only the change time cannot be set back.
        File.WriteAllText(path, "afterw");
        Posix.SetModified(Posix.Here, Posix.Bytes(path), written.Modified);
        site.Create();
        Assert.Equal("afterw"u8, site.Restore(site.Create(site.Plan with { Rescan = true }))["tree/a"]);
    }

    [Fact]
    public void A_changed_file_is_stored_and_nothing_else()
    {
        Fill();
        site.Create();
        site.Write("d/3", Site.Noise(99, 5000));
        var second = site.Create();
        Assert.Equal(5000, second.Header.NewBytes);
        site.AssertHolds(second);
    }

    /// <summary>It may be written again within the same tick of the kernel's clock.</summary>
    [Fact]
    public void A_file_that_changed_when_the_earlier_run_began_is_read_again()
    {
        var path = site.Write("a", "1"u8);
        var changed = Posix.StatusOrNull(path)!.Value.Changed;
        site.Clock.AdjustTime(DateTimeOffset.FromUnixTimeSeconds(changed.Seconds).AddTicks(changed.Nanoseconds / 100).AddMilliseconds(20));
        site.CreateNow();
        var bytesBefore = site.Progress.BytesDone;
        site.Create();
        Assert.Equal(1, site.Progress.BytesDone - bytesBefore);
        site.Create();
        Assert.Equal(1, site.Progress.BytesDone - bytesBefore);
    }

    [Fact]
    public void Content_that_moved_is_found_again()
    {
        Fill();
        site.Write("large", Site.Noise(1000, 3 << 20));
        site.Create();
        var packs = site.Packs();
        Directory.Move(site.Temp["tree/d"], site.Temp["tree/moved"]);
        File.Copy(site.Temp["tree/large"], site.Temp["tree/moved/larger"]);
        var second = site.Create();
        Assert.Equal(packs, site.Packs());
        Assert.Equal(0, second.Header.NewBytes);
        site.AssertHolds(second);
    }

    [Fact]
    public void Equal_files_are_stored_once()
    {
        for (var i = 0; i < 50; i++)
        {
            site.Write($"{i}", Site.Noise(1, 20_000));
        }

        var snapshot = site.Create(site.Plan with { Workers = 4 });
        Assert.Equal((20_000, 1_000_000), (snapshot.Header.NewBytes, snapshot.Header.Bytes));
        site.AssertHolds(snapshot);
    }

    [Fact]
    public void Equal_large_files_are_stored_once_whoever_is_quicker()
    {
        for (var i = 0; i < 4; i++)
        {
            site.Write($"{i}", Site.Noise(1, 8 << 20));
        }

        var snapshot = site.Create(site.Plan with { Workers = 4, PackBytes = 64 << 20 });
        Assert.Equal(8 << 20, snapshot.Header.NewBytes);
        site.AssertHolds(snapshot);
    }

    [Fact]
    public void Links_and_holes_and_empty_files_are_what_they_were()
    {
        site.Write("a/file", "content"u8);
        site.Write("empty", []);
        Assert.Equal(0, Tools.Run("ln", site.Temp["tree/a/file"], site.Temp["tree/b"]).Exit);
        File.CreateSymbolicLink(site.Temp["tree/link"], "a/no\nwhere");
        using (var sparse = File.Create(site.Temp["tree/sparse"]))
        {
            sparse.SetLength(10 << 20);
            sparse.Position = 5 << 20;
            sparse.Write("middle"u8);
        }

        var snapshot = site.Create();
        site.AssertHolds(snapshot);
        var entries = site.List(snapshot).ToDictionary(e => System.Text.Encoding.UTF8.GetString(e.Path));
        Assert.Equal((EntryType.HardLink, "tree/a/file"), (entries["tree/b"].Type, System.Text.Encoding.UTF8.GetString(entries["tree/b"].Target!)));
        Assert.Equal((EntryType.Symlink, "a/no\nwhere"), (entries["tree/link"].Type, System.Text.Encoding.UTF8.GetString(entries["tree/link"].Target!)));
        Assert.Empty(entries["tree/empty"].Pieces);
        Assert.True(entries["tree/sparse"].Pieces.Count(p => p.IsHole) == 2);
        Assert.InRange(snapshot.Header.StoredBytes, 1, 1 << 20);

        var again = site.Create();
        Assert.Equal(0, again.Header.NewBytes);
        site.AssertHolds(again);
    }

    [Fact]
    public void A_file_larger_than_a_pack_is_cut_into_pieces_that_later_runs_share()
    {
        site.Write("video", Site.Noise(1, (7 << 20) + 5));
        var first = site.Create();
        Assert.Equal(8, site.List(first).Single(e => e.HasContent).Pieces.Length);
        site.AssertHolds(first);
        using (var video = File.OpenWrite(site.Temp["tree/video"]))
        {
            video.Position = 3 << 20;
            video.Write("changed"u8);
        }

        var second = site.Create();
        Assert.Equal(1 << 20, second.Header.NewBytes);
        site.AssertHolds(second);
    }

    [Fact]
    public void Two_runs_in_one_second_have_two_ids()
    {
        Fill();
        var ids = Enumerable.Range(0, 3).Select(_ => site.CreateNow().Id).ToList();
        Assert.Equal(ids.Order().Distinct(), ids);
    }

    [Fact]
    public void A_source_that_is_missing_is_an_error_before_anything_is_made()
    {
        var plan = site.Plan with { Trees = [new TreeOptions("gone", site.Temp["gone"], [], true)] };
        Assert.Throws<UserError>(() => site.Create(plan));
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Root));
    }

    [Fact]
    public void A_type_that_no_source_has_is_an_error() =>
        Assert.Equal(ExitCode.Usage, Assert.Throws<UserError>(() => site.Create(site.Plan with { Type = SnapshotType.Database })).Code);

    [Fact]
    public void What_has_no_content_is_left_out_with_a_warning_and_the_snapshot_is_complete()
    {
        Tools.MakeSocket(site.Temp["tree/talk"]);
        var header = site.Create().Header;
        Assert.Equal(SnapshotState.Complete, header.State);
        Assert.Equal(new PathWarning("tree/talk", "is a socket"), Assert.Single(header.Warnings.First));
    }

    [Fact]
    public void What_cannot_be_read_makes_the_snapshot_partial()
    {
        site.Write("a", "x"u8);
        Tools.Run("sh", "-c", $"cd {site.Temp["tree"]} && n=$(printf %0250d 0) && for i in 1 2 3 4 5 6 7 8 9 a b c d e f g h; do mkdir $n && cd $n || exit 1; done");
        var header = site.Create().Header;
        Assert.Equal(SnapshotState.Partial, header.State);
        Assert.Contains("longer than the kernel allows", Assert.Single(header.Warnings.First).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_may_not_be_read_makes_the_snapshot_partial()
    {
        Assert.SkipWhen(Posix.IsRoot, "root may read everything");
        site.Write("a", "x"u8);
        using (var file = Posix.OpenToRead(Posix.Here, Posix.Bytes(site.Write("b", "x"u8))))
        {
            Posix.SetMode(file, 0);
        }

        var snapshot = site.Create();
        Assert.Equal((SnapshotState.Partial, 1L), (snapshot.Header.State, snapshot.Header.FileCount));
        Assert.StartsWith("cannot be opened", Assert.Single(snapshot.Header.Warnings.First).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Warnings_are_counted_and_the_first_hundred_kept()
    {
        for (var i = 0; i < 120; i++)
        {
            Tools.MakeSocket(site.Temp[$"tree/{i}"]);
        }

        var warnings = site.Create().Header.Warnings;
        Assert.Equal((120, 100), (warnings.Count, warnings.First.Length));
    }

    [Fact]
    public void The_repository_may_lie_inside_the_tree()
    {
        Fill();
        var inside = site.Temp.Make("tree/backups");
        var plan = site.Plan with { BackupDirectory = inside };
        for (var i = 0; i < 2; i++)
        {
            site.Clock.Advance(TimeSpan.FromDays(1));
            var result = VertexAr.Backup.Operations.CreateBackup.Run(plan, site.Clock, site.Progress, TestContext.Current.CancellationToken);
            Assert.Equal(24, result.Header.FileCount);
        }
    }

    [Fact]
    public void Rotation_follows_the_backup_and_frees_what_it_alone_used()
    {
        var plan = site.Plan with { Retention = new RetentionRules(2) };
        for (var i = 0; i < 4; i++)
        {
            site.Write("a", Site.Noise(i, 50_000));
            site.Create(plan);
        }

        Assert.Equal(2, site.Store.Ids().Count);
        Assert.Equal(2, site.Packs().Count);
    }

    [Fact]
    public void No_rotation_follows_a_backup_that_lacks_a_source()
    {
        site.Write("a", "1"u8);
        site.Create();
        site.Create();
        var plan = site.Plan with { Retention = new RetentionRules(1), Trees = [.. site.Plan.Trees, new TreeOptions("gone", site.Temp["gone"], [], true)] };
        Assert.Equal(SourceState.Missing, site.Create(plan).Header.Sources[0].State);
        Assert.Equal(3, site.Store.Ids().Count);
    }

    /// <summary>A clock that was years ahead for some nights leaves snapshots that look newer than any to come.</summary>
    [Fact]
    public void A_backup_does_not_rotate_itself_away_when_the_clock_was_set_back()
    {
        site.Write("a", "1"u8);
        var plan = site.Plan with { Retention = new RetentionRules(2) };
        site.Create(plan);
        site.Create(plan);
        site.Clock.AdjustTime(site.Clock.GetUtcNow().AddDays(-100));
        var made = site.CreateNow(plan);
        Assert.Equal(made.Id, site.Store.Find("latest", site.Clock.GetUtcNow()).Id);
        Assert.Equal(site.Clock.GetUtcNow(), made.Header.StartedAt);
        Assert.Contains(site.Notices, n => n.Text.StartsWith("the clock is behind", StringComparison.Ordinal));
    }

    /// <summary>One night the clock was in 2099; the nights after it are named by the time and count as newer.</summary>
    [Fact]
    public void Names_follow_the_time_after_a_snapshot_of_a_wrong_clock_which_is_rotated_away()
    {
        site.Write("a", "1"u8);
        var plan = site.Plan with { Retention = new RetentionRules(2) };
        site.Create(plan);
        var night = site.Clock.GetUtcNow().AddDays(1);
        site.Clock.AdjustTime(new DateTimeOffset(2099, 1, 1, 2, 0, 0, TimeSpan.Zero));
        var wrong = site.CreateNow(plan);
        site.Clock.AdjustTime(night);
        var first = site.CreateNow(plan);
        Assert.Equal(SnapshotId.At(night), first.Id);
        Assert.Equal([wrong.Id], first.Header.Older);
        Assert.Contains(SnapshotFeatures.Order, first.Header.Requires);
        Assert.Contains(site.Notices, n => n.Text.Contains($"rm -f {site.Store.Layout.Snapshots}/{wrong.Id}.*", StringComparison.Ordinal));
        Assert.Equal([wrong.Id, first.Id], site.Store.ReadAll().Whole.Select(s => s.Id).TakeLast(2));
        Assert.Equal(first.Id, site.Store.Find("latest", night).Id);

        site.Notices.Clear();
        var second = site.Create(plan);
        Assert.Equal([first.Id, second.Id], site.Store.ReadAll().Whole.Select(s => s.Id));
        var third = site.Create(plan);
        Assert.True(third.Header is { Older.Count: 0, Requires.Length: 0 });
        Assert.True(second.Id < third.Id && third.Id < wrong.Id);
    }

    [Fact]
    public void A_tree_that_went_after_the_first_look_is_missing_and_the_others_are_saved()
    {
        var sources = new CreateSources(site.Plan, site.Clock);
        sources.Check();
        var tree = sources.Trees.First();
        Assert.Null(sources.LookAgain(tree, site.Plan.FindPlaces()));

        Directory.Move(tree.Path, tree.Path + "-gone");
        Assert.Contains("does not exist", sources.LookAgain(tree, site.Plan.FindPlaces())!.Message, StringComparison.Ordinal);
        Assert.False(sources.IsThere(tree.Name));
    }

    private void Fill()
    {
        for (var i = 0; i < 12; i++)
        {
            site.Write($"d/{i}", Site.Noise(i, 1000 * i));
            site.Write($"e ü/{i}.txt", System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat($"{i} ", 1 + (i * 500)))));
        }
    }
}
