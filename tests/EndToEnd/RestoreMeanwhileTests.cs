namespace VertexAr.Backup.EndToEnd;

/// <summary>A run of the timer and a restore in place at the same time: what was saved would be half of one and half of the other.</summary>
public sealed class RestoreMeanwhileTests : IDisposable
{
    private readonly Site site = new();

    public RestoreMeanwhileTests() => site.Create();

    public void Dispose() => site.Dispose();

    [Fact]
    public void Nothing_is_saved_while_a_restore_puts_things_in_place()
    {
        using (var restore = StoppedRun.At(site, "renameat2", site.Storage, arguments: ["restore", "latest", "--yes"]))
        {
            site.Run("create").Fails(11, "in use by another run (restore, process");
            site.Run("rotate").Fails(11, "in use by another run (restore, process");
            restore.Continue().Succeeds();
        }

        Assert.Single(site.Snapshots());
        site.Create();
    }

    [Fact]
    public void A_restore_from_another_repository_makes_the_snapshot_partial_and_nothing_is_rotated()
    {
        site.Settings["max_backups"] = 1;
        Command.Shell($"cp -a '{site.Backups}' copy", site.Root);
        using (var restore = StoppedRun.At(site, "renameat2", site.Storage, arguments: ["restore", "latest", "--yes", "--backup-dir", site.In("copy")]))
        {
            site.Run("create").IsPartial("storage", "is running", "nothing is rotated while");
            restore.Continue().Succeeds();
        }

        Assert.Equal(2, site.Snapshots().Count);
        site.Create();
        Assert.Single(site.Snapshots());
    }

    [Fact]
    public void A_restore_waits_for_no_run_that_saves()
    {
        var clip = site.InStorage("videos/clip.mp4");
        File.AppendAllText(clip, "more");
        using var create = StoppedRun.At(site, "openat", clip);
        site.Run("restore", "latest", "--yes").Fails(11, "in use by another run (create full, process");
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds();
        create.Continue().Succeeds();
        Assert.EndsWith("more", File.ReadAllText(clip), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.In("app"), "*restore_*"));
    }
}
