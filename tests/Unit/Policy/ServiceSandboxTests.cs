using VertexAr.Backup.Core;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>What a unit's text lets its service reach, and what a drop-in must add.</summary>
public sealed class ServiceSandboxTests
{
    private const string Installed = """
        [Unit]
        RequiresMountsFor=/var/backups/vertex-ar /opt/vertex-ar/app_data /opt/vertex-ar/storage
        [Service]
        ProtectSystem=strict
        ProtectHome=yes
        PrivateTmp=yes
        ReadWritePaths=-/var/backups/vertex-ar -/opt/vertex-ar/app_data
        """;

    private static readonly PathNeed Backups = new("/var/backups/vertex-ar", Write: true, "");
    private static readonly PathNeed Database = new("/opt/vertex-ar/app_data", Write: true, "");
    private static readonly PathNeed Storage = new("/opt/vertex-ar/storage", Write: false, "", Tree: true);

    [Theory]
    [InlineData("", "/srv", "Writable")]
    [InlineData("ProtectSystem=strict", "/srv", "ReadOnly")]
    [InlineData("ProtectSystem=full", "/etc/x", "ReadOnly")]
    [InlineData("ProtectSystem=full", "/etcetera", "Writable")]
    [InlineData("ProtectSystem=yes", "/etc", "Writable")]
    [InlineData("ProtectSystem=strict\nReadWritePaths=/srv", "/srv", "Writable")]
    [InlineData("ProtectSystem=strict\nReadWritePaths=/srv", "/srv/a/b", "Writable")]
    [InlineData("ProtectSystem=strict\nReadWritePaths=/srv", "/srv2", "ReadOnly")]
    [InlineData("ProtectSystem=strict\nReadWritePaths=-/srv\nReadOnlyPaths=/srv/a", "/srv/a", "ReadOnly")]
    [InlineData("ProtectSystem=strict\nReadWritePaths=/srv\nReadWritePaths=", "/srv", "ReadOnly")]
    [InlineData("ProtectSystem=strict\nReadWritePaths=/a \\\n  /b", "/b", "Writable")]
    [InlineData("ProtectSystem=strict\n# ReadWritePaths=/a", "/a", "ReadOnly")]
    [InlineData("ProtectSystem=strict\nReadWritePaths=\"/a b\"", "/a b", "Writable")]
    [InlineData("ProtectSystem=strict\nReadWritePaths=/", "/a", "Writable")]
    [InlineData("ProtectSystem=strict\nLogsDirectory=a b/c", "/var/log/b/c/d", "Writable")]
    [InlineData("ProtectSystem=strict\nLogsDirectory=a", "/var/log", "ReadOnly")]
    [InlineData("ProtectSystem=strict\nStateDirectory=a", "/var/lib/a/b", "Writable")]
    [InlineData("ProtectHome=yes", "/home/a", "Hidden")]
    [InlineData("ProtectHome=yes\nProtectHome=no", "/home/a", "Writable")]
    [InlineData("ProtectHome=yes\nBindPaths=/home/a", "/home/a", "Hidden")]
    [InlineData("ProtectHome=read-only", "/root", "ReadOnly")]
    [InlineData("ProtectHome=read-only\nReadWritePaths=/root/x", "/root/x", "Writable")]
    [InlineData("ProtectHome=tmpfs\nReadWritePaths=/home/a", "/home/a", "Hidden")]
    [InlineData("ProtectHome=tmpfs\nBindReadOnlyPaths=/home/a", "/home/a/b", "ReadOnly")]
    [InlineData("ProtectHome=tmpfs\nBindReadOnlyPaths=/home/a\nReadWritePaths=/home/a/b", "/home/a/b", "Writable")]
    [InlineData("ProtectHome=tmpfs\nBindPaths=-/mnt/a:/home/a:rbind", "/home/a", "Writable")]
    [InlineData("PrivateTmp=true", "/var/tmp/a", "Hidden")]
    [InlineData("PrivateTmp=true\nBindPaths=/tmp/a", "/tmp/a", "Writable")]
    [InlineData("InaccessiblePaths=/srv\nBindPaths=/srv/a", "/srv/a", "Hidden")]
    [InlineData("TemporaryFileSystem=/srv:ro", "/srv/a", "Hidden")]
    public void A_place_is_reached_as_the_settings_say(string settings, string path, string reach) =>
        Assert.Equal(reach, Parse(settings).Of(new PathNeed(path, Write: true, "")).ToString());

    [Fact]
    public void A_tree_with_hidden_homes_in_it_is_not_reached()
    {
        var sandbox = Parse("ProtectHome=yes");

        Assert.Equal(Reach.Hidden, sandbox.Of(new PathNeed("/", Write: false, "", Tree: true)));
        Assert.Equal(Reach.Writable, sandbox.Of(new PathNeed("/srv", Write: false, "", Tree: true)));
    }

    [Fact]
    public void Symbolic_links_in_settings_are_followed()
    {
        var sandbox = UnitSandbox.Parse(
            ["ProtectSystem=strict\nReadWritePaths=/srv/link"], path => path.Replace("/srv/link", "/mnt/real", StringComparison.Ordinal));

        Assert.Equal(Reach.Writable, sandbox.Of(new PathNeed("/mnt/real/a", Write: true, "")));
    }

    [Fact]
    public void The_unit_as_installed_meets_the_usual_needs()
    {
        var sandbox = Parse(Installed);

        Assert.Empty(ServiceSandbox.Unmet(sandbox, [Backups, Database, Storage]));
        Assert.DoesNotContain(ServiceSandbox.DropIn(sandbox, [Backups, Database, Storage]), line => line.StartsWith('['));
    }

    [Theory]
    [InlineData("/mnt/backups", "", "/srv/files", "RequiresMountsFor=/mnt/backups|RequiresMountsFor=/srv/files|ReadWritePaths=-/mnt/backups")]
    [InlineData("/mnt/b", "/mnt/b2", "", "RequiresMountsFor=/mnt/b|RequiresMountsFor=/mnt/b2|ReadWritePaths=-/mnt/b|ReadWritePaths=-/mnt/b2")]
    [InlineData(
        "", "/home/a/app/db", "/home/a/app",
        "RequiresMountsFor=/home/a/app|RequiresMountsFor=/home/a/app/db|ProtectHome=tmpfs|BindReadOnlyPaths=-/home/a/app|BindPaths=-/home/a/app/db")]
    [InlineData(
        "", "/home/a/app", "/home/a/app/files",
        "RequiresMountsFor=/home/a/app|RequiresMountsFor=/home/a/app/files|ProtectHome=tmpfs|BindPaths=-/home/a/app")]
    [InlineData("/tmp/b", "", "", "RequiresMountsFor=/tmp/b|BindPaths=-/tmp/b")]
    [InlineData("/home/b", "", "/", "RequiresMountsFor=/|RequiresMountsFor=/home/b|ProtectHome=read-only|ReadWritePaths=-/home/b")]
    [InlineData("/mnt/a b%", "", "", "RequiresMountsFor=\"/mnt/a b%%\"|ReadWritePaths=\"-/mnt/a b%%\"")]
    [InlineData("/tmp/a:b", "", "", "RequiresMountsFor=\"/tmp/a:b\"|BindPaths=\"-/tmp/a:b\"")]
    public void A_drop_in_adds_what_is_missing(string backups, string database, string storage, string expected)
    {
        var needs = new List<PathNeed>
        {
            backups.Length == 0 ? Backups : Backups with { Path = backups },
            database.Length == 0 ? Database : Database with { Path = database },
            storage.Length == 0 ? Storage : Storage with { Path = storage },
        };

        var lines = ServiceSandbox.DropIn(Parse(Installed), needs).ToList();

        Assert.Equal(expected.Split('|'), lines.Where(line => line.Contains('=', StringComparison.Ordinal)));
        Assert.Empty(ServiceSandbox.Unmet(Parse(Installed + "\n" + string.Join('\n', lines)), needs));
    }

    [Fact]
    public void A_path_that_no_unit_can_name_is_refused() =>
        Assert.Throws<UserError>(() => ServiceSandbox.DropIn(Parse(Installed), [Backups with { Path = "/mnt/a\nb" }]).ToList());

    private static UnitSandbox Parse(string text) => UnitSandbox.Parse([text], path => path);
}
