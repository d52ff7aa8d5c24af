namespace VertexAr.Backup.EndToEnd;

/// <summary>The file for node_exporter.</summary>
public sealed class MetricsTests
{
    [Fact]
    public void Every_run_leaves_metrics_that_everybody_may_read()
    {
        using var site = NewSite();
        site.Create();
        var first = File.ReadAllText(site.In("metrics/vertex.prom"));
        site.Run("verify").Succeeds();
        site.Run("rotate").Succeeds();
        var text = File.ReadAllText(site.In("metrics/vertex.prom"));

        Assert.Contains("vertex_ar_backup_last_run_success{run=\"create-full\"} 1\n", first, StringComparison.Ordinal);
        Assert.Contains("vertex_ar_backup_snapshots{type=\"full\"} 1\n", first, StringComparison.Ordinal);
        Assert.Contains($"vertex_ar_backup_repository_bytes {site.PackBytes()}\n", first, StringComparison.Ordinal);
        Assert.DoesNotContain("run=\"verify\"", first, StringComparison.Ordinal);
        Assert.Contains("vertex_ar_backup_last_success_timestamp_seconds{run=\"verify\"} ", text, StringComparison.Ordinal);
        Assert.Contains("{run=\"rotate\"} ", text, StringComparison.Ordinal);
        Assert.Equal("644 vertex.prom", Command.Shell("stat -c '%a %n' *", site.In("metrics")).Output.Trim());
        LetPromtoolRead(text);
    }

    [Fact]
    public void A_run_that_failed_before_there_is_a_repository_is_told_of()
    {
        using var site = NewSite();
        site.HideSources();
        site.Run("create").Ends(1);
        var text = File.ReadAllText(site.In("metrics/vertex.prom"));

        Assert.Contains("vertex_ar_backup_last_run_exit_code{run=\"create-full\"} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("last_success", text, StringComparison.Ordinal);
        LetPromtoolRead(text);
    }

    [Fact]
    public void Metrics_that_cannot_be_written_are_a_warning()
    {
        using var site = NewSite();
        Directory.Delete(site.In("metrics"));
        site.Run("create").Succeeds().Says("warning: the metrics file", "vertex.prom cannot be written: No such file or directory");
    }

    [Fact]
    public void A_dry_run_writes_none()
    {
        using var site = NewSite();
        site.Run("create", "--dry-run").Succeeds();
        Assert.Empty(Directory.GetFiles(site.In("metrics")));
    }

    private static Site NewSite()
    {
        var site = new Site();
        Directory.CreateDirectory(site.In("metrics"));
        site.Settings["metrics_file"] = site.In("metrics/vertex.prom");
        return site;
    }

    /// <summary>Where it is: Debian's prometheus, of which it is a part, is a hundred megabytes.</summary>
    private static void LetPromtoolRead(string text)
    {
        if (Command.Run("bash", "-c", "command -v promtool").Code == 0)
        {
            var path = Path.GetTempFileName();
            File.WriteAllText(path, text);
            Assert.Equal("", Command.Shell($"promtool check metrics < '{path}' 2>&1; rm '{path}'").Output);
        }
    }
}
