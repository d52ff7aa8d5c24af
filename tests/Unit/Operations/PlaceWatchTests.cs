using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Operations;

public sealed class PlaceWatchTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("vertex-unit-").FullName;

    private string State => Path.Combine(root, "state");

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public void A_place_that_was_on_a_file_system_of_its_own_must_be_there_again()
    {
        Remember("storage 'media'", new FileSystemIdentity("nfs4", null, "nas:/media", IsRoot: false));

        var error = Assert.Throws<UserError>(() => Watch().Require("storage 'media'", root));

        Assert.Equal(ExitCode.Failed, error.Code);
        Assert.Contains($"storage 'media', {root}, was on nas:/media (nfs4) and is now on ", error.Message, StringComparison.Ordinal);
        Assert.Contains("--moved", error.Hint, StringComparison.Ordinal);
        Watch().Require("storage 'other'", root);
        Watch().Require("storage 'media'", State);
    }

    [Fact]
    public void What_is_accepted_once_is_known_from_then_on()
    {
        Remember("storage 'media'", new FileSystemIdentity("nfs4", null, "nas:/media", IsRoot: false));
        var watch = Watch(acceptMoved: true);
        watch.Require("storage 'media'", root);

        Assert.Null(watch.Remember());

        Watch().Require("storage 'media'", root);
    }

    [Fact]
    public void What_was_not_looked_at_stays_known()
    {
        var disk = new FileSystemIdentity("ext4", "ab12", null, IsRoot: false);
        Remember("storage 'media'", disk);
        var watch = Watch();
        watch.Require("database 'app'", root);

        Assert.Null(watch.Remember());

        Assert.Equal(["database 'app'", "storage 'media'"], Memory().Read().Select(place => place.Role));
        Assert.Equal(disk, Memory().Read()[1].FileSystem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("{\"places\": [{\"role\": 1}]}")]
    public void What_cannot_be_read_is_as_if_nothing_were_known(string text)
    {
        Remember("storage 'media'", new FileSystemIdentity("nfs4", null, "nas:/media", IsRoot: false));
        File.WriteAllText(Directory.GetFiles(State).Single(), text);

        Watch().Require("storage 'media'", root);
    }

    [Fact]
    public void What_cannot_be_kept_is_a_sentence()
    {
        File.WriteAllText(State, "");
        var watch = Watch();
        watch.Require("storage 'media'", root);

        Assert.Contains("cannot be remembered", watch.Remember(), StringComparison.Ordinal);
    }

    /// <summary>A pool is mounted whatever is below it.</summary>
    [Fact]
    public void A_pool_of_which_a_branch_is_on_another_file_system_is_not_what_it_was()
    {
        var disk = new FileSystemIdentity("ext4", "ab12", null, IsRoot: false, "/mnt/two");
        Assert.Null(Change(Pool(Branch("/mnt/one", Root), Branch("/mnt/two", disk)), Pool(Branch("/mnt/one", Root), Branch("/mnt/two", disk))));
        Assert.Contains(
            "is on the pool /pool, whose branch /mnt/two was on a file system of its own (ext4, ab12) and is now on the root file system (ext4): a disk is not mounted",
            Change(Pool(Branch("/mnt/two", disk)), Pool(Branch("/mnt/two", Root))),
            StringComparison.Ordinal);
        Assert.Contains(
            "is on the pool /pool, which /mnt/two was a branch of and is not any more",
            Change(Pool(Branch("/mnt/one", Root), Branch("/mnt/two", disk)), Pool(Branch("/mnt/one", Root))),
            StringComparison.Ordinal);

        // One more, which changes the name of the pool, too; one that a sandbox hides; a pool that does not tell.
        Assert.Null(Change(Pool(Branch("/mnt/two", disk)) with { Source = "two" }, Pool(Branch("/mnt/one", Root), Branch("/mnt/two", disk)) with { Source = "one:two" }));
        Assert.Null(Change(Pool(Branch("/mnt/two", disk)), Pool(Branch("/mnt/two", null))));
        Assert.Null(Change(Pool(Branch("/mnt/two", disk)), Pool()));
    }

    [Fact]
    public void What_is_known_of_a_pool_stays_known_while_it_is_not_seen()
    {
        var disk = new FileSystemIdentity("ext4", "ab12", null, IsRoot: false, "/mnt/two");
        var known = Pool(Branch("/mnt/one", null), Branch("/mnt/two", disk));
        Remember("storage 'media'", known);

        Assert.Equal(known.Branches, Memory().Read()[0].FileSystem.Branches);
        Assert.Equal([Branch("/mnt/one", Root), Branch("/mnt/two", disk)], Pool(Branch("/mnt/one", Root), Branch("/mnt/two", null)).Keeping(known).Branches);
        Assert.Equal(known.Branches, Pool().Keeping(known).Branches);
        Assert.Empty(disk.Keeping(known).Branches);
    }

    [Theory]
    [InlineData("/mnt/one=RW:/mnt/two=NC,4G", "/mnt/one|/mnt/two")]
    [InlineData("/mnt/one:/mnt/two/", "/mnt/one|/mnt/two")]
    [InlineData("/mnt/a=b=RO", "/mnt/a=b")]
    [InlineData("/mnt/a=b", "/mnt/a=b")]
    [InlineData("", "")]
    public void The_branches_of_a_pool_are_read_as_mergerfs_writes_them(string text, string paths) => Assert.Equal(paths, string.Join('|', PoolBranch.Parse(text)));

    private static readonly FileSystemIdentity Root = new("ext4", "1", null, IsRoot: true, "/");

    private static PoolBranch Branch(string path, FileSystemIdentity? fileSystem) => new(path, fileSystem);

    private static FileSystemIdentity Pool(params PoolBranch[] branches) => new("fuse.mergerfs", null, "one:two", IsRoot: false, "/pool") { Branches = branches };

    private static string? Change(FileSystemIdentity was, FileSystemIdentity now) => PlaceWatch.Change("/pool/media", was, now)?.What;

    private void Remember(string role, FileSystemIdentity fileSystem) => Memory().Write([new KnownPlace(role, root, fileSystem)]);

    private PlaceWatch Watch(bool acceptMoved = false) => new(Memory(), acceptMoved ? null : PlaceWatch.AcceptCommand);

    private KnownPlaces Memory() => new(State, "/backups");
}
