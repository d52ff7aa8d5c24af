using System.Security.Cryptography;
using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Whoever can write where the snapshots are, but has no key, is found out by the commands that read them.</summary>
public sealed class SignatureTests : IDisposable
{
    private readonly Site site = new(withMedia: false);

    public SignatureTests()
    {
        site.Settings["signing"] = new JsonObject { ["key_file"] = Key };
        Public = MakeKey(Key);
    }

    private string Key => site.In("signing.key");

    private string Public { get; }

    private string Manifest => Path.Combine(site.Backups, "manifest.json");

    public void Dispose() => site.Dispose();

    [Fact]
    public void What_was_signed_here_is_believed()
    {
        site.Create();
        var id = site.Create().Id;

        site.Run("list").Succeeds();
        site.Run("verify").Succeeds();
        site.Run("verify", "--deep").Succeeds();
        site.Run("drill").Succeeds();
        var restored = site.Run("restore", id, "--to", site.In("out")).Succeeds();
        Assert.Equal("", restored.Errors);
    }

    /// <summary>By a header that is as good as one of ours in everything but its signature.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_forged_header_is_refused(bool signedByAnother)
    {
        var real = site.Create();
        var other = signedByAnother ? MakeKey(site.In("other.key")) : null;
        var forged = Forger.Forge(Path.Combine(site.Backups, "snapshots"), real.Id, other is null ? null : (other, site.In("other.key")));
        var reason = signedByAnother ? $"is signed by another key, {Fingerprint(other!)}" : "is not signed";

        site.Run("list").Ends(1).Says($"snapshot {forged} is not trusted: its header {reason}");
        site.Run("verify").Ends(1).Prints($"header of snapshot {forged} {reason}");
        site.Run("verify", forged).Fails(1, $"{forged}.json {reason}");
        site.Run("restore", forged, "--to", site.In("out")).Fails(1, $"{forged}.json {reason}");
        site.Run("show", forged).Fails(1, reason);
        site.Run("drill", forged).Ends(1).Says(reason);
        Assert.False(Directory.Exists(site.In("out")));
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds().Says($"snapshot {forged} is newer, but not trusted: its header {reason}");

        // The operator who knows better may have it.
        site.Run("restore", forged, "--to", site.In("none"), "--trust", "none").Succeeds();
    }

    /// <summary>Only the newest of each type is looked at: a status must be quick with a thousand of them.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_newest_snapshot_that_nobody_vouches_for_is_unhealthy(bool signedByAnother)
    {
        var real = site.Create();
        site.Run("status").Succeeds();
        var other = signedByAnother ? MakeKey(site.In("other.key")) : null;
        var forged = Forger.Forge(Path.Combine(site.Backups, "snapshots"), real.Id, other is null ? null : (other, site.In("other.key")));
        var problem = $"the newest snapshot, {forged}, is not trusted: its header {(signedByAnother ? $"is signed by another key, {Fingerprint(other!)}" : "is not signed")}";

        site.Run("status").Ends(1).Prints(problem);
        Assert.Contains(problem.Split(',')[0], site.Run("status", "--json").Ends(1).Output, StringComparison.Ordinal);
        site.Run("doctor").Ends(1).Prints("signatures: ");
        Command.Shell($"rm snapshots/{forged}.*", site.Backups);
        site.Run("status").Succeeds();

        // Who may not read the key is not told that all is well with it.
        Command.Shell("chmod 640 signing.key", site.Root);
        site.Run("status").Succeeds().Prints("no signature was looked at: ");
    }

    [Fact]
    public void A_header_that_was_edited_by_one_byte_is_refused()
    {
        var snapshot = site.Create();
        File.Delete(Manifest);
        Forger.Reseal(snapshot.HeaderPath, text => text.Replace("\"host\": \"", "\"host\": \"x", StringComparison.Ordinal));

        const string reason = "does not match its signature";
        site.Run("list").Ends(1).Says(reason);
        site.Run("verify").Ends(1).Prints(reason);
        site.Run("restore", snapshot.Id, "--to", site.In("out")).Fails(1, reason);
    }

    /// <summary>Listed by hash, it need not even be looked at who signed it.</summary>
    [Fact]
    public void A_header_that_was_replaced_is_refused_by_the_list()
    {
        var snapshot = site.Create();
        Forger.Reseal(snapshot.HeaderPath, text => text.Replace("\"host\": \"", "\"host\": \"x", StringComparison.Ordinal));

        site.Run("restore", snapshot.Id, "--to", site.In("out")).Fails(1, "is not the one that the signed manifest lists");
    }

    [Fact]
    public void A_signature_that_was_removed_is_missed()
    {
        var snapshot = site.Create();
        File.Delete(Manifest);
        Forger.Reseal(snapshot.HeaderPath, Forger.Unsigned);

        site.Run("verify").Ends(1).Prints("is not signed");
        site.Run("restore", snapshot.Id, "--to", site.In("out")).Fails(1, "is not signed");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_snapshot_that_somebody_removed_is_missed(bool newest)
    {
        var (first, second) = (site.Create(), site.Create());
        var (gone, left) = newest ? (second.Id, first.Id) : (first.Id, second.Id);
        Command.Shell($"rm snapshots/{gone}.*", site.Backups);

        var reason = $"snapshot {gone} is missing: it is in the list that was signed on ";
        site.Run("list").Ends(1).Says(reason);
        site.Run("verify").Ends(1).Prints(reason);
        site.Run("verify", left).Ends(1).Prints(reason);
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds().Says(reason);

        // Also after more runs, until the operator says that it is right.
        site.Create();
        site.Run("verify").Ends(1).Prints(reason);
        site.Run("key", "sign").Fails(2, reason, "add --yes");
        site.Run("key", "sign", "--yes").Succeeds().Prints("lists 2 snapshots");
        site.Run("verify").Succeeds();
    }

    [Fact]
    public void What_rotation_removed_is_not_missed()
    {
        site.Settings["max_backups"] = 2;
        for (var i = 0; i < 4; i++)
        {
            site.Create();
        }

        site.Run("verify").Succeeds();
        site.Run("rotate", "--max-backups", "1").Succeeds();
        Assert.Single(site.Snapshots());
        site.Run("verify").Succeeds();
        site.Run("list").Succeeds();
    }

    [Fact]
    public void Without_the_list_it_is_said_that_nothing_can_be_seen()
    {
        site.Create();
        File.Delete(Manifest);

        site.Run("verify").Ends(1).Prints("manifest.json is missing, though there are signed snapshots");
        site.Create();
        site.Run("verify").Succeeds();
    }

    [Fact]
    public void A_list_of_another_key_proves_nothing()
    {
        site.Create();
        var foreign = site.In("other.key");
        MakeKey(foreign);
        File.WriteAllBytes(Manifest, Forger.Sealed(Forger.Unsigned(Forger.Unsealed(Manifest)), foreign));

        site.Run("verify").Ends(1).Prints("manifest.json does not match its signature");
        site.Run("create").Succeeds().Says("manifest.json does not match its signature", "key sign");
    }

    /// <summary>Snapshots from before there was a key do not count until somebody vouches for them.</summary>
    [Fact]
    public void What_was_made_before_is_vouched_for_by_hand()
    {
        var signing = site.Settings["signing"]!.DeepClone();
        site.Settings.Remove("signing");
        var old = site.Create();
        site.Settings["signing"] = signing;
        site.Create();

        site.Run("verify").Ends(1).Prints($"header of snapshot {old.Id} is not signed");
        site.Run("restore", old.Id, "--to", site.In("out")).Fails(1, "is not signed", "key sign");
        site.Run("key", "sign").Fails(2, $"1 snapshot not signed by a trusted key: {old.Id}", "--yes");
        site.Run("key", "sign", "--yes").Succeeds().Prints("lists 2 snapshots, signed with SHA256:");
        site.Run("verify").Succeeds();
        site.Create();
        site.Run("verify").Succeeds();
        site.Run("restore", old.Id, "--to", site.In("out")).Succeeds();

        // By its content, not by its name.
        Forger.Reseal(old.HeaderPath, text => text.Replace("\"host\": \"", "\"host\": \"x", StringComparison.Ordinal));
        site.Run("restore", old.Id, "--to", site.In("forged")).Fails(1, "somebody replaced it");
    }

    [Fact]
    public void A_replaced_key_needs_the_former_one_or_a_word_of_the_operator()
    {
        var old = site.Create();
        var former = Public;
        File.Move(Key, Key + ".old");
        var now = MakeKey(Key);

        site.Run("verify").Ends(1).Prints($"is signed by another key, {Fingerprint(former)}");
        site.Run("verify", "--trust", former).Succeeds();
        site.Settings["signing"]!["trust"] = new JsonArray(former);
        site.Run("verify").Succeeds();
        site.Create();
        site.Run("verify").Succeeds();
        site.Settings["signing"]!.AsObject().Remove("trust");
        site.Run("key", "sign", "--yes").Succeeds();
        site.Run("verify", "--trust", Fingerprint(now)).Succeeds();
        site.Run("restore", old.Id, "--to", site.In("out")).Succeeds();
    }

    [Fact]
    public void A_machine_that_only_reads_needs_no_more_than_the_public_key()
    {
        var id = site.Create().Id;
        site.Settings.Remove("signing");
        File.WriteAllText(site.In("public.txt"), Public + "\n");
        Command.Shell($"openssl pkey -in '{Key}' -pubout -out '{site.In("public.pem")}'; mv '{Key}' '{Key}.away'");
        var other = MakeKey(site.In("other.key"));

        foreach (var trust in new[] { Public, Fingerprint(Public), site.In("public.txt"), site.In("public.pem") })
        {
            site.Run("verify", "--trust", trust).Succeeds();
            site.Run("verify", "--trust", other, "--trust", trust).Succeeds();
        }

        site.Run("list", "--trust", other).Ends(1).Says($"is signed by another key, {Fingerprint(Public)}");
        site.Run("verify", "--trust", "no-such-file").Fails(2, "'no-such-file' is neither a public key nor a fingerprint");
        site.Run("verify", "--trust", Key + ".away").Fails(2, "has no public key in it");
        site.Run("restore", id, "--to", site.In("out"), "--trust", Public).Succeeds()
            .Says("nothing here remembers what", "its list of 1 snapshot was signed just now", $"the newest in it is {id}");

        site.Settings["signing"] = new JsonObject { ["trust"] = new JsonArray(Public) };
        site.Run("list").Succeeds();
        site.Settings["signing"] = new JsonObject { ["trust"] = new JsonArray(Fingerprint(other)) };
        site.Run("list").Ends(1).Says("not trusted");
    }

    [Fact]
    public void A_key_that_cannot_be_read_is_not_passed_over()
    {
        site.Create();
        Command.Run("chmod", "640", Key).Succeeds();
        site.Run("verify").Fails(1, "is open to others than its owner");
        File.Delete(Key);
        site.Run("verify").Fails(2, $"the signing key {Key} does not exist");
        site.Run("list").Fails(2, "does not exist");
        site.Run("restore", "latest", "--to", site.In("out")).Fails(2, "does not exist");
    }

    /// <summary>Programs of before read signed snapshots as any others: the seal is as it was.</summary>
    [Fact]
    public void Without_a_key_signed_snapshots_are_read_as_any_others()
    {
        var id = site.Create().Id;
        site.Settings.Remove("signing");

        site.Run("verify", "--deep").Succeeds();
        site.Run("restore", id, "--to", site.In("out")).Succeeds();
        site.Create();
        site.Run("rotate", "--max-backups", "1").Succeeds().Says("manifest.json is removed");
        site.Run("verify").Succeeds();
    }

    private string MakeKey(string file)
    {
        var made = site.Run("key", "new", file).Succeeds().Output;
        return made.Split('\n').First(line => line.StartsWith("public key", StringComparison.Ordinal)).Split(' ')[^1];
    }

    private static string Fingerprint(string key) => "SHA256:" + Convert.ToBase64String(SHA256.HashData(Convert.FromBase64String(key))).TrimEnd('=');
}
