namespace VertexAr.Backup.EndToEnd;

/// <summary>The configuration file: checked, shown, and refused with file, line and key.</summary>
public sealed class ConfigurationTests
{
    [Fact]
    public void A_good_configuration_is_called_good()
    {
        using var site = new Site();
        site.Run("config", "check").Succeeds().Prints("1 database", "1 storage tree", site.Backups);
    }

    [Fact]
    public void Each_value_is_shown_with_where_it_came_from()
    {
        using var site = new Site();
        site.Settings["max_backups"] = 3;
        var result = site.Run(["config", "show", "--backup-dir", "/elsewhere"], new Dictionary<string, string?> { ["MAX_BACKUPS"] = "5" }).Succeeds();
        var lines = result.Output.Split('\n');
        Assert.Contains(lines, line => line.StartsWith("backup_dir ", StringComparison.Ordinal) && line.Contains("/elsewhere", StringComparison.Ordinal) && line.EndsWith("--backup-dir", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("max_backups ", StringComparison.Ordinal) && line.Contains(" 5 ", StringComparison.Ordinal) && line.EndsWith("MAX_BACKUPS", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("min_free_mb ", StringComparison.Ordinal) && line.Contains($"{site.Config}:", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("pack_size_mb ", StringComparison.Ordinal) && line.EndsWith("default", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""{ "max_backup": 3 }""", ":1:", "'max_backup'", "did you mean 'max_backups'?")]
    [InlineData("{\n  \"max_backups\": 0\n}", ":2:", "'max_backups' is 0", "1 or more")]
    [InlineData("{\n\n\"max_backups\": \"seven\" }", ":3:", "'max_backups'", "'seven'")]
    [InlineData("""{ "pack_size_mb": 4000 }""", ":1:", "'pack_size_mb' is 4000", "from 1 to 2000")]
    [InlineData("""{ "compression": "balancd" }""", "none, fast, balanced or best", "did you mean 'balanced'?")]
    [InlineData("""{ "databases": [ { "name": "x" } ] }""", "has no 'path'")]
    [InlineData("""{ "databases": [ { "name": "x", "path": "relative.db" } ] }""", "absolute")]
    [InlineData("{ \"backup_dir\": \"/b\",\n \"storage\": [", ":2:", "not valid JSON")]
    public void A_mistake_is_named_with_file_line_and_key(string text, params string[] words)
    {
        using var site = new Site();
        File.WriteAllText(site.Config, text);
        Program.Run("config", "check", "--config", site.Config).Fails(2, [site.Config, .. words]);
        Program.Run("create", "--config", site.Config).Fails(2, [site.Config, .. words]);
    }

    [Fact]
    public void A_named_file_that_is_missing_is_an_error() =>
        Program.Run("create", "--config", "/nowhere/config.json").Fails(2, "'/nowhere/config.json'", "--config");

    [Fact]
    public void A_file_that_may_not_be_read_is_an_error()
    {
        using var site = new Site();
        site.SaveSettings();
        var before = site.BelongToOrdinaryUser();
        Command.Shell($"chmod 000 '{site.Config}'");
        Program.Run(["create", "--config", site.Config], null, before).Fails(2, "no right to read", site.Config);
    }

    [Fact]
    public void Reading_snapshots_needs_no_sources_and_no_good_configuration()
    {
        using var site = new Site();
        var id = site.Create().Id;
        Program.Run("list", "--backup-dir", site.Backups).Succeeds().Prints(id);
        File.WriteAllText(site.Config, $$"""{ "backup_dir": "{{site.Backups}}", "max_backups": "broken" }""");
        Program.Run("show", id, "--config", site.Config).Succeeds().Prints(id);
        Program.Run("verify", "--config", site.Config).Succeeds();
    }

    [Fact]
    public void The_service_is_let_write_its_log_and_metrics()
    {
        using var site = new Site();
        site.Settings["log_file"] = "/srv/logs/x.log";
        site.Settings["metrics_file"] = "/srv/metrics/x.prom";
        site.Run("config", "sandbox").Succeeds().Prints("\nReadWritePaths=-/srv/logs\n", "\nReadWritePaths=-/srv/metrics\n");
    }
}
