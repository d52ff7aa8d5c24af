namespace VertexAr.Backup.EndToEnd;

/// <summary>A disk that fills up under a run.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public void A_run_that_would_not_fit_does_not_begin_and_says_what_is_lacking()
    {
        using var site = NewSite();
        var first = site.Create();
        var free = Free(site);
        site.Write("videos/too-large.mp4", Content.Random(30_000_000, seed: 5));
        var packs = site.Packs();
        site.Settings["min_free_mb"] = 2;

        site.Run("create").Fails(1, "this run would probably write 2", "of new content", "2 MiB of that must stay free (min_free_mb)", "are lacking", "rotate");

        Assert.Equal(first.Id, Assert.Single(site.Snapshots()).Id);
        Assert.Equal(packs, site.Packs());
        Assert.InRange(Free(site), free - 64 * 1024, long.MaxValue);
        File.Delete(site.InStorage("videos/too-large.mp4"));
        site.Create();
    }

    [Fact]
    public void A_first_run_whose_text_fits_once_it_is_compressed_is_let_begin()
    {
        using var site = NewSite();
        site.Write("text.log", Content.Text(25_000_000, seed: 3));

        Assert.Equal("complete", site.Create().State);
    }

    [Fact]
    public void A_site_whose_files_all_have_new_times_fits_where_it_fitted_before()
    {
        using var site = NewSite();
        site.Write("videos/large.mp4", Content.Random(8_000_000, seed: 5));
        site.Create();
        Command.Shell($"find '{site.Storage}' -type f -exec touch {{}} +");

        site.Create();
    }

    /// <summary>A file of the size it had is taken to hold what it held, until it is read.</summary>
    [Fact]
    public void A_disk_that_fills_up_under_a_run_gets_back_what_was_written()
    {
        using var site = NewSite();
        site.Write("videos/large.mp4", Content.Random(9_000_000, seed: 5));
        var first = site.Create();
        var free = Free(site);
        site.Write("videos/large.mp4", Content.Random(9_000_000, seed: 6));

        site.Run("create").Fails(1, "is full", site.Backups, "earlier snapshot");

        Assert.Equal(first.Id, Assert.Single(site.Snapshots()).Id);
        Assert.InRange(Free(site), free - 64 * 1024, long.MaxValue);
        site.Run("verify", "--deep").Succeeds();
        File.Delete(site.InStorage("videos/large.mp4"));
        site.Create("--accept-shrink");
    }

    [Fact]
    public void A_database_that_does_not_fit_is_an_error()
    {
        using var site = NewSite();
        site.Create();
        using var database = site.OpenDatabase();
        database.Execute("INSERT INTO account VALUES (99999, 1000, randomblob(30000000))");
        site.Run("create", "database").Fails(1, "for copies of databases while it runs", "are lacking");
        Assert.Single(site.Snapshots());
    }

    [Fact]
    public void Rotation_works_on_a_full_disk()
    {
        using var site = NewSite();
        site.Create("--no-rotate");
        File.Delete(site.InStorage("videos/clip.mp4"));
        site.Create("--no-rotate", "--accept-shrink");
        Command.Run("bash", "-c", $"cat /dev/zero >'{Path.Combine(site.Backups, "lost+found")}'");
        Assert.Equal(0, Free(site));
        site.Run("rotate", "--max-backups", "1").Succeeds().Prints("removed 1 snapshot, freed");
        Assert.Single(site.Snapshots());
        Assert.True(Free(site) > 2_000_000, "nothing was freed");
    }

    [Fact]
    public void A_run_does_not_begin_with_less_free_space_than_configured()
    {
        using var site = NewSite();
        site.Settings["min_free_mb"] = 100;
        site.Run("create").Fails(1, "min_free_mb", "100 MiB");
        Assert.Empty(site.Snapshots());
        Assert.Empty(site.Packs());
    }

    private static Site NewSite()
    {
        Machine.NeedRoot("mounting a file system");
        var site = new Site();
        site.Settings["pack_size_mb"] = 1;
        site.MountMemory("backups", "size=16m");
        return site;
    }

    private static long Free(Site site) => long.Parse(
        Command.Shell($"df --output=avail -B1 '{site.Backups}' | tail -n 1").Output.Trim(), System.Globalization.CultureInfo.InvariantCulture);
}
