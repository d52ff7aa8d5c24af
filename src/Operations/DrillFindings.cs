using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>Gathers what a drill finds wrong: each is counted, the first are said and kept.</summary>
internal sealed class DrillFindings(RunProgress progress)
{
    private readonly List<PathWarning> first = [];

    public IReadOnlyList<PathWarning> First => first;

    public long Count { get; private set; }

    public void Fail(string path, string reason)
    {
        if (Count++ < DrillReport.Named)
        {
            first.Add(new PathWarning(path, reason));
            progress.Say(Severity.Error, reason, path);
        }
    }

    public void Warn(string path, string reason) => progress.Say(Severity.Warning, reason, path);
}
