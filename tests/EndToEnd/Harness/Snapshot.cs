using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A snapshot of a site.</summary>
internal sealed class Snapshot(Site site, string id)
{
    public string Id => id;

    /// <summary>Its header, as it lies on disk.</summary>
    public JsonNode Header => JsonNode.Parse(File.ReadAllText(HeaderPath))!;

    public string HeaderPath => Path.Combine(site.Backups, "snapshots", $"{id}.json");

    public string ListPath => Path.Combine(site.Backups, "snapshots", $"{id}.files.jsonl.gz");

    public string PackTablePath => Path.Combine(site.Backups, "snapshots", $"{id}.packs.jsonl.gz");

    public string State => Header["state"]!.GetValue<string>();

    public string Type => Header["type"]!.GetValue<string>();

    public IReadOnlyList<string> Warnings => [.. Header["warnings"]!["first"]!.AsArray().Select(w => $"{w!["path"]}: {w["reason"]}")];

    /// <summary>What <c>show --files --json</c> says, by path.</summary>
    public IReadOnlyDictionary<string, JsonNode> Files() =>
        Json.Lines(site.Run("show", id, "--files", "--json").Succeeds().Output).ToDictionary(line => line["path"]!.GetValue<string>());

    /// <summary>Restores the snapshot into a new directory; returns what became of one source there. A partial one may lack something, and ends with 3 then.</summary>
    public string Restored(string source, params string[] options)
    {
        var target = site.In($"restored-{id}");
        var run = site.Run(["restore", id, "--to", target, .. options]);
        Assert.True(run.Code == 0 || (run.Code == 3 && State == "partial"), run.ToString());
        return Path.Combine(target, source);
    }

    /// <summary>
    /// Gets everything back with the tools and the script of the repository's RECOVERY.txt, to the letter; returns the
    /// directory that holds a directory for each source.
    /// </summary>
    /// <param name="before">A command that starts the script, such as strace.</param>
    public string Recover(params string[] before)
    {
        const string mark = "-----8<-----";
        var text = File.ReadAllText(Path.Combine(site.Backups, "RECOVERY.txt"));
        var begin = text.IndexOf('\n', text.IndexOf(mark, StringComparison.Ordinal));
        var end = text.IndexOf(mark, begin, StringComparison.Ordinal);
        var script = site.In($"recover-{id}.sh");
        File.WriteAllText(script, text[begin..end]);
        var target = site.In($"recovered-{id}");
        var result = Command.Run([.. before, "sh", script, id, target], directory: site.Backups).Succeeds();
        Assert.Equal("", result.Errors);
        return Path.Combine(target, "files");
    }
}
