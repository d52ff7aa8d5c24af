using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>The right to import into a repository, from the look at what is imported already to the last backup.</summary>
internal sealed class ImportRight : IDisposable
{
    private ImportRight(TaskLock held) => Held = held;

    public TaskLock Held { get; }

    /// <summary>Makes the repository if there is none.</summary>
    /// <exception cref="Core.UserError">Another run imports.</exception>
    public static ImportRight Take(string backupDirectory, TimeProvider clock) => new(TaskLock.ToImport(Repository.OpenOrCreate(backupDirectory, clock), clock.GetUtcNow()));

    public void Dispose() => Held.Dispose();
}
