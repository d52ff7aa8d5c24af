using System.Text.Json;
using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What <c>restore --dry-run</c> says is what the restore then does.</summary>
public sealed class RestoreForecastTests
{
    [Theory]
    [InlineData]
    [InlineData("--path", "/storage/d/changed", "--path", "/storage/gone/deep/file", "--path", "/storage/cache", "--path", "/storage/d/app.db")]
    public void Every_step_that_is_said_is_done_and_no_other(params string[] arguments)
    {
        using var site = MadeLive();
        var before = All(site);
        var steps = Steps(site, arguments);
        Assert.Equal(before, All(site));
        site.Run(["restore", "latest", "--only", "storage", "--yes", .. arguments]).Ends(3);

        var done = new Dictionary<string, string>(before);
        foreach (var (change, path, other) in steps.OrderBy(step => step.Change == "new"))
        {
            var there = done.Where(one => one.Key == path || one.Key.StartsWith(path + "/", StringComparison.Ordinal)).ToList();
            Assert.Equal(change is "new", there.Count == 0 && change != "put_next_to");
            there.ForEach(one => done.Remove(change == "put_next_to" ? "" : one.Key));
            there.ForEach(one => Assert.True(change == "put_next_to" || done.TryAdd(other + one.Key[path.Length..], one.Value), other));
        }

        // What was live is where it was said to be; all else is the snapshot's, and at a name that was said.
        var after = All(site);
        Assert.All(done, one => Assert.Equal(one.Value, after[Stamped(after, one.Key)]));
        var said = steps.Select(step => step.Change == "put_next_to" ? step.Other! : step.Path).ToList();
        var kept = done.Keys.Select(path => Stamped(after, path)).ToHashSet();
        Assert.All(
            after.Keys.Where(path => !kept.Contains(path)),
            path => Assert.Contains(said, name => Unstamped(path) == Unstamped(name) || Unstamped(path).StartsWith(Unstamped(name) + "/", StringComparison.Ordinal)));
        Assert.Equal("saved", after[site.InStorage("d/changed")]);
    }

    [Fact]
    public void It_is_printed_for_people_too()
    {
        using var site = MadeLive();
        site.Run("restore", "latest", "--dry-run").Succeeds().Prints(
            $"replaced: {site.InStorage("d/changed")}, kept as {site.Storage}.before_restore_",
            $"taken away: {site.InStorage("later")}, kept as",
            $"new: {site.InStorage("gone")}",
            $"left alone: {site.InStorage("cache")} (excluded)",
            $"put next to {site.InStorage("cache")}: what the snapshot has there, as {site.InStorage(".cache.restore_")}",
            $"app_data: {site.Database} is replaced; what is there now is kept as");
    }

    [Fact]
    public void A_tree_that_changes_places_as_a_whole_is_one_step()
    {
        using var site = new Site();
        site.Create();
        var step = Assert.Single(Steps(site));
        Assert.Equal(("replaced", site.Storage), (step.Change, step.Path));
    }

    private static Site MadeLive()
    {
        var site = new Site(withMedia: false);
        foreach (var name in new[] { "d/changed", "d/deep/changed", "gone/deep/file", "cache/page", "whole/file", "became-file/x", "became-directory", "holds/it" })
        {
            site.Write(name, "saved");
        }

        Directory.Delete(site.InStorage("holds"), recursive: true);
        site.Write("holds", "saved as a file");
        Command.Shell("sqlite3 d/app.db 'CREATE TABLE t (x)'", site.Storage);
        site.Create();
        site.TreeSettings["exclude"] = new JsonArray("*-wal", "/cache/", "/d/live.tmp", "/holds/live.tmp");
        Command.Shell(
            "rm -r gone became-file became-directory holds; mkdir became-directory holds; sqlite3 d/app.db 'CREATE TABLE u (x)'; for f in d/app.db-wal d/changed d/deep/changed cache/page whole/file became-file became-directory/in later d/later d/live.tmp holds/live.tmp holds/other; do printf live >$f; done",
            site.Storage);
        return site;
    }

    private static List<(string Change, string Path, string? Other)> Steps(Site site, params string[] arguments)
    {
        using var preview = JsonDocument.Parse(site.Run(["restore", "latest", "--only", "storage", "--dry-run", "--json", .. arguments]).Succeeds().Output.Split('\n')[0]);
        var target = Assert.Single(preview.RootElement.GetProperty("targets").EnumerateArray());
        return [.. target.GetProperty("steps").EnumerateArray().Select(step => (step.GetProperty("change").GetString()!, step.GetProperty("path").GetString()!, step.GetProperty("other").GetString()))];
    }

    /// <summary>All files next to and in the storage, with what is in them.</summary>
    private static Dictionary<string, string> All(Site site) =>
        Directory.GetFiles(site.In("app"), "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0 })
            .Where(path => !path.StartsWith(Path.GetDirectoryName(site.Database)!, StringComparison.Ordinal)).ToDictionary(path => path, File.ReadAllText);

    /// <summary>The name that is there, whatever time it has.</summary>
    private static string Stamped(Dictionary<string, string> there, string path) => there.Keys.SingleOrDefault(one => Unstamped(one) == Unstamped(path)) ?? path;

    private static string Unstamped(string path) => System.Text.RegularExpressions.Regex.Replace(path, "restore_[0-9]{8}T[0-9]{6}[.][0-9]{3}Z", "restore_TIME");
}
