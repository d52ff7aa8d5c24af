namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// Whoever may write to the backup directory can put something else in the place of a file: what would hang whoever opens it, fill
/// his memory or lead him elsewhere. Every command ends, says what it found, and writes nothing outside.
/// </summary>
public sealed class StrangeFilesTests : IDisposable
{
    /// <summary>Each group finds the repository as it was: those that write put files of their own in place.</summary>
    private static readonly string[][] Commands =
        [["list", "status", "stats", "show latest --files", "restore latest --to {out}", "doctor"], ["verify --deep"], ["drill"], ["create"], ["rotate"]];

    private readonly Site site = new();

    public void Dispose() => site.Dispose();

    [Theory]
    [InlineData("a FIFO", "mkfifo {}")]
    [InlineData("a file without end", "ln -s /dev/zero {}")]
    [InlineData("a file elsewhere", "ln -s '{outside}' {}")]
    [InlineData("a directory", "mkdir -p {}/x")]
    public void In_place_of_any_file_it_is_named_and_nothing_hangs(string what, string make)
    {
        site.Create();
        site.Run("verify").Succeeds();
        site.Run("drill").Succeeds();
        Directory.Move(site.Backups, site.In("clean"));
        foreach (var file in Files(site.In("clean")))
        {
            foreach (var commands in Commands)
            {
                Command.Shell($"rm -rf '{site.Backups}' out outside; cp -a clean '{site.Backups}'; rm '{site.Backups}/{file}'; echo theirs > outside", site.Root);
                Command.Shell(make.Replace("{}", $"'{site.Backups}/{file}'", StringComparison.Ordinal).Replace("{outside}", site.In("outside"), StringComparison.Ordinal), site.Root);
                Array.ForEach(commands, command => Try(command, $"{what} as {file}"));
            }
        }
    }

    [Fact]
    public void Links_in_staging_are_no_runs_that_were_cut_off()
    {
        site.Create();
        File.CreateSymbolicLink(Path.Combine(site.Backups, "staging/20260101T000000Z"), Path.Combine(site.Root, "app"));
        File.CreateSymbolicLink(Path.Combine(site.Backups, "staging/20260101T000001Z"), "/nowhere");
        site.Create();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(site.Backups, "staging")));
        Assert.True(File.Exists(site.Database));
    }

    [Theory]
    [InlineData("lock", "lock is no file")]
    [InlineData("packs", "packs is no directory")]
    [InlineData("staging", "staging is no directory")]
    public void What_stops_a_run_is_named(string name, string words)
    {
        site.Create();
        Command.Shell($"rm -rf {name}; mkfifo {name}", site.Backups);
        site.Run("create").Fails(1, words, "move it away");
    }

    private void Try(string command, string what)
    {
        var run = site.Run(command.Replace("{out}", site.In("out"), StringComparison.Ordinal).Split(' '), before: ["timeout", "--signal=KILL", "20"]);
        Assert.True(run.Code is 0 or 1 or 3 or 10, $"{what}:\n{run}");
        Assert.DoesNotContain("internal error", run.Errors, StringComparison.Ordinal);
        Assert.Equal("theirs\n", File.ReadAllText(site.In("outside")));
    }

    /// <summary>Each file of the repository, and of equal ones only the first.</summary>
    private static IEnumerable<string> Files(string repository) => Directory.EnumerateFiles(repository, "*", SearchOption.AllDirectories)
        .Select(path => Path.GetRelativePath(repository, path)).Order(StringComparer.Ordinal).GroupBy(path => path.StartsWith("packs", StringComparison.Ordinal) ? "packs" : path)
        .Select(group => group.First());
}
