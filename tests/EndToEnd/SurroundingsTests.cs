using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What other programs are given of this one, and who can change what it obeys.</summary>
public sealed class SurroundingsTests
{
    private const string Note = """
        #!/bin/bash
        { echo "== $0"; env; ls -l /proc/self/fd | grep -o '[^ ]* -> .*'; } >>{0}
        cat >/dev/null
        """;

    [Fact]
    public void Programs_get_a_chosen_environment_and_no_descriptor_of_ours()
    {
        using var site = new Site(withMedia: false);
        var place = new SecondPlace(site);
        place.ReplaceRclone($"{{ echo '== rclone'; env; ls -l /proc/self/fd | grep -o '[^ ]* -> .*'; }} >>'{site.In("seen")}'");
        foreach (var name in new[] { "hook", "sendmail" })
        {
            File.WriteAllText(site.In(name), Note.Replace("{0}", $"'{site.In("seen")}'", StringComparison.Ordinal));
            Command.Run("chmod", "755", site.In(name)).Succeeds();
        }

        site.Settings["hooks"] = new JsonObject { ["before_create"] = new JsonArray(site.In("hook")), ["pass_environment"] = new JsonArray("SITE_NAME") };
        site.Settings["notify"] = new JsonObject { ["on"] = new JsonArray("success"), ["mail"] = new JsonObject { ["to"] = "root", ["sendmail"] = site.In("sendmail") } };
        var given = new Dictionary<string, string?>
        {
            ["DB_PASSWORD"] = "hush-1",
            ["SITE_NAME"] = "left bank",
            ["LD_LIBRARY_PATH"] = "/nowhere",
            ["BASH_ENV"] = "/nowhere/script",
            ["TZ"] = "Europe/Moscow",
            ["LANG"] = "C.UTF-8",
        };
        site.Run(["create"], given, ["bash", "-c", $"exec 7<'{site.Database}' 9<>'{site.In("open-file")}'; exec \"$0\" \"$@\""]).Succeeds();
        var seen = File.ReadAllText(site.In("seen"));
        foreach (var program in new[] { $"== {site.In("hook")}", $"== {site.In("sendmail")}", "== rclone" })
        {
            Assert.Contains(program, seen, StringComparison.Ordinal);
        }

        Assert.DoesNotContain("hush-1", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("/nowhere", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("open-file", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("app_data.db", seen, StringComparison.Ordinal);
        string[] parts = seen.Split("== ");
        Assert.All(parts.Where(part => part.StartsWith('/') || part.StartsWith("rclone", StringComparison.Ordinal)), part =>
        {
            Assert.Contains("TZ=Europe/Moscow", part, StringComparison.Ordinal);
            Assert.Contains("PATH=/", part, StringComparison.Ordinal);
        });
        Assert.Contains("SITE_NAME=left bank", Assert.Single(parts, part => part.StartsWith(site.In("hook"), StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains("VERTEX_AR_BACKUP_JOB=create-full", seen, StringComparison.Ordinal);
        Assert.Single(parts, part => part.Contains("SITE_NAME", StringComparison.Ordinal));
    }

    /// <summary>Above 1023, too; and where the kernel does not know the call that does this for all of them, or its flag, or a sandbox refuses it.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("ENOSYS")]
    [InlineData("EINVAL")]
    [InlineData("EPERM")]
    public void A_program_gets_no_descriptor_whatever_its_number(string failure)
    {
        using var site = new Site(withMedia: false);
        File.WriteAllText(site.In("hook"), Note.Replace("{0}", $"'{site.In("seen")}'", StringComparison.Ordinal));
        Command.Run("chmod", "755", site.In("hook")).Succeeds();
        site.Settings["hooks"] = new JsonObject { ["before_create"] = new JsonArray(site.In("hook")) };
        var failing = failure.Length == 0 ? "" : $"strace -f -o /dev/null -e trace=close_range -e inject=close_range:error={failure} --";
        site.Run(["create"], before: ["bash", "-c", $"ulimit -n 4096; exec 7<'{site.Database}' 2000<'{site.Database}'; exec {failing} \"$0\" \"$@\""]).Succeeds();
        var seen = File.ReadAllText(site.In("seen"));
        Assert.Contains($"== {site.In("hook")}", seen, StringComparison.Ordinal);
        Assert.DoesNotContain("app_data.db", seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("chown {0} config.json", "config.json belongs to nobody")]
    [InlineData("chmod o+w config.json", "config.json can be written to by everybody")]
    [InlineData("chown {0} hooks/hook", "hook belongs to nobody")]
    [InlineData("chmod 777 hooks", "hooks can be written to by everybody")]
    [InlineData("chgrp 1 hooks/script; chmod g+w hooks/script", "script can be written to by the group daemon")]
    public void Root_runs_no_hook_that_others_can_change_and_says_who_can(string opening, string named)
    {
        Machine.NeedRoot("hooks of other users");
        using var site = SiteWithHooks();
        site.Run("create").Succeeds();
        Assert.Equal("hook\nscript\n", File.ReadAllText(site.In("ran")));
        Assert.DoesNotContain("others can change", site.Run("config", "check").Succeeds().Errors, StringComparison.Ordinal);
        File.Delete(site.In("ran"));

        Command.Shell(string.Format(null, opening, Machine.OrdinaryUser), site.Root);
        site.Run("config", "check").Succeeds().Says("others can change", named, "chmod go-w");
        Assert.Contains(named, site.Run("doctor").Output, StringComparison.Ordinal);
        site.Run("create").Fails(1, "is not run by root", named, "nothing was saved");
        Assert.False(File.Exists(site.In("ran")));
    }

    [Fact]
    public void Who_is_not_root_trusts_himself_and_is_told_of_others()
    {
        Machine.NeedRoot("becoming another user");
        using var site = SiteWithHooks();
        var place = new SecondPlace(site);
        var before = site.BelongToOrdinaryUser();
        Command.Shell("chmod 755 .", site.Root);
        Assert.DoesNotContain("others can change", site.Run(["config", "check"], before: before).Succeeds().Errors, StringComparison.Ordinal);
        Command.Shell("chown 1 rclone.conf", site.Root);
        site.Run(["config", "check"], before: before).Succeeds().Says($"others can change rclone's configuration {place.Config}", "belongs to daemon");
    }

    [Theory]
    [InlineData(":webdav,url=https://me:hush-1@dav.example.org/x:")]
    [InlineData(":sftp,host=h,key_pem=hush-1:")]
    [InlineData(":sftp,host=h,user=me,pass=hush-1:path")]
    [InlineData(":s3,env_auth=false,secret_access_key='hush-1':bucket")]
    [InlineData("https://me:hush-1@dav.example.org/x")]
    public void A_secret_in_a_remote_is_refused_and_shown_nowhere(string remote)
    {
        using var site = new Site(withMedia: false);
        site.Settings["offsite"] = new JsonObject { ["remote"] = remote, ["rclone_config"] = "/dev/null" };
        foreach (var words in new string[][] { ["config", "check"], ["config", "show"], ["offsite", "status"], ["create"] })
        {
            var result = site.Run(words).Fails(2, "holds a secret");
            Assert.DoesNotContain("hush-1", result.ToString().Replace(result.Line, "", StringComparison.Ordinal), StringComparison.Ordinal);
        }

        site.Settings.Remove("offsite");
        var named = site.Run("list", "--from-offsite", "--remote", remote).Ends(2);
        Assert.DoesNotContain("hush-1", named.Output + named.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public void A_secret_in_the_wrong_place_of_a_configuration_is_shown_nowhere()
    {
        using var site = new Site(withMedia: false);
        site.Settings["hooks"] = new JsonObject { ["after_create"] = new JsonArray("curl", "https://me:hush-1@example.org/x?key=hush-2", "--token=hush-3") };
        site.Settings["notify"] = new JsonObject { ["webhook_url"] = "https://example.org/hush-4" };
        var shown = site.Run("config", "show").Succeeds();
        Assert.DoesNotContain("hush", shown.Output + shown.Errors, StringComparison.Ordinal);
        site.Settings["notify"] = new JsonObject { ["telegram"] = "12345:hush-5", ["webhook_url"] = "me:hush-6@example.org" };
        var wrong = site.Run("config", "check").Ends(2);
        Assert.DoesNotContain("hush", wrong.Output + wrong.Errors, StringComparison.Ordinal);
    }

    private static Site SiteWithHooks()
    {
        var site = new Site(withMedia: false);
        Command.Shell($$"""
            mkdir hooks
            printf '#!/bin/sh\necho hook >>{{site.In("ran")}}\n' >hooks/hook
            printf 'echo script >>{{site.In("ran")}}\n' >hooks/script
            chmod 755 hooks/hook
            """, site.Root);
        site.Settings["hooks"] = new JsonObject
        {
            ["before_create"] = new JsonArray(new JsonArray(site.In("hooks/hook")), new JsonArray("sh", site.In("hooks/script"))),
        };
        site.SaveSettings();
        return site;
    }
}
