using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// What is remembered of earlier runs, one small file a job under <c>runs/</c>. Only health reports read them: one that is
/// lost or damaged is as one that never was, and no snapshot depends on any.
/// </summary>
internal static class RunRecords
{
    private const string Suffix = ".json";

    public static RunRecord? Read(Layout layout, string job) => ReadFile(PathOf(layout, job));

    /// <summary>All that are there and whole, by job.</summary>
    public static IReadOnlyDictionary<string, RunRecord> ReadAll(Layout layout)
    {
        var records = new SortedDictionary<string, RunRecord>(StringComparer.Ordinal);
        foreach (var path in Directory.Exists(layout.Runs) ? Directory.EnumerateFiles(layout.Runs, "*" + Suffix) : [])
        {
            if (ReadFile(path) is { } record)
            {
                records[Path.GetFileNameWithoutExtension(path)] = record;
            }
        }

        return records;
    }

    /// <summary>Remembers a run.</summary>
    /// <exception cref="PosixError">It cannot be written.</exception>
    public static void Add(Layout layout, RunReport run)
    {
        AtomicFile.EnsureOwnDirectory(layout.Runs);
        var path = PathOf(layout, run.Job);
        var earlier = ReadFile(path);
        var intact = earlier?.StandingFailure is { } failure ? run.IntactPacks.Concat(KnownDamage.Replaced(layout, failure)).ToHashSet() : run.IntactPacks;
        var record = RunRecord.After(earlier, run with { IntactPacks = intact });
        var json = JsonFields.Write(fields => RunRecordJson.Write(fields, record), indented: true);
        // Two runs of one job may end at once: each writes a file of its own, and the later rename counts.
        AtomicFile.Write($"{path}.{Environment.ProcessId}.tmp", path, json);
    }

    private static string PathOf(Layout layout, string job) => Path.Combine(layout.Runs, job + Suffix);

    private static RunRecord? ReadFile(string path)
    {
        try
        {
            return JsonFields.Read(SmallFile.Read(path), RunRecordJson.Read, "is no record");
        }
        catch (Exception e) when (e is IOException or DamageError)
        {
            return null;
        }
    }
}
