namespace VertexAr.Backup.EndToEnd;

/// <summary>Root restores out of a second place whose rclone.conf belongs to the owner of the backup directory: rclone never runs as root there.</summary>
public sealed class OffsiteOwnerTests
{
    [Fact]
    public void Root_fetches_with_the_rights_of_the_backup_directorys_owner_and_restores_with_its_own()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site();
        var place = new SecondPlace(site);
        Command.Shell($"chown 1:1 videos/clip.mp4; chmod 600 videos/clip.mp4", site.Storage);
        site.Create();
        site.Run("offsite", "push").Succeeds();
        var before = Tree.Describe(site.Storage);

        // A hostile owner of backups, second place and rclone.conf; nothing of that is here any more but the copy.
        Command.Shell($"rm -rf backups/*; touch note; chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} backups second rclone.conf note; chmod 755 .", site.Root);
        place.ReplaceRclone("""{ echo "$verb"; grep -E '^(Uid|Gid|Groups|CapEff|CapPrm):' /proc/self/status; ls /proc/self/fd; } >>"$note" """);
        Command.Shell("rm -r videos", site.Storage);
        site.Run("restore", "latest", "--from-offsite", "--yes").Succeeds();
        Tree.AssertSame(before, Tree.Describe(site.Storage), Likeness.Restored);
        var lines = place.Note.Split('\n');
        Assert.Contains("copy", lines);
        Assert.All(lines.Where(line => line.StartsWith("Uid:", StringComparison.Ordinal)), line => Assert.Equal("Uid:\t65534\t65534\t65534\t65534", line));
        Assert.All(lines.Where(line => line.StartsWith("Gid:", StringComparison.Ordinal)), line => Assert.Equal("Gid:\t65534\t65534\t65534\t65534", line));
        Assert.All(lines.Where(line => line.StartsWith("Groups:", StringComparison.Ordinal)), line => Assert.Equal("Groups:\t65534", line.TrimEnd()));
        Assert.All(lines.Where(line => line.StartsWith("Cap", StringComparison.Ordinal)), line => Assert.EndsWith("0000000000000000", line, StringComparison.Ordinal));

        // Nothing was left there, least of all something of root's.
        Assert.All(Tree.Describe(site.Backups), entry => Assert.Equal($"{Machine.OrdinaryUser}:{Machine.OrdinaryGroup}", entry.Owner));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(site.Backups, "staging")));
    }

    [Fact]
    public void A_command_in_rclones_configuration_of_the_owner_is_not_roots()
    {
        Machine.NeedRoot("becoming another user");
        using var site = new Site(withMedia: false);
        site.Settings["offsite"] = new System.Text.Json.Nodes.JsonObject { ["remote"] = "w:", ["rclone_config"] = site.In("rclone.conf") };
        Command.Shell($$"""
            printf '#!/bin/sh\nid -u >>{{site.In("ran")}}\necho token\n' >command; chmod 755 command; touch ran
            printf '[w]\ntype = webdav\nurl = http://127.0.0.1:9/\nvendor = other\nbearer_token_command = {{site.In("command")}}\n' >rclone.conf
            chown {{Machine.OrdinaryUser}} backups ran rclone.conf; chmod 755 .
            """, site.Root);
        site.Run("restore", "latest", "--from-offsite", "--to", site.In("out")).Fails(1, "w: cannot be listed");
        Assert.Equal(["65534"], File.ReadAllLines(site.In("ran")).Distinct());

        // In a backup directory of root's own, root does not use it at all.
        File.WriteAllText(site.In("ran"), "");
        Command.Shell("chown -R 0 backups", site.Root);
        foreach (var words in new string[][] { ["restore", "latest", "--from-offsite", "--to", site.In("out")], ["list", "--from-offsite"], ["offsite", "status"] })
        {
            site.Run(words).Fails(1, "is not used by root", "rclone.conf belongs to nobody");
        }

        Assert.Equal("", File.ReadAllText(site.In("ran")));
    }
}
