using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

/// <summary>What is kept here of the second place: the lock of whoever copies, and what a check found damaged.</summary>
public sealed class OffsiteStateTests : IDisposable
{
    private readonly TestRepository repository = new();

    public void Dispose() => repository.Dispose();

    [Fact]
    public void One_copies_at_a_time_beside_whoever_writes_here_and_the_file_stays()
    {
        using (CopyLock.Acquire(repository.Layout, DateTimeOffset.UtcNow))
        {
            Assert.Equal(ExitCode.Locked, Assert.Throws<UserError>(() => CopyLock.Acquire(repository.Layout, DateTimeOffset.UtcNow)).Code);
        }

        Assert.True(File.Exists(repository.Layout.OffsiteLock));
        CopyLock.Acquire(repository.Layout, DateTimeOffset.UtcNow).Dispose();
    }

    [Fact]
    public void Damage_is_noted_until_it_is_mended()
    {
        Assert.Empty(OffsiteDamage.Read(repository.Layout));

        OffsiteDamage.Write(repository.Layout, ["packs/b", "packs/a"]);
        Assert.Equal("packs/a\npacks/b\n", File.ReadAllText(repository.Layout.OffsiteDamage));
        Assert.Equal(["packs/a", "packs/b"], OffsiteDamage.Read(repository.Layout).Order(StringComparer.Ordinal));
        Assert.Empty(RunRecords.ReadAll(repository.Layout));

        OffsiteDamage.Write(repository.Layout, []);
        Assert.False(File.Exists(repository.Layout.OffsiteDamage));
    }

    [Fact]
    public void A_copy_of_a_repository_has_its_mark()
    {
        var mark = File.ReadAllBytes(repository.Layout.Mark);
        var copy = Repository.OpenOrCopy(repository.Temp.Make("copy"), mark);

        Assert.Equal(mark, File.ReadAllBytes(copy.Mark));
        Assert.Equal(Repository.ReadMark(repository.Layout).Id, Repository.ReadMark(copy).Id);
        Assert.Equal(copy.Root, Repository.OpenOrCopy(copy.Root, []).Root);
    }
}
