using System.Text.RegularExpressions;

namespace VertexAr.Backup.EndToEnd;

/// <summary>The commands that messages offer work as they are printed.</summary>
public sealed class AdviceTests
{
    [Theory]
    [InlineData("show", "20200101T000000Z")]
    [InlineData("verify", "20200101T000000Z")]
    [InlineData("restore", "20200101T000000Z", "--to", "/nowhere")]
    public void A_hint_finds_the_configuration_that_the_command_was_given(params string[] command)
    {
        using var site = new Site(withMedia: false);
        var snapshot = site.Create();
        Typed(site.Run(command).Ends(1).Errors).Succeeds().Prints(snapshot.Id);
        site.SaveSettings();
        var named = new Dictionary<string, string?> { ["VERTEX_AR_BACKUP_CONFIG"] = site.Config };
        Typed(Program.Run(command, named).Ends(1).Errors).Succeeds().Prints(snapshot.Id);
        Typed(Program.Run([.. command, "--backup-dir", site.Backups], null).Ends(1).Errors).Succeeds().Prints(snapshot.Id);
    }

    [Fact]
    public void So_does_what_status_and_doctor_advise()
    {
        using var site = new Site(withMedia: false);
        site.Create();
        Typed(site.Run("status").Succeeds().Output).Succeeds().Prints("1 snapshot");
        var remarks = Json.Lines(site.Run("status", "--json").Succeeds().Output)[0]["remarks"]!.AsArray();
        Assert.Contains(remarks, remark => ((string?)remark!["mend"])?.Contains($"--config {site.Config} drill", StringComparison.Ordinal) == true);
        Directory.Delete(Path.Combine(site.Backups, "snapshots"), recursive: true);
        Directory.CreateDirectory(Path.Combine(site.Backups, "snapshots"));
        Typed(site.Run("status").Ends(1).Output).Succeeds().Prints("saved");
    }

    [Fact]
    public void And_what_is_notified()
    {
        using var site = new Site(withMedia: false);
        Command.Shell($"printf '#!/bin/sh\\ncat >>{site.In("mail")}\\n' >{site.In("sendmail")}; chmod 755 {site.In("sendmail")}");
        site.Settings["notify"] = new System.Text.Json.Nodes.JsonObject
        {
            ["on"] = new System.Text.Json.Nodes.JsonArray("partial"),
            ["mail"] = new System.Text.Json.Nodes.JsonObject { ["to"] = "root", ["sendmail"] = site.In("sendmail") },
        };
        Directory.Move(site.Storage, site.Storage + "-away");
        site.Run("create").Ends(3);
        Typed(File.ReadAllText(site.In("mail"))).Succeeds().Prints(site.Newest().Id, "missing");
    }

    /// <summary>Types the first command of the program that a text offers, as whoever reads it would.</summary>
    private static Result Typed(string text)
    {
        var line = Regex.Match(text, "vertex-ar-backup (--config|--backup-dir) [^'\n]*");
        Assert.True(line.Success, text);
        var words = line.Value.Split(" shows")[0].TrimEnd();
        return Command.Run(["bash", "-c", $"vertex-ar-backup() {{ '{Program.Binary}' \"$@\"; }}; {words}"], Program.Environment(null));
    }
}
