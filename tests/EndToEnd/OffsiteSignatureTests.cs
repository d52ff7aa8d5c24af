using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Whoever can write to the second place, but has no key, is found out: by the next push, by a check, and by a new machine.</summary>
public sealed class OffsiteSignatureTests : IDisposable
{
    private readonly Site site = new(withMedia: false);
    private readonly SecondPlace place;

    public OffsiteSignatureTests()
    {
        place = new SecondPlace(site);
        site.Settings["signing"] = new JsonObject { ["key_file"] = site.In("signing.key") };
        var made = site.Run("key", "new").Succeeds().Output;
        Public = made.Split('\n').First(line => line.StartsWith("public key", StringComparison.Ordinal)).Split(' ')[^1];
    }

    private string Public { get; }

    /// <summary>A machine that has nothing but rclone's configuration and the public key.</summary>
    private string[] NewMachine => [.. place.Options, "--trust", Public, "--backup-dir", Directory.CreateDirectory(site.In("new")).FullName];

    public void Dispose() => site.Dispose();

    [Fact]
    public void What_was_copied_is_believed_here_and_on_a_new_machine()
    {
        site.Create();
        site.Create();

        Assert.Contains("manifest.json", place.Files());
        site.Run("offsite", "verify", "--deep").Succeeds();
        site.Run("offsite", "status").Succeeds();
        site.Run("list", "--from-offsite").Succeeds();
        Program.Run(["offsite", "verify", .. place.Options, "--trust", Public]).Succeeds();
        Program.Run(["offsite", "pull", .. NewMachine]).Succeeds();
        Program.Run(["verify", "--deep", .. NewMachine[4..]]).Succeeds();
    }

    [Fact]
    public void A_copy_through_crypt_is_signed_too()
    {
        using var other = new Site(withMedia: false);
        _ = new SecondPlace(other, crypt: true);
        other.Settings["signing"] = new JsonObject { ["key_file"] = other.In("signing.key") };
        other.Run("key", "new").Succeeds();
        other.Create();

        other.Run("offsite", "verify").Succeeds();
    }

    [Fact]
    public void A_forged_snapshot_there_is_neither_restored_nor_pulled()
    {
        var real = site.Create().Id;
        var forged = Forger.Forge(place.In("snapshots"), real);

        site.Run("list", "--from-offsite").Ends(1).Says($"snapshot {forged} is not trusted: its header is not signed");
        site.Run("offsite", "verify").Ends(1).Prints($"header of snapshot {forged} is not signed");
        site.Run("offsite", "status").Ends(1).Says("not trusted there");
        site.Run("restore", forged, "--from-offsite", "--to", site.In("out")).Fails(1, "is not signed");
        site.Run("restore", "latest", "--from-offsite", "--to", site.In("latest")).Succeeds().Says($"snapshot {forged} is newer, but not trusted there");
        Program.Run(["offsite", "pull", .. NewMachine]).Ends(1).Says($"snapshot {forged} could not be brought here", "is not signed");
        Assert.Equal([real + ".json"], Directory.GetFiles(site.In("new/snapshots"), "*.json").Select(Path.GetFileName));
        site.Run("offsite", "push").Says($"snapshot {forged}", "is not listed as one of ours");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_snapshot_that_was_removed_there_is_missed(bool newest)
    {
        site.Settings["max_backups"] = 1;
        var ids = new[] { site.Create().Id, site.Create().Id, site.Create().Id };
        Assert.Single(site.Snapshots());
        var gone = newest ? ids[2] : ids[0];
        Command.Shell($"rm snapshots/{gone}.*", place.Top);

        var reason = $"snapshot {gone} is missing: it is in the list that was signed on ";
        site.Run("offsite", "verify").Ends(1).Prints(reason);
        site.Run("list", "--from-offsite").Ends(1).Says(reason);
        Program.Run(["list", "--from-offsite", .. place.Options, "--trust", Public]).Ends(1).Says(reason);
        site.Run("restore", ids[1], "--from-offsite", "--to", site.In("out")).Succeeds().Says(reason);
        Program.Run(["restore", ids[1], "--from-offsite", "--to", site.In("there"), .. NewMachine]).Succeeds()
            .Says(reason, "nothing here remembers what", "was signed just now");

        // What is here is sent again; what is not, is told once, by a run that fails.
        if (newest)
        {
            site.Run("offsite", "push").Succeeds();
        }
        else
        {
            site.Run("offsite", "push").Ends(1).Says(reason);
            site.Run("status").Ends(1).Prints("somebody else changed");
            site.Run("offsite", "push").Succeeds();
        }

        site.Run("offsite", "verify").Succeeds();
    }

    [Fact]
    public void Yesterdays_bucket_is_known_for_what_it_is_where_it_is_remembered()
    {
        site.Settings["max_backups"] = 1;
        var old = site.Create().Id;
        Command.Shell($"cp -a '{place.Top}' '{place.Top}.yesterday'");
        var id = site.Create().Id;
        Command.Shell($"mv '{place.Top}' '{place.Top}.today'; mv '{place.Top}.yesterday' '{place.Top}'");

        string[] words = ["shows an older state: its list was signed on", $"snapshot {id} is missing"];
        site.Run("offsite", "verify").Ends(1).Prints(words);
        site.Run("offsite", "status").Ends(1).Says(words);
        site.Run("list", "--from-offsite").Ends(1).Says(words);
        site.Run("restore", old, "--from-offsite", "--to", site.In("out")).Succeeds().Says(words);

        // A new machine cannot know; it says how old that is before anything is put in place.
        Program.Run(["restore", old, "--from-offsite", "--to", site.In("there"), .. NewMachine]).Succeeds()
            .Says("nothing here remembers what", $"the newest in it is {old}", "an older state is being shown");
        site.Run("offsite", "push").Ends(1).Says(words[0]);
    }

    [Fact]
    public void What_its_own_retention_removes_there_is_not_missed()
    {
        place.Settings["max_backups"] = 1;
        site.Create();
        site.Create();
        site.Run("offsite", "verify").Succeeds();

        place.Settings["max_backups"] = 2;
        site.Create();
        site.Create();
        site.Run("offsite", "push").Succeeds();
        site.Run("offsite", "verify").Succeeds();
    }

    [Fact]
    public void A_list_that_was_removed_or_changed_there_is_missed()
    {
        site.Create();
        File.Delete(place.In("manifest.json"));
        site.Run("offsite", "verify").Ends(1).Prints("manifest.json in", "is missing");
        site.Run("offsite", "push").Ends(1).Says("is missing");
        site.Run("offsite", "verify").Succeeds();

        Forger.Reseal(place.In("manifest.json"), text => text.Replace("\"number\": ", "\"number\": 1", StringComparison.Ordinal));
        site.Run("offsite", "verify").Ends(1).Prints("manifest.json in", "does not match its signature");
        site.Run("offsite", "push").Ends(1).Says("does not match its signature");
        site.Run("offsite", "verify").Succeeds();
    }

    /// <summary>It must not take the former list, of the same size, for the new one: by that, the snapshots that it does not list were made by somebody else.</summary>
    [Fact]
    public void A_list_that_cannot_be_replaced_is_no_new_list()
    {
        var first = site.Create().Id;
        var listed = File.ReadAllText(place.In("manifest.json"));
        place.ReplaceRclone(SecondPlace.MayNotDelete);
        site.Run("create").Succeeds().Says("manifest.json cannot be replaced", "not allowed");
        var second = site.Newest().Id;

        Assert.Equal(listed, File.ReadAllText(place.In("manifest.json")));
        Assert.Contains($"snapshots/{second}.json", place.Files());
        site.Run("offsite", "push").Fails(1, "manifest.json cannot be replaced", "needs credentials that may replace this one file");
        place.Settings.Remove("rclone");
        site.Run("offsite", "push").Succeeds();
        site.Run("offsite", "verify").Succeeds();
        Assert.NotEqual(first, second);
    }

    /// <summary>What it needs to know of signatures, it learns before it becomes the owner of the backup directory.</summary>
    [Fact]
    public void Run_by_root_it_knows_the_keys_though_the_service_may_not_read_the_configuration()
    {
        Machine.NeedRoot("becoming another user");
        _ = site.BelongToOrdinaryUser();
        Command.Shell($"chown root:root '{site.Config}'; chmod 600 '{site.Config}'");

        Assert.Equal("", site.Run("create").Succeeds().Errors);
        site.Run("verify").Succeeds().Prints("each snapshot is signed");
        site.Run("offsite", "verify").Succeeds();
        site.Run("list", "--from-offsite").Succeeds();
        site.Run("restore", "latest", "--from-offsite", "--to", site.In("out")).Succeeds();
        Forger.Reseal(site.Newest().HeaderPath, text => text.Replace("\"host\": \"", "\"host\": \"x", StringComparison.Ordinal));
        site.Run("verify").Ends(1).Prints("somebody replaced it");
        Assert.Equal("", Command.Run("find", site.Backups, "-not", "-user", $"{Machine.OrdinaryUser}").Output);
    }

    /// <summary>Its list would not have what the other has copied since.</summary>
    [Fact]
    public void Who_lost_the_right_to_copy_signs_no_list()
    {
        site.Create();
        site.Create("--no-offsite");
        var signed = File.ReadAllBytes(place.In("manifest.json"));
        place.ReplaceRclone($$"""
            names=$(printf '%s\n' "$@" | grep -A 1 -x -e --files-from-raw | tail -n 1)
            [[ $verb = copy && ! -e $note && $(cat "$names") = manifest.json ]] && { echo > "$note"; rm '{{site.Backups}}'/leases/*.json; }
            """);

        site.Run("offsite", "push").Fails(1, "was taken away");

        Assert.True(File.Exists(site.In("note")));
        Assert.Equal(signed, File.ReadAllBytes(place.In("manifest.json")));
        site.Run("offsite", "push").Succeeds();
        site.Run("offsite", "verify").Succeeds();
    }

    /// <summary>Copies from before there was a key count once they were vouched for here.</summary>
    [Fact]
    public void What_was_copied_before_counts_once_it_is_vouched_for()
    {
        var signing = site.Settings["signing"]!.DeepClone();
        site.Settings.Remove("signing");
        var old = site.Create().Id;
        site.Settings["signing"] = signing;

        site.Run("offsite", "push").Succeeds().Says($"snapshot {old}", "is not listed as one of ours");
        site.Run("offsite", "verify").Ends(1).Prints($"header of snapshot {old} is not signed");
        site.Run("key", "sign", "--yes").Succeeds();
        site.Run("offsite", "push").Succeeds();
        site.Run("offsite", "verify").Succeeds();
        Program.Run(["offsite", "pull", .. NewMachine]).Succeeds();
        Program.Run(["restore", old, "--to", site.In("out"), .. NewMachine[4..]]).Succeeds();
    }
}
