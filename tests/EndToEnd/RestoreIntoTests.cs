namespace VertexAr.Backup.EndToEnd;

/// <summary>Root restores into a directory below one of somebody else's, who exchanges it for a link to a directory of root's while root is at work.</summary>
public sealed class RestoreIntoTests : IDisposable
{
    private readonly Site site = new();
    private readonly string precious;

    public RestoreIntoTests()
    {
        Machine.NeedRoot("a directory of somebody else's");
        precious = Directory.CreateDirectory(site.In("precious")).FullName;
        Command.Shell($"mkdir -p precious/app_data home; echo keep >precious/app_data/keep; chown {Machine.OrdinaryUser} home; chmod 755 . home", site.Root);
        site.Create();
    }

    public void Dispose() => site.Dispose();

    private string To => site.In("home/look");

    /// <summary>The moment, as a system call on a file: once the directory was made, when something is in it.</summary>
    [Theory]
    [InlineData("mkdirat", "look")]
    [InlineData("openat", "app_data.db")]
    [InlineData("openat", "clip.mp4")]
    public void Nothing_outside_is_written_owned_or_removed(string call, string name)
    {
        var before = Tree.Describe(precious);
        Result result;
        using (var run = StoppedRun.At(site, call, name, arguments: ["restore", "latest", "--to", To]))
        {
            AsNeighbour("mv home/look home/mine; ln -s ../precious home/look");
            result = run.Continue();
        }

        Assert.Equal(1, result.Code);
        Tree.AssertSame(before, Tree.Describe(precious), Likeness.Restored);
        Assert.Equal("", Command.Shell("find home -type f", site.Root).Output);
        Assert.DoesNotContain("/proc/", result.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_directory_of_the_neighbours_in_its_place_is_not_taken()
    {
        AsNeighbour("mkdir home/theirs; echo mine >home/theirs/file");
        using (var run = StoppedRun.At(site, "mkdirat", "look", arguments: ["restore", "latest", "--to", To]))
        {
            AsNeighbour("mv home/look home/mine; mv home/theirs home/look");
            run.Continue().Fails(1, $"the directory {To} belongs to");
        }

        Assert.Equal("file", Command.Shell("ls home/look", site.Root).Output.Trim());
    }

    [Fact]
    public void What_root_makes_there_is_restored_as_everywhere()
    {
        site.Run("restore", "latest", "--to", To).Succeeds();
        Tree.AssertSame(site.Storage, Path.Combine(To, "storage"), Likeness.Restored);
        Assert.Equal("700 0", Command.Run("stat", "-c", "%a %u", To).Output.Trim());
    }

    [Theory]
    [InlineData("777", "can be written to by everybody")]
    [InlineData("1777", "can be written to by everybody")]
    public void A_directory_that_others_may_write_to_is_refused(string mode, string reason)
    {
        Command.Shell($"mkdir -m {mode} open", site.Root);
        site.Run("restore", "latest", "--to", site.In("open")).Fails(1, $"the directory {site.In("open")} {reason}", "name a new one");
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.In("open")));
    }

    [Fact]
    public void A_drill_is_not_done_where_somebody_else_could_exchange_it()
    {
        site.Settings["drill"] = new System.Text.Json.Nodes.JsonObject { ["dir"] = site.In("home") };
        site.Run("drill").Fails(1, $"root does not rehearse in the directory {site.In("home")} (drill.dir)", "home belongs to");
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.In("home")));

        Command.Shell("mkdir -m 1777 shared", site.Root);
        site.Settings["drill"]!["dir"] = site.In("shared");
        site.Run("drill").Succeeds();
    }

    private void AsNeighbour(string script) => Command.Run(
        ["setpriv", $"--reuid={Machine.OrdinaryUser}", $"--regid={Machine.OrdinaryGroup}", "--clear-groups", "sh", "-ec", $"cd '{site.Root}'; {script}"], null).Succeeds();
}
