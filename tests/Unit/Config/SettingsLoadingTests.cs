using System.Runtime.CompilerServices;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Config;

public sealed class SettingsLoadingTests : IDisposable
{
    private const string Nowhere = "/nonexistent/vertex-ar-backup/config.json";

    private readonly ConfigFile file = new();

    public void Dispose() => file.Dispose();

    [Fact]
    public void Without_any_configuration_a_vertex_ar_server_is_meant()
    {
        var settings = SettingsLoader.Load(null, null, _ => null, defaultFile: Nowhere).Settings;

        AssertDefaults(settings);
    }

    [Fact]
    public void The_packaged_file_says_the_defaults()
    {
        var packaged = Path.Combine(Here(), "../../../packaging/config.json");

        var loaded = SettingsLoader.Load(packaged, null, _ => null);

        AssertDefaults(loaded.Settings);
        Assert.Equal(["workers", "limit_mb_per_s", "schedule.storage"], loaded.Origins.Where(row => !row.Key.EndsWith(".enabled", StringComparison.Ordinal)).Where(row => row.Origin == "default").Select(row => row.Key));
    }

    [Theory]
    [InlineData("""{ "database": 30, "storage": 192 }""", 30, 192)]
    [InlineData("""{ "storage": 192 }""", 26, 192)]
    [InlineData("{}", 26, 26)]
    [InlineData("48", 48, 48)]
    public void Each_kind_may_have_an_age_of_its_own(string hours, int database, int storage)
    {
        file.Text = $"{{ \"max_age_hours\": {hours} }}";

        Assert.Equal(new MaxAgeSetting(database, storage), file.Load().Settings.MaxAge);
    }

    [Fact]
    public void Every_key_of_a_file_arrives()
    {
        file.Text = """
            {
              "backup_dir": "/b/",
              "databases": [ { "name": "one", "path": "/d/1.db" }, { "name": "two", "path": "/d/2.db" } ],
              "storage": [ { "name": "tree", "path": "/t", "exclude": ["a", "b/"], "one_file_system": false } ],
              "max_backups": 3, "keep": { "daily": 1, "weekly": 2, "monthly": 3, "yearly": 4 },
              "compression": "best", "pack_size_mb": 128, "min_free_mb": 0, "max_age_hours": 48,
              "workers": 9, "lock_timeout_seconds": 5, "query_timeout_seconds": 7,
            }
            """;

        var settings = file.Load().Settings;

        Assert.Equal("/b", settings.BackupDir);
        Assert.Equal([new("one", "/d/1.db"), new("two", "/d/2.db")], settings.Databases);
        var tree = Assert.Single(settings.Storage);
        Assert.Equal(("tree", "/t", false), (tree.Name, tree.Path, tree.OneFileSystem));
        Assert.Equal(["a", "b/"], tree.Exclude);
        Assert.Equal((3, new KeepSetting(1, 2, 3, 4)), (settings.MaxBackups, settings.Keep));
        Assert.Equal(Compression.Best, settings.Compression);
        Assert.Equal((128, 0, new MaxAgeSetting(48, 48)), (settings.PackSizeMb, settings.MinFreeMb, settings.MaxAge));
        Assert.Equal((9, 5, 7), (settings.Workers, settings.LockTimeoutSeconds, settings.QueryTimeoutSeconds));
    }

    [Fact]
    public void A_file_that_names_only_a_tree_means_no_database()
    {
        file.Text = """{ "storage": [ { "name": "tree", "path": "/t" } ] }""";

        var settings = file.Load().Settings;

        Assert.Empty(settings.Databases);
        Assert.Empty(Assert.Single(settings.Storage).Exclude);
        Assert.True(settings.Storage[0].OneFileSystem);
    }

    [Fact]
    public void A_byte_order_mark_is_no_error()
    {
        File.WriteAllBytes(file.FilePath, [0xef, 0xbb, 0xbf, .. """{ "backup_dir": "/b" }"""u8]);

        Assert.Equal("/b", file.Load().Settings.BackupDir);
    }

    [Fact]
    public void Backups_may_lie_inside_a_tree()
    {
        file.Text = """{ "backup_dir": "/t/backups", "storage": [ { "name": "tree", "path": "/t" } ] }""";

        Assert.Equal("/t/backups", file.Load().Settings.BackupDir);
    }

    [Fact]
    public void A_source_beside_the_backups_may_have_a_name_that_begins_alike()
    {
        file.Text = """{ "backup_dir": "/b", "storage": [ { "name": "tree", "path": "/bigger" } ] }""";

        Assert.Equal("/bigger", Assert.Single(file.Load().Settings.Storage).Path);
    }

    [Fact]
    public void Environment_overrides_the_file_and_options_override_both()
    {
        file.Text = """{ "backup_dir": "/file", "max_backups": 1, "pack_size_mb": 9 }""";
        Assert.Equal("/file", file.Load().Settings.BackupDir);

        file.Environment["BACKUP_DIR"] = "/environment";
        file.Environment["MAX_BACKUPS"] = "2";
        Assert.Equal(("/environment", 2), (file.Load().Settings.BackupDir, file.Load().Settings.MaxBackups));

        var settings = file.Load("/option", 3).Settings;
        Assert.Equal(("/option", 3, 9), (settings.BackupDir, settings.MaxBackups, settings.PackSizeMb));
    }

    [Theory]
    [InlineData("/srv/my app.db", "my_app")]
    [InlineData("/srv/app.data.sqlite", "app.data")]
    [InlineData("/srv/.db", "database")]
    [InlineData("/srv/база.db", "database")]
    [InlineData("/srv/storage.db", "storage-2")]
    public void A_database_from_the_environment_is_named_after_its_file(string path, string name)
    {
        file.Text = """{ "databases": [ { "name": "x", "path": "/x" } ], "storage": [ { "name": "storage", "path": "/t" } ] }""";
        file.Environment["DATABASE_PATH"] = path;

        var settings = file.Load().Settings;

        Assert.Equal([new(name, path)], settings.Databases);
        Assert.Equal("storage", Assert.Single(settings.Storage).Name);
    }

    [Theory]
    [InlineData("/srv/media/", "/srv/media", "media")]
    [InlineData("/srv/-odd name", "/srv/-odd name", "odd_name")]
    [InlineData("/", "/", "storage")]
    [InlineData("/srv/app_data", "/srv/app_data", "app_data-2")]
    public void A_tree_from_the_environment_is_named_after_its_folder(string given, string path, string name)
    {
        file.Text = "{}";
        file.Environment["STORAGE_PATH"] = given;

        var settings = file.Load().Settings;

        Assert.Equal((name, path), (Assert.Single(settings.Storage).Name, settings.Storage[0].Path));
        Assert.Equal("app_data", Assert.Single(settings.Databases).Name);
    }

    [Theory]
    [InlineData("MAX_BACKUPS", "seven", "environment MAX_BACKUPS: 'max_backups' is 'seven'; it must be a whole number of 1 or more")]
    [InlineData("MAX_BACKUPS", "0", "environment MAX_BACKUPS: 'max_backups' is '0'; it must be a whole number of 1 or more")]
    [InlineData("BACKUP_DIR", "b", "environment BACKUP_DIR: 'backup_dir' is 'b'; it must be an absolute path")]
    [InlineData("DATABASE_PATH", "a.db", "environment DATABASE_PATH: path of 'a' is 'a.db'; it must be an absolute path")]
    [InlineData("STORAGE_PATH", "~/s", "environment STORAGE_PATH: path of 's' is '~/s'; it must be an absolute path")]
    public void A_bad_variable_is_named(string variable, string value, string error)
    {
        file.Text = "{}";
        file.Environment[variable] = value;

        Assert.Equal([error], file.Errors());
    }

    [Fact]
    public void An_empty_variable_counts_as_not_set()
    {
        file.Text = """{ "backup_dir": "/file" }""";
        file.Environment["BACKUP_DIR"] = "";
        file.Environment["MAX_BACKUPS"] = "";

        Assert.Equal(("/file", 7), (file.Load().Settings.BackupDir, file.Load().Settings.MaxBackups));
    }

    [Fact]
    public void Each_value_knows_where_it_came_from()
    {
        file.Text = """
            {
              "storage": [
                { "name": "tree", "path": "/t", "exclude": ["a", "b"] } ],
              "pack_size_mb": 9
            }
            """;
        file.Environment["DATABASE_PATH"] = "/x/app.db";

        var rows = file.Load("/option", 3).Origins.Select(row => $"{row.Key} = {row.Value} ({row.Origin})"
            .Replace(file.FilePath, "FILE", StringComparison.Ordinal)).Where(row => !row.EndsWith("(default)", StringComparison.Ordinal));

        Assert.Equal(
            [
                "backup_dir = /option (--backup-dir)",
                "databases.app = /x/app.db (environment DATABASE_PATH)",
                "storage.tree = /t (FILE:3)",
                "storage.tree.exclude = a, b (FILE:3)",
                "storage.tree.one_file_system = true (FILE:3)",
                "max_backups = 3 (--max-backups)",
                "pack_size_mb = 9 (FILE:4)",
            ],
            rows);
    }

    [Fact]
    public void A_named_file_must_exist()
    {
        var byOption = Assert.Throws<UserError>(() => SettingsLoader.Load(Nowhere, null, _ => null));
        var byVariable = Assert.Throws<UserError>(() =>
            SettingsLoader.Load(null, null, name => name == "VERTEX_AR_BACKUP_CONFIG" ? Nowhere : null, defaultFile: file.FilePath));

        Assert.Equal($"there is no configuration file '{Nowhere}' (named by --config)", byOption.Message);
        Assert.Equal($"there is no configuration file '{Nowhere}' (named by environment VERTEX_AR_BACKUP_CONFIG)", byVariable.Message);
    }

    [Fact]
    public void The_default_file_is_read_if_there_is_one()
    {
        file.Text = """{ "backup_dir": "/default/file" }""";

        Assert.Equal("/default/file", SettingsLoader.Load(null, null, _ => null, defaultFile: file.FilePath).Settings.BackupDir);
    }

    [Fact]
    public void A_directory_is_no_configuration_file() =>
        Assert.Equal(
            "the configuration file '/tmp' is a directory",
            Assert.Throws<UserError>(() => SettingsLoader.Load("/tmp", null, _ => null)).Message);

    private static void AssertDefaults(Settings settings)
    {
        Assert.Equal("/var/backups/vertex-ar", settings.BackupDir);
        Assert.Equal([new("app_data", "/opt/vertex-ar/app_data/app_data.db")], settings.Databases);
        var storage = Assert.Single(settings.Storage);
        Assert.Equal(("storage", "/opt/vertex-ar/storage", true), (storage.Name, storage.Path, storage.OneFileSystem));
        Assert.Equal(["*.tmp", "cache/"], storage.Exclude);
        Assert.Equal((7, new KeepSetting(0, 0, 0, 0)), (settings.MaxBackups, settings.Keep));
        Assert.Equal(Compression.Balanced, settings.Compression);
        Assert.Equal((64, 512, new MaxAgeSetting(26, 26)), (settings.PackSizeMb, settings.MinFreeMb, settings.MaxAge));
        Assert.Equal(60, settings.LockTimeoutSeconds);
        Assert.InRange(settings.Workers, 1, 4);
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;
}
