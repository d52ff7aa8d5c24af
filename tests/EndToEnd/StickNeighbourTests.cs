namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// A stick that has links and no owners (NTFS), mounted so that everybody may write to it, as ntfs-3g does by itself. Root uses it all the
/// same, and a neighbour who puts a link in the place of a directory there leads root nowhere else.
/// </summary>
public sealed class StickNeighbourTests : IDisposable
{
    private readonly Site site = new();
    private readonly string precious;
    private readonly string stick;

    public StickNeighbourTests()
    {
        Machine.NeedRoot("mounting a file system");
        stick = site.MountFuse("stick", "truncate -s 64M ntfs; mkfs.ntfs -q -F -f ntfs > mkfs.log; ntfs-3g \"$PWD/ntfs\" \"$1\"");
        precious = Directory.CreateDirectory(site.In("precious")).FullName;
        Command.Shell("echo keep >precious/keep; sqlite3 precious/secret.db 'CREATE TABLE secret(x)'; chmod 755 .; chmod 700 precious; mkdir stick/place", site.Root);
    }

    public void Dispose() => site.Dispose();

    private string Place => Path.Combine(stick, "place");

    private System.Text.Json.Nodes.JsonObject DrillThere => new() { ["dir"] = Place };

    [Theory]
    [InlineData("place")]
    [InlineData("place/below")]
    public void A_directory_behind_a_link_there_is_not_written_to(string link)
    {
        Command.Shell($"mkdir -p '{precious}/below' '{precious}/snapshots'", site.Root);
        AsNeighbour($"rm -rf {link}; ln -s '{precious}' {link}");
        var before = Tree.Describe(precious);
        site.Create();

        site.Settings["drill"] = new System.Text.Json.Nodes.JsonObject { ["dir"] = Path.Combine(Place, "below") };
        site.Run("drill").Fails(1, "root does not rehearse in the directory", $"stick/{link} is a link that others can have made");
        site.Settings["backup_dir"] = Path.Combine(Place, "below");
        site.Run("create").Fails(1, "root does not write to the backup directory", $"stick/{link} is a link that others can have made");
        Tree.AssertSame(before, Tree.Describe(precious), Likeness.Restored);
    }

    [Fact]
    public void Roots_own_link_to_the_stick_is_followed()
    {
        Command.Shell($"mkdir stick/place/backups; ln -s '{Place}' mine", site.Root);
        site.Settings["backup_dir"] = site.In("mine/backups");
        site.Settings["drill"] = new System.Text.Json.Nodes.JsonObject { ["dir"] = site.In("mine") };
        site.Run("create").Succeeds();
        site.Run("drill").Succeeds();
        site.Run("rotate").Succeeds();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(Place, "backups/staging")));
        Assert.Equal("backups", Path.GetFileName(Assert.Single(Directory.EnumerateFileSystemEntries(Place))));
    }

    /// <summary>The moment, as the restored file that is being made.</summary>
    [Theory]
    [InlineData("clip.mp4")]
    [InlineData("app_data.db")]
    public void A_rehearsal_is_not_led_away(string file)
    {
        site.Create();
        site.Settings["drill"] = DrillThere;
        string[] before;
        using (var run = StoppedRun.At(site, "openat", file, arguments: ["drill"]))
        {
            // What the neighbour has root find behind the link has the names that root looks for.
            var scratch = Path.GetFileName(Assert.Single(Directory.GetDirectories(Place)));
            Command.Shell($"mkdir -p '{precious}/{scratch}/restored/app_data'; cp precious/secret.db '{precious}/{scratch}/restored/app_data/app_data.db'; echo keep >'{precious}/{scratch}/this-is-a-drill'", site.Root);
            before = Describe();
            AsNeighbour($"mv place mine; ln -s '{precious}' place");
            run.Continue().Ends(1);
        }

        Assert.Equal(before, Describe());
    }

    [Theory]
    [InlineData("clip.mp4")]
    [InlineData("app_data.db")]
    public void A_restore_is_not_led_away(string file)
    {
        site.Create();
        var before = Describe();
        using (var run = StoppedRun.At(site, "openat", file, arguments: ["restore", "latest", "--to", Place]))
        {
            AsNeighbour($"mv place mine; ln -s '{precious}' place");
            run.Continue().Fails(1, $"the directory {Place} was moved away while root restored into it");
        }

        Assert.Equal(before, Describe());
        Assert.Equal("", Command.Shell("find stick/mine -type f", site.Root).Output);
    }

    /// <summary>The copy of the database has a name that the neighbour knows once it is there.</summary>
    [Theory]
    [InlineData("root")]
    [InlineData("nobody")]
    public void A_database_is_not_copied_to_elsewhere(string owner)
    {
        site.Settings["backup_dir"] = Place;
        site.Settings["databases"]![0]!["name"] = "copied";
        Command.Shell($"chown -R {owner} app/app_data", site.Root);
        site.Run("create", "storage").Succeeds();
        var before = Describe();
        using (var run = StoppedRun.At(site, "openat", "copied.db", arguments: ["create", "database"]))
        {
            var copy = Assert.Single(Directory.GetFiles(Path.Combine(Place, "staging"), "copied.db", SearchOption.AllDirectories));
            AsNeighbour($"mv place/staging mine; mkdir -p evil/$(dirname '{Path.GetRelativePath(Path.Combine(Place, "staging"), copy)}'); "
                + $"ln -s '{precious}/secret.db' 'evil/{Path.GetRelativePath(Path.Combine(Place, "staging"), copy)}'; ln -s ../evil place/staging");
            run.Continue().Ends(1);
        }

        Assert.Equal(before, Describe());
        Assert.Equal("secret", Command.Run("sqlite3", Path.Combine(precious, "secret.db"), ".tables").Output.Trim());
    }

    [Fact]
    public void A_directory_in_the_place_of_doctors_own_keeps_what_it_holds()
    {
        site.Create();
        site.Settings["drill"] = DrillThere;
        using var run = StoppedRun.At(site, "mkdirat", Place, arguments: ["doctor"]);
        var scratch = Path.GetFileName(Assert.Single(Directory.GetDirectories(Place)));
        AsNeighbour($"cd place; mkdir theirs; echo keep >theirs/locked; rmdir {scratch}; mv theirs {scratch}");
        run.Continue().Ends(1).Prints("somebody put another directory in its place");
        Assert.Equal("keep\n", File.ReadAllText(Path.Combine(Place, scratch, "locked")));
    }

    private string[] Describe() => Command.Shell("find . -printf '%p %s %T@ %m %u\\n' | sort", precious).Output.Split('\n');

    private void AsNeighbour(string script) => Command.Run(
        ["setpriv", $"--reuid={Machine.OrdinaryUser}", $"--regid={Machine.OrdinaryGroup}", "--clear-groups", "sh", "-ec", $"cd '{stick}'; {script}"], null).Succeeds();
}
