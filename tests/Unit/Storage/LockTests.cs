using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class LockTests : IDisposable
{
    private readonly TestRepository repository = new();

    public void Dispose() => repository.Dispose();

    [Fact]
    public void A_second_writer_is_refused_and_told_who_holds_the_lock()
    {
        var error = Assert.Throws<UserError>(Acquire);
        Assert.Equal(ExitCode.Locked, error.Code);
        Assert.Contains($"test, process {Environment.ProcessId}, since 2026-11-23 02:00:00 UTC", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_lock_ends_with_its_holder_and_its_file_stays()
    {
        repository.Held.Dispose();
        using (Acquire())
        {
            Assert.True(File.Exists(repository.Layout.Lock));
        }

        Assert.True(File.Exists(repository.Layout.Lock));
        Acquire().Dispose();
    }

    [Fact]
    public void A_signature_replaces_a_longer_one()
    {
        repository.Held.Dispose();
        File.WriteAllText(repository.Layout.Lock, new string('x', 500));
        Acquire().Dispose();
        Assert.Equal($"other, process {Environment.ProcessId}, since 2026-11-23 02:00:00 UTC", File.ReadAllText(repository.Layout.Lock));
    }

    [Fact]
    public void Readers_go_together()
    {
        using var one = ReaderGuard.ForReading(repository.Layout, repository.Clock);
        using var other = ReaderGuard.ForReading(repository.Layout, repository.Clock);
        Assert.Null(ReaderGuard.TryForDeleting(repository.Held));
    }

    [Fact]
    public void Deleting_waits_for_the_last_reader()
    {
        using (ReaderGuard.ForReading(repository.Layout, repository.Clock))
        {
            Assert.Null(ReaderGuard.TryForDeleting(repository.Held));
        }

        using var alone = ReaderGuard.TryForDeleting(repository.Held);
        Assert.NotNull(alone);
        Assert.Null(ReaderGuard.TryForDeleting(repository.Held));
    }

    [Fact]
    public void A_reader_gives_up_when_deleting_takes_too_long()
    {
        using var alone = ReaderGuard.TryForDeleting(repository.Held);
        repository.Clock.AutoAdvanceAmount = TimeSpan.FromMinutes(1);
        Assert.Equal(ExitCode.Locked, Assert.Throws<UserError>(() => ReaderGuard.ForReading(repository.Layout, repository.Clock)).Code);
    }

    private RepositoryLock Acquire() => RepositoryLock.Acquire(repository.Layout, "other", repository.Clock.GetUtcNow());
}
