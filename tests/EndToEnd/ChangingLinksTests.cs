using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A neighbour who exchanges his directories for links while root restores into them, and leaves files there for root to believe.</summary>
public sealed class ChangingLinksTests : IDisposable
{
    private readonly Site site = new();

    public ChangingLinksTests()
    {
        Machine.NeedRoot("a directory of somebody else's");
        site.Create();
        Command.Shell(
            $"cp -r app precious; chmod 700 precious; chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} app; chmod 755 .", site.Root);
    }

    public void Dispose() => site.Dispose();

    /// <summary>A file beside a target names the journal of its restore. Whose is it?</summary>
    [Fact]
    public void A_file_of_theirs_that_names_a_journal_is_not_believed()
    {
        AsNeighbour($"printf '{{\"restore\":1,\"journal\":\"{site.In("precious/app_data/app_data.db")}\"}}\\n' >app/.storage.restore_1.steps");
        var before = Tree.Describe(site.In("precious"));
        site.Run("restore", "latest", "--yes").Fails(1, $"{site.In("app/.storage.restore_1.steps")} is the journal of a restore that was begun by the user ");
        Assert.DoesNotContain("precious", site.Run("status").Output, StringComparison.Ordinal);
        Tree.AssertSame(before, Tree.Describe(site.In("precious")), Likeness.Restored);
    }

    /// <summary>Also where it is root's own, which is no proof: the neighbour can have renamed it.</summary>
    [Fact]
    public void A_journal_that_does_not_name_the_file_that_names_it_is_left_alone()
    {
        using (var run = StoppedRun.At(site, "renameat2", site.In("other"), arguments: ["restore", "latest", "--yes", "--only", "database"]))
        {
            run.Signal("KILL");
            run.Continue();
        }

        var journal = Assert.Single(Directory.GetFiles(site.In("app/app_data"), ".*.steps"));
        Command.Shell($"printf '{{\"restore\":1,\"journal\":\"{journal}\"}}\\n' >app/.storage.restore_1.steps; chmod 600 app/.storage.restore_1.steps", site.Root);
        site.Run("restore", "--undo", site.Storage).Fails(1, "which does not name it");
        Assert.True(File.Exists(journal));
    }

    /// <summary>The framework looks there first.</summary>
    [Fact]
    public void No_program_is_taken_from_the_current_directory()
    {
        AsNeighbour("printf '#!/bin/sh\\necho ran >ran\\n' >app/true; chmod 755 app/true");
        site.Settings["hooks"] = new JsonObject { ["before_create"] = new JsonArray("true") };
        site.SaveSettings();
        Command.Run("bash", "-c", $"cd '{site.In("app")}' && '{Program.Binary}' create --config '{site.Config}'").Succeeds();
        Assert.False(File.Exists(site.In("app/ran")));
    }

    [Fact]
    public void A_second_place_that_others_can_change_is_not_written_to()
    {
        Command.Shell($"mkdir second; chown {Machine.OrdinaryUser} second", site.Root);
        AsNeighbour("ln -s ../precious second/snapshots");
        site.Settings["offsite"] = new JsonObject { ["remote"] = site.In("second") };
        var before = Tree.Describe(site.In("precious"));
        site.Run("offsite", "push").Fails(1, $"root does not write to the second place {site.In("second")}, since others could have it write elsewhere");
        site.Run("create").Succeeds().Says("not in the second place");
        Tree.AssertSame(before, Tree.Describe(site.In("precious")), Likeness.Restored);
    }

    private void AsNeighbour(string script) => Command.Run(
        ["setpriv", $"--reuid={Machine.OrdinaryUser}", $"--regid={Machine.OrdinaryGroup}", "--clear-groups", "sh", "-ec", $"cd '{site.Root}'; {script}"], null).Succeeds();
}
