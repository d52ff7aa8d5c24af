namespace VertexAr.Backup.EndToEnd;

/// <summary>A root that may not give files away: what it restores is there, its own, and counted.</summary>
public sealed class RestoreOwnersTests : IDisposable
{
    private readonly Site site = new(withMedia: false);

    public RestoreOwnersTests()
    {
        Machine.NeedRoot("files of other owners");
        site.Write("dir/theirs", "content");
        site.Write("own", "own");
        Command.Shell($"chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} dir; ln -s own link; chown -h {Machine.OrdinaryUser} link; chmod 4755 dir/theirs", site.Storage);
    }

    public void Dispose() => site.Dispose();

    /// <summary>As on a new machine, where somebody made the directory by hand.</summary>
    [Fact]
    public void A_database_whose_owner_may_not_write_next_to_it_is_named()
    {
        var directory = Path.GetDirectoryName(site.Database)!;
        Command.Shell($"chown {Machine.OrdinaryUser} '{site.Database}' '{directory}'");
        site.Create();
        Command.Shell($"rm '{site.Database}'*; chown 0 '{directory}'; chmod 755 '{directory}'");
        site.Run("restore", "latest", "--only", "database", "--yes").Succeeds().Says($"{site.Database} belongs to nobody, who may not write to {directory}", $"chown nobody {directory}");
        Command.Shell($"chown {Machine.OrdinaryUser} '{directory}'");
        Assert.DoesNotContain("may not write", site.Run("restore", "latest", "--only", "database", "--yes").Succeeds().Errors, StringComparison.Ordinal);
    }

    /// <summary>Next to what stays, entries are moved one by one, and a directory of another owner cannot be.</summary>
    [Fact]
    public void The_owner_of_a_directory_that_cannot_be_moved_is_named_and_foreseen()
    {
        site.Settings["storage"]!.AsArray().Add(Site.Source("inner", Directory.CreateDirectory(site.InStorage("inner")).FullName));
        var user = site.BelongToOrdinaryUser();
        Command.Shell("rm link; mkdir of-root; echo r >of-root/file; chmod -R a+rX of-root", site.Storage);
        site.Run(["create", "storage"], before: user).Succeeds();
        var directory = site.InStorage("of-root");
        site.Run(["restore", "latest", "--only", "storage", "--dry-run"], before: user).Succeeds()
            .Says($"{directory} cannot be replaced: Permission denied", $"as root, the owner of {directory}", "the restore is refused");
        site.Run(["restore", "latest", "--only", "storage", "--yes"], before: user).Fails(1, $"{directory} cannot be replaced", $"run the command as root, the owner of {directory}");
        Command.Shell("chown -R daemon: of-root", site.Storage);
        site.Run(["restore", "latest", "--only", "storage", "--yes"], before: user).Fails(1, $"as root, or as daemon, the owner of {directory}");
    }

    [Theory]
    [InlineData("setpriv", "--bounding-set=-chown", "--inh-caps=-chown", "Operation not permitted")]
    [InlineData("unshare", "-U", "-r", "Invalid argument")]
    public void Elsewhere_and_in_place(string program, string one, string two, string refusal)
    {
        string[] before = [program, one, two];
        site.Create();
        site.Run(["restore", "latest", "--to", site.In("out")], before: before).Ends(3).Says($"3 files could not be given back to their owners; the first is storage/dir: {refusal}");
        Assert.Equal("0 755", Command.Run("stat", "-c", "%u %a", site.In("out/storage/dir/theirs")).Output.Trim());

        Directory.Delete(site.InStorage("dir"), recursive: true);
        site.Run(["restore", "latest", "--only", "storage", "--yes"], before: before).Ends(3).Says("3 files could not be given back");
        Assert.Equal("content", File.ReadAllText(site.InStorage("dir/theirs")));
        site.Run("restore", "latest", "--only", "storage", "--yes").Succeeds();
        Assert.Equal($"{Machine.OrdinaryUser} 4755", Command.Run("stat", "-c", "%u %a", site.InStorage("dir/theirs")).Output.Trim());
    }
}
