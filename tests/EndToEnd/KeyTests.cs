using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A key that signs snapshots: made once, never replaced, and used by <c>create</c>.</summary>
public sealed class KeyTests : IDisposable
{
    private readonly Site site = new(withMedia: false);

    public KeyTests() => site.Settings["signing"] = new JsonObject { ["key_file"] = Key };

    private string Key => site.In("signing.key");

    public void Dispose() => site.Dispose();

    [Fact]
    public void A_key_is_made_that_openssl_reads_and_only_its_owner()
    {
        var made = site.Run("key", "new").Succeeds();

        Assert.Equal("600", Command.Run("stat", "-c", "%a", Key).Output.Trim());
        var spki = Command.Shell($"openssl pkey -in '{Key}' -pubout -outform DER | base64 -w0").Output;
        var fingerprint = Command.Shell($"openssl pkey -in '{Key}' -pubout -outform DER | openssl dgst -sha256 -binary | base64 | tr -d '=\n'").Output;
        made.Prints($"public key   {spki}", $"fingerprint  SHA256:{fingerprint}");
        Assert.Equal(made.Output[..made.Output.IndexOf("\n\n", StringComparison.Ordinal)] + "\n", site.Run("key", "show").Succeeds().Output);
        Assert.DoesNotContain("PRIVATE", made.Output, StringComparison.Ordinal);

        site.Write("public.txt", spki);
        Assert.Equal(site.Run("key", "show").Output.Split('\n')[1..], site.Run("key", "show", site.InStorage("public.txt")).Succeeds().Output.Split('\n')[1..]);
    }

    [Fact]
    public void It_is_made_by_a_file_that_must_be_new()
    {
        Machine.NeedStrace();
        site.Run(["key", "new"], null, ["strace", "-f", "-o", site.In("trace"), "-e", "trace=openat,openat2"]).Succeeds();
        Assert.Contains(File.ReadLines(site.In("trace")), line => line.Contains("\".signing.key.", StringComparison.Ordinal) && line.Contains(".new\"", StringComparison.Ordinal)
            && line.Contains("O_CREAT|O_EXCL", StringComparison.Ordinal) && line.Contains("0600", StringComparison.Ordinal));

        var before = File.ReadAllText(Key);
        site.Run("key", "new").Fails(1, $"{Key} exists already", "never replaced");
        Assert.Equal(before, File.ReadAllText(Key));
        File.Delete(Key);
        File.CreateSymbolicLink(Key, site.In("elsewhere"));
        site.Run("key", "new").Fails(1, "exists already");
        Assert.False(File.Exists(site.In("elsewhere")));
    }

    [Fact]
    public void It_belongs_to_the_owner_of_the_backup_directory()
    {
        var before = site.BelongToOrdinaryUser();
        site.Run("key", "new").Succeeds();

        Assert.Equal(Command.Run("stat", "-c", "%u:%g", site.Backups).Output, Command.Run("stat", "-c", "%u:%g", Key).Output);
        site.Run(["create"], null, before).Succeeds();
        site.Run("create").Succeeds();
        Assert.All(site.Snapshots(), snapshot => Assert.NotNull(snapshot.Header["signer"]));
    }

    /// <summary>RECOVERY.txt, followed to the letter.</summary>
    [Fact]
    public void A_signature_is_checked_with_openssl()
    {
        var key = site.Run("key", "new").Succeeds().Output.Split('\n').First(line => line.StartsWith("public key", StringComparison.Ordinal)).Split(' ')[^1];
        var snapshot = site.Create();
        var text = File.ReadAllText(Path.Combine(site.Backups, "RECOVERY.txt"));
        var part = text[text.IndexOf("5. Who wrote it?", StringComparison.Ordinal)..text.IndexOf("-----8<-----", StringComparison.Ordinal)];
        var commands = part.Split('\n').Where(line => line.StartsWith("       ", StringComparison.Ordinal));
        // In one pass: one key in forty has the letters ID in it.
        var words = new Dictionary<string, string> { ["KEY"] = key, ["ID"] = snapshot.Id, ["/tmp"] = site.Root };
        var script = Regex.Replace(string.Join('\n', commands), string.Join('|', words.Keys), word => words[word.Value]);

        Assert.Equal($"Verified OK\nsnapshots/{snapshot.Id}.files.jsonl.gz: OK\nsnapshots/{snapshot.Id}.packs.jsonl.gz: OK\n", Command.Shell(script, site.Backups).Output);
        Forger.Reseal(snapshot.HeaderPath, header => header.Replace("\"host\": \"", "\"host\": \"x", StringComparison.Ordinal));
        Assert.Contains("Verification failure", Command.Run(["bash", "-euc", script], directory: site.Backups).Ends(1).Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void A_snapshot_names_the_one_before_it_by_hash()
    {
        site.Run("key", "new").Succeeds();
        var first = site.Create();
        var second = site.Create();

        var sum = Command.Run("sha256sum", Path.Combine(site.Backups, $"snapshots/{first.Id}.json")).Output.Split(' ')[0];
        Assert.Equal((first.Id, sum), ((string)second.Header["previous"]!["id"]!, (string)second.Header["previous"]!["sha256"]!));
    }

    [Theory]
    [InlineData("rm KEY", 2, "does not exist")]
    [InlineData("chmod 640 KEY", 1, "is open to others than its owner (mode 0640)")]
    [InlineData("echo nothing >KEY", 2, "is not a signing key")]
    [InlineData("rm KEY; mkfifo -m 600 KEY", 1, "cannot be read")]
    public void Nothing_is_saved_unsigned_because_the_key_cannot_be_used(string script, int code, string message)
    {
        site.Run("key", "new").Succeeds();
        Command.Shell(script.Replace("KEY", Key, StringComparison.Ordinal));

        site.Run("create").Fails(code, message, Key);
        Assert.Empty(site.Snapshots());
        site.Run("doctor").Prints("signing key", message);
    }

    [Fact]
    public void Snapshots_are_imported_signed_too()
    {
        site.Run("key", "new").Succeeds();
        var old = new PythonSystem(site);
        old.Create("storage", "20240107_030000");

        site.Run("import", old.Backups).Succeeds();

        Assert.NotNull(site.Newest().Header["signature"]);
    }
}
