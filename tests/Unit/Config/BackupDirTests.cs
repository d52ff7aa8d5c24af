using VertexAr.Backup.Config;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Config;

/// <summary>Disaster recovery: what reads snapshots asks for nothing but their directory.</summary>
public sealed class BackupDirTests : IDisposable
{
    private const string Nowhere = "/nonexistent/config.json";

    private readonly ConfigFile file = new();

    public void Dispose() => file.Dispose();

    [Fact]
    public void An_option_needs_no_file_and_overrides_everything()
    {
        file.Text = "this is broken";
        file.Environment["BACKUP_DIR"] = "/environment";

        Assert.Equal("/option", file.BackupDir("/option/"));
        Assert.Equal("/option", SettingsLoader.BackupDir(Nowhere, "/option", _ => null));
    }

    [Fact]
    public void An_option_is_meant_from_where_one_stands() =>
        Assert.Equal(Path.Combine(Environment.CurrentDirectory, "b"), file.BackupDir("./x/../b"));

    [Fact]
    public void The_environment_needs_no_file()
    {
        file.Text = "this is broken";
        file.Environment["BACKUP_DIR"] = "/environment";

        Assert.Equal("/environment", file.BackupDir());
    }

    [Theory]
    [InlineData("""{ "backup_dir": "/file" }""", "/file")]
    [InlineData("""{ "max_backups": 0, "frobnicate": 1, "backup_dir": "/file" }""", "/file")]
    [InlineData("{}", "/var/backups/vertex-ar")]
    [InlineData("""{ "max_backups": 0 }""", "/var/backups/vertex-ar")]
    public void Of_a_file_only_the_directory_need_be_right(string text, string directory)
    {
        file.Text = text;

        Assert.Equal(directory, file.BackupDir());
    }

    [Theory]
    [InlineData("""{ "backup_dir": 7 }""", "FILE:1: 'backup_dir' is 7; it must be a text that is not empty")]
    [InlineData("""{ "backup_dir": "b" }""", "FILE:1: 'backup_dir' is 'b'; it must be an absolute path")]
    [InlineData("""{ "backup_dri": "/b" }""", "FILE:1: key 'backup_dri' is unknown; did you mean 'backup_dir'?")]
    [InlineData("[]", "FILE:1: the file is a list; it must be an object: { … }")]
    public void A_wrong_directory_never_becomes_the_default_one(string text, string error)
    {
        file.Text = text;

        Assert.Equal([error], file.Lines(Assert.Throws<UserError>(() => file.BackupDir())));
    }

    [Fact]
    public void A_named_file_that_is_needed_must_exist() =>
        Assert.Equal(
            $"there is no configuration file '{Nowhere}' (named by --config)",
            Assert.Throws<UserError>(() => SettingsLoader.BackupDir(Nowhere, null, _ => null)).Message);

    [Fact]
    public void Without_anything_it_is_the_default() =>
        Assert.Equal("/var/backups/vertex-ar", SettingsLoader.BackupDir(null, null, _ => null, defaultFile: Nowhere));
}
