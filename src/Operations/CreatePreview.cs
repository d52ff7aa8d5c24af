using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>What a backup would do.</summary>
internal sealed record Preview(long Files, long Bytes, long FilesToRead, long BytesToRead);

/// <summary>Looks at the sources as a backup would, without reading content or writing anything.</summary>
internal static class CreatePreview
{
    public static Preview Run(CreatePlan plan, TimeProvider clock, RunProgress progress, CancellationToken stop)
    {
        var earlier = Directory.Exists(Path.Combine(plan.BackupDirectory, "snapshots")) && !plan.Rescan
            ? Earlier(new SnapshotStore(Repository.Open(plan.BackupDirectory)), progress)
            : [];
        var total = new Preview(0, 0, 0, 0);
        foreach (var database in plan.Databases.Where(_ => plan.Type.Covers(SourceKind.Database)).OrderBy(d => d.Name, StringComparer.Ordinal))
        {
            var status = new SqliteSource(database, clock).Look();
            var path = Encoding.UTF8.GetBytes($"{database.Name}/{Path.GetFileName(database.Path)}");
            var known = CreateEntries.FindDatabase(earlier, new SourceName(database.Name, SourceKind.Database), path, status) is not null;
            total = Add(total, status.File.Size, known);
        }

        var repository = Posix.StatusOrNull(plan.BackupDirectory) ?? default;
        foreach (var tree in plan.Trees.Where(_ => plan.Type.Covers(SourceKind.Storage)).OrderBy(t => t.Name, StringComparer.Ordinal))
        {
            var name = new SourceName(tree.Name, SourceKind.Storage);
            foreach (var walked in new DirectorySource(tree, repository).Walk())
            {
                stop.ThrowIfCancellationRequested();
                if (walked.Problem is { } problem)
                {
                    progress.Say(Severity.Warning, problem.Reason, Encoding.UTF8.GetString(walked.Path));
                }
                else if (walked.Status.IsRegular)
                {
                    total = Add(total, walked.Status.Size, CreateEntries.FindUnchanged(earlier, name, walked) is not null);
                }
            }
        }

        earlier.ForEach(list => list.Dispose());
        return total;
    }

    private static List<EarlierList> Earlier(SnapshotStore store, RunProgress progress) =>
        CreateBase.Find(store, store.ReadAll().Whole, [], new PackRegistry(), progress);

    private static Preview Add(Preview sum, long bytes, bool known) => new(
        sum.Files + 1, sum.Bytes + bytes, sum.FilesToRead + (known ? 0 : 1), sum.BytesToRead + (known ? 0 : bytes));
}
