using VertexAr.Backup.Core;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary>Who uses the repository, as its leases tell. None of them is in the way of the next run for longer than a lease lasts.</summary>
internal static class LeaseReport
{
    private const int MostNamed = 5;

    /// <summary>A sentence for each lease.</summary>
    public static List<(bool IsLapsed, string Text)> Describe(Layout layout, DateTimeOffset now)
    {
        using var board = LeaseBoard.TryOpen(layout);
        return (board?.Directory.Others(own: null, mayRemove: false) ?? []).Take(MostNamed).Select(lease => Describe(board!, lease, now)).ToList();
    }

    /// <summary>Nothing is written here, so that the clock of the file system is not known; the one of this machine stands for it.</summary>
    private static (bool IsLapsed, string Text) Describe(LeaseBoard board, FoundLease lease, DateTimeOffset now)
    {
        if (board.Judge(lease, FileTime.From(now), now, holdsLock: false) == LeaseState.Gone)
        {
            return (true, $"{lease.Holder}, did not end well, and its lease has lapsed; the next run removes that");
        }

        var age = TimeSpan.FromSeconds(Math.Max(0, Math.Round(LeaseBoard.Age(lease, FileTime.From(now)).TotalSeconds)));
        return (false, $"at work: {lease.Holder}; its lease was renewed {Units.Duration(age)} ago, and lapses after {LeaseJudgement.Longest.TotalMinutes:0} minutes");
    }
}
