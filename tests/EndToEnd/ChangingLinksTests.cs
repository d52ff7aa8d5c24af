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

    public void Dispose()
    {
        // The overlay of a test that failed.
        Command.Run("umount", site.In("app"));
        site.Dispose();
    }

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

    /// <summary>
    /// A file of two names in the lower layer of an overlay is given the mode that it has, so that the kernel makes a file of its own of it. A link
    /// that takes its name just then gives nothing of root's that mode.
    /// </summary>
    [Fact]
    public void A_link_in_the_place_of_a_file_of_an_overlay_changes_no_mode_of_roots()
    {
        Machine.NeedStrace();
        var (layers, poster, secret) = (site.MountMemory("layers", "size=64m"), site.InStorage("portraits/1/poster.jpg"), site.In("precious/secret"));
        Command.Shell("echo saved >app/storage/portraits/1/poster.jpg", site.Root);
        site.Create("storage");
        Command.Shell("echo secret >precious/secret; chmod 600 precious/secret; mkdir layers/lower; cp -a app/. layers/lower", site.Root);
        Command.Shell("echo changed >poster.jpg; chmod 666 poster.jpg; ln poster.jpg second.jpg", Path.Combine(layers, "lower/storage/portraits/1"));
        string[] restore = ["restore", "latest", "--only", "storage", "--yes"];

        Mount();
        string[] watch = ["strace", "-f", "-o", site.In("calls.log"), "-e", "trace=statx,fchmod,fchmodat", "-P", "poster.jpg", "-P", poster, "--"];
        site.Run(restore, before: watch).Succeeds();
        Assert.Equal("saved\n", File.ReadAllText(poster));
        Unmount();

        // The last look at the file before its mode is set, counted in its thread.
        var calls = File.ReadAllLines(site.In("calls.log"));
        var at = Array.FindIndex(calls, call => call.Contains(" fchmod", StringComparison.Ordinal));
        Assert.True(at > 0, string.Join('\n', calls));
        var looks = calls[..at].Count(call => call.StartsWith(calls[at].Split(' ')[0], StringComparison.Ordinal) && call.Contains(" statx(", StringComparison.Ordinal));
        Mount();
        using (var run = StoppedRun.At(site, "statx", poster, arguments: restore, number: looks))
        {
            Command.Shell($"mv poster.jpg aside; ln -s {secret} poster.jpg", Path.GetDirectoryName(poster));
            run.Continue();
        }

        Assert.Equal("600 secret\n", Command.Shell($"echo $(stat -c %a '{secret}') $(cat '{secret}')").Output);
        Unmount();

        void Mount() => Command.Shell("mkdir upper work; mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work ../app", layers);

        void Unmount() => Command.Shell("umount ../app; rm -r upper work", layers);
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

    /// <summary>What rclone calls a remote may be a directory of this machine all the same.</summary>
    [Theory]
    [InlineData("disk:{0}/second")]
    [InlineData("nas:second")]
    [InlineData("secret:")]
    public void A_second_place_that_others_can_change_is_not_written_to_under_a_name_of_rclones_either(string remote)
    {
        var password = Command.Run("rclone", "obscure", "hello").Succeeds().Output.Trim();
        Command.Shell($"""
            mkdir second; chown {Machine.OrdinaryUser} second
            printf '[disk]\ntype = local\n[nas]\ntype = alias\nremote = {site.Root}\n[secret]\ntype = crypt\nremote = nas:second\npassword = {password}\n' >rclone.conf; chmod 600 rclone.conf
            """, site.Root);
        AsNeighbour("ln -s ../precious second/snapshots");
        site.Settings["offsite"] = new JsonObject { ["remote"] = string.Format(null, remote, site.Root), ["rclone_config"] = site.In("rclone.conf") };
        var (before, there) = (Tree.Describe(site.In("precious")), Tree.Describe(site.In("second")));
        var sentence = $"root does not write to the second place {site.In("second")}, since others could have it write elsewhere";
        site.Run("offsite", "push").Fails(1, sentence, "by sftp or smb");
        site.Run("create").Succeeds().Says("not in the second place", sentence);
        site.Run("doctor").Ends(1).Prints(sentence);
        Tree.AssertSame(before, Tree.Describe(site.In("precious")), Likeness.Restored);
        Tree.AssertSame(there, Tree.Describe(site.In("second")), Likeness.Restored);

        // Where it is root's alone, root writes to it and doctor says so.
        Command.Shell("rm -r second; mkdir second", site.Root);
        site.Run("offsite", "push").Succeeds();
        site.Run("doctor").Prints(" answers");
    }

    private void AsNeighbour(string script) => Command.Run(
        ["setpriv", $"--reuid={Machine.OrdinaryUser}", $"--regid={Machine.OrdinaryGroup}", "--clear-groups", "sh", "-ec", $"cd '{site.Root}'; {script}"], null).Succeeds();
}
