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

    private void Remember(string role, FileSystemIdentity fileSystem) => Memory().Write([new KnownPlace(role, root, fileSystem)]);

    private PlaceWatch Watch(bool acceptMoved = false) => new(Memory(), acceptMoved ? null : PlaceWatch.AcceptCommand);

    private KnownPlaces Memory() => new(State, "/backups");
}
