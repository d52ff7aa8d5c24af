using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>Runs that do not come to their end, and what the next one makes of that.</summary>
public sealed class CreateInterruptedTests : IDisposable
{
    private const int Files = 120;
    private const int Size = 60_000;

    private readonly Site site = new();

    public CreateInterruptedTests()
    {
        for (var i = 0; i < Files; i++)
        {
            site.Write($"{i:D3}", Site.Noise(i, Size));
        }
    }

    public void Dispose() => site.Dispose();

    [Fact]
    public void The_next_run_goes_on_where_the_last_was_cut_off()
    {
        Interrupt();
        Assert.Empty(site.Store.Ids());
        var kept = site.Packs();
        Assert.True(kept.Count >= 5);
        var snapshot = site.Create();
        site.AssertHolds(snapshot);
        Assert.True(kept.Intersect(site.Packs()).Count() >= 2, "what was finished is used");
        Assert.True(snapshot.Header.NewBytes <= (Files - 5) * Size, $"{snapshot.Header.NewBytes} bytes were stored again");
        Assert.Contains(site.Notices, n => n.Text.StartsWith("continuing the run", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
    }

    [Fact]
    public void What_failed_is_told_and_not_that_it_stopped_the_rest()
    {
        site.Create();
        Directory.Delete(site.Layout.Packs, recursive: true);
        Directory.CreateDirectory(site.Layout.Packs);
        for (var i = 0; i < 256; i++)
        {
            File.WriteAllText(Path.Combine(site.Layout.Packs, $"{i:x2}"), "no directory");
        }

        site.Write("long", Site.Noise(1000, 20 << 20));
        var error = Assert.Throws<UserError>(() => site.Create(site.Plan with { Workers = 1, PackBytes = 200_000 }));
        Assert.Contains("is no directory; move it away", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_repeated_within_the_same_second_goes_on_too()
    {
        Interrupt();
        var snapshot = site.CreateNow();
        site.AssertHolds(snapshot);
        Assert.True(snapshot.Header.NewBytes <= (Files - 5) * Size);
    }

    [Fact]
    public void Two_runs_that_were_cut_off_both_count()
    {
        Interrupt();
        site.Clock.Advance(TimeSpan.FromHours(1));

        // How many packs are left for this run to write depends on how far the first one came.
        Interrupt(checkpoints: 0);
        var snapshot = site.Create();
        site.AssertHolds(snapshot);
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
    }

    [Fact]
    public void What_the_next_run_has_no_use_for_is_freed()
    {
        Interrupt();
        for (var i = 0; i < Files; i++)
        {
            site.Write($"{i:D3}", [1]);
        }

        site.AgePacks();
        site.AssertHolds(site.Create());
        Assert.Single(site.Packs());
    }

    [Theory]
    [InlineData("run.json")]
    [InlineData("checkpoints.jsonl")]
    [InlineData("files.jsonl.gz")]
    public void Left_overs_that_lack_a_file_are_in_nobodys_way(string name)
    {
        Interrupt();
        File.Delete(Path.Combine(RunStaging.LeftBehind(Lock()).Single(), name));
        site.AssertHolds(site.Create());
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
    }

    [Fact]
    public void Too_little_space_ends_the_run_and_gives_back_what_it_took()
    {
        var whole = site.Create();
        var packs = site.Packs();
        site.Write("new", Site.Noise(1000, 500_000));
        var error = Assert.Throws<UserError>(() => site.Create(site.Plan with { MinFreeBytes = long.MaxValue }));
        Assert.Equal(ExitCode.Failed, error.Code);
        Assert.Contains("min_free_mb", error.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
        Assert.Equal(packs, site.Packs());
        Assert.Equal([whole.Id], site.Store.Ids());
    }

    [Fact]
    public void A_disk_that_is_full_keeps_nothing_of_a_run_that_was_cut_off()
    {
        Interrupt();
        site.Clock.Advance(TimeSpan.FromHours(1));
        site.AgePacks();
        Assert.Throws<UserError>(() => site.CreateNow(site.Plan with { MinFreeBytes = long.MaxValue }));
        Assert.Empty(site.Packs());
        Assert.Empty(Directory.GetFileSystemEntries(site.Layout.Staging));
    }

    [Fact]
    public void A_second_run_at_the_same_time_is_refused()
    {
        site.Create();
        using (RepositoryLock.Acquire(site.Layout, "test", site.Clock.GetUtcNow()))
        {
            Assert.Equal(ExitCode.Locked, Assert.Throws<UserError>(() => site.Create()).Code);
        }

        site.Create();
    }

    private RepositoryLock Lock()
    {
        // Given back at once: all that is needed is the right to look.
        using var held = RepositoryLock.Acquire(site.Layout, "test", site.Clock.GetUtcNow());
        return held;
    }

    /// <summary>Stops a run that has met its last file, when so many of its check points are written.</summary>
    private void Interrupt(int checkpoints = 3)
    {
        var socket = site.Temp["tree/zzz"];
        Tools.MakeSocket(socket);
        using var stop = new CancellationTokenSource();
        site.OnNotice = notice =>
        {
            if (notice.Path == "tree/zzz")
            {
                WaitFor(checkpoints);
                stop.Cancel();
            }
        };
        Assert.Throws<OperationCanceledException>(() => CreateBackup.Run(site.Plan with { Workers = 1, PackBytes = 200_000 }, site.Clock, site.Progress, stop.Token));
        site.OnNotice = null;
        File.Delete(socket);
    }

    private void WaitFor(int count)
    {
        var newest = Directory.GetDirectories(site.Layout.Staging).Max(StringComparer.Ordinal)!;
        var path = Path.Combine(newest, "checkpoints.jsonl");
        Assert.True(SpinWait.SpinUntil(() => File.ReadLines(path).Count() >= count, TimeSpan.FromMinutes(1)));
    }
}
