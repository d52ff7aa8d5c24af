namespace VertexAr.Backup.Model;

/// <summary>What the scheduler can start, in the order in which jobs due together run.</summary>
internal enum ScheduledJob
{
    Database,
    Storage,
    Full,
    Rotation,
}

internal static class ScheduledJobs
{
    public static readonly IReadOnlyList<ScheduledJob> All =
        [ScheduledJob.Database, ScheduledJob.Storage, ScheduledJob.Full, ScheduledJob.Rotation];

    /// <summary>The word used in the configuration, on the command line and, in capitals, in the environment.</summary>
    public static string Word(this ScheduledJob job) => job switch
    {
        ScheduledJob.Database => "database",
        ScheduledJob.Storage => "storage",
        ScheduledJob.Full => "full",
        _ => "rotation",
    };

    /// <summary>The job of that word; null if there is none.</summary>
    public static ScheduledJob? FromWord(string word) =>
        All.Where(job => job.Word() == word).Select(job => (ScheduledJob?)job).FirstOrDefault();
}
