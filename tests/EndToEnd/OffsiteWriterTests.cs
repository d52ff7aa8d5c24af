using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A machine whose disk was cloned has the same repository and the same second place as the first, and so has a copied backup directory.</summary>
public sealed class OffsiteWriterTests : IDisposable
{
    private readonly Site site = new(withMedia: false);
    private readonly SecondPlace place;

    public OffsiteWriterTests() => place = new SecondPlace(site);

    public void Dispose() => site.Dispose();

    [Fact]
    public void A_clone_is_refused_until_it_takes_the_place()
    {
        Machine.NeedRoot("a machine-id of its own");
        site.Run(["create"], null, On('a')).Succeeds();
        place.AssertIsCopy();
        Command.Shell("cp -a backups clone", site.Root);

        site.Settings["backup_dir"] = site.In("clone");
        site.Write("new.txt", "of the clone");
        var before = State();
        site.Run(["create"], null, On('b')).Succeeds().Says("belongs to another machine", "a repository of its own", $"deletefile {place.Top}/writer.json");
        site.Run(["offsite", "push"], null, On('b')).Fails(1, "belongs to another machine");
        Assert.Equal(before, State());
        site.Run(["status"], null, On('b')).Ends(1).Prints("belongs to another machine");

        Command.Run("rclone", "deletefile", $"{place.Top}/writer.json").Succeeds();
        site.Run(["offsite", "push"], null, On('b')).Succeeds().Prints("copied 1 new snapshot");
        site.Settings["backup_dir"] = site.Backups;
        site.Run(["offsite", "push"], null, On('a')).Fails(1, "belongs to another machine");
    }

    [Fact]
    public void A_copied_backup_directory_is_refused_until_it_takes_the_place()
    {
        site.Create();
        Command.Shell("cp -a backups copy", site.Root);
        UseDirectory("copy");
        var before = State();

        site.Run("create").Succeeds().Says($"belongs to another copy of this repository, on this machine in {site.Backups}: nothing was copied", "an empty directory as backup_dir");
        site.Run("offsite", "push").Fails(1, "belongs to another copy", $"deletefile {place.Top}/writer.json");
        Assert.Equal(before, State());

        UseDirectory("backups");
        site.Run("offsite", "push").Succeeds();
        UseDirectory("copy");
        Command.Run("rclone", "deletefile", $"{place.Top}/writer.json").Succeeds();
        site.Run("offsite", "push").Succeeds().Prints("copied 1 new snapshot");
        UseDirectory("backups");
        site.Run("offsite", "push").Fails(1, $"belongs to another copy of this repository, on this machine in {site.In("copy")}");
    }

    [Fact]
    public void A_second_directory_that_is_fetched_from_there_is_refused_too()
    {
        site.Create();
        UseDirectory("second-site");
        site.Run("offsite", "pull").Succeeds();
        site.Run("create").Succeeds().Says("belongs to another copy of this repository");
    }

    [Theory]
    [InlineData("mv backups moved")]
    [InlineData("cp -a backups moved; rm -r backups")]
    [InlineData("cp -a backups moved; rm -r backups; mkdir backups")]
    [InlineData("mv backups moved; ln -s moved backups")]
    public void A_backup_directory_that_was_moved_goes_on(string move)
    {
        site.Create();
        Command.Shell(move, site.Root);
        UseDirectory("moved");
        Pushes("new.txt");
        Pushes("newer.txt");
    }

    /// <summary>As a virtual machine that was copied with its machine-id: only the snapshots tell them apart.</summary>
    [Fact]
    public void What_is_intact_there_and_differs_is_never_replaced()
    {
        site.Create("--no-offsite");
        site.Run("offsite", "push").Succeeds();
        Command.Shell("cp -a backups clone", site.Root);
        site.Write("new.txt", "of the first");
        site.Create("--no-offsite");
        site.Run("offsite", "push").Succeeds();
        var (id, before) = (site.Newest().Id, State());

        site.Settings["backup_dir"] = site.In("clone");
        site.Write("new.txt", "of the clone, which has more to say");
        site.Create("--no-offsite");
        var other = Directory.EnumerateFiles(site.In("clone/snapshots"), "*.json").Select(Path.GetFileNameWithoutExtension).Max()!;
        Rename(other, id);
        Command.Shell("mv backups elsewhere", site.Root);

        site.Run("offsite", "push").Fails(1, $"snapshot {id} in {place.Top} is intact and is another than the one here", "a repository of its own");
        Assert.Equal(before, State());

        // What is damaged there is replaced as before, by the machine whose it is.
        Command.Shell("mv clone away; mv elsewhere backups", site.Root);
        site.Settings["backup_dir"] = site.Backups;
        Command.Shell($"printf x >> second/snapshots/{id}.json", site.Root);
        site.Run("offsite", "push").Succeeds();
        Assert.Equal(before, State());
    }

    /// <summary>The disk was away when the copies were fetched to another directory, or to another disk in its place.</summary>
    [Theory]
    [InlineData("other", "on this machine in")]
    [InlineData("backups", "which was in this directory when it took this one's place on 2")]
    public void An_old_disk_that_comes_back_is_refused_once_another_has_taken_its_place(string directory, string which)
    {
        Machine.NeedRoot("a machine-id of its own");
        site.Run(["create"], null, On('a')).Succeeds();
        Command.Shell("mv backups away", site.Root);
        UseDirectory(directory);
        site.Run(["offsite", "pull"], null, On('a')).Succeeds();
        Pushes("new.txt", On('a'));
        var before = State();

        Command.Shell(directory == "backups" ? "mv backups new-disk; mv away backups" : "mv away backups", site.Root);
        UseDirectory("backups");
        site.Write("old.txt", "of the old disk");
        site.Run(["create"], null, On('a')).Succeeds().Says($"belongs to another copy of this repository, {which}", "nothing was copied");
        Assert.Equal(before, State());
        if (directory == "backups")
        {
            Command.Shell("mv backups old-disk; mv new-disk backups", site.Root);
        }

        UseDirectory(directory);
        Pushes("newest.txt", On('a'));

        // Whoever is given the place for good keeps it.
        Command.Shell(directory == "backups" ? "mv backups new-disk; mv old-disk backups" : "true", site.Root);
        UseDirectory("backups");
        Command.Run("rclone", "deletefile", $"{place.Top}/writer.json").Succeeds();
        site.Run(["offsite", "push"], null, On('a')).Succeeds().Prints("copied 1 new snapshot");
        if (directory == "backups")
        {
            Command.Shell("mv backups old-disk; mv new-disk backups", site.Root);
        }

        UseDirectory(directory);
        site.Run(["offsite", "push"], null, On('a')).Fails(1, "belongs to another copy of this repository");
    }

    /// <summary>What is new about the writer is known here before it is known there.</summary>
    [Fact]
    public void A_move_that_the_place_has_not_heard_of_and_another_one_after_it_go_on()
    {
        Machine.NeedRoot("a machine-id of its own");
        site.Run(["create"], null, On('a')).Succeeds();
        Command.Shell("mv backups one; cp -p second/writer.json before.json", site.Root);
        UseDirectory("one");
        Pushes("one.txt", On('a'));
        Assert.NotEqual(File.ReadAllText(site.In("before.json")), File.ReadAllText(site.In("second/writer.json")));
        var former = (string)JsonNode.Parse(File.ReadAllText(site.In("before.json")))!["token"]!;
        Damage.Reseal(site.In("one/writer.json"), text => text.Replace("\"directory\"", $"\"replaces\": \"{former}\",\n  \"directory\"", StringComparison.Ordinal));
        Command.Shell("cp -p before.json second/writer.json; mv one two", site.Root);
        UseDirectory("two");
        Pushes("two.txt", On('a'));
        Pushes("three.txt", On('a'));
    }

    /// <summary>The place cannot hear of it then, and the copies go on.</summary>
    [Fact]
    public void A_repository_that_was_moved_goes_on_with_credentials_that_may_not_delete()
    {
        Machine.NeedRoot("a machine-id of its own");
        place.ReplaceRclone(SecondPlace.MayNotDelete);
        site.Run(["create"], null, On('a')).Succeeds();
        var writer = File.ReadAllText(site.In("second/writer.json"));
        Command.Shell("mv backups moved", site.Root);
        UseDirectory("moved");
        site.Write("new.txt", "new");
        site.Run(["create"], null, On('a')).Succeeds().Prints("copied 1 new snapshot").Says("writer.json cannot be replaced");
        site.Write("newer.txt", "newer");
        Assert.DoesNotContain("writer.json", site.Run(["create"], null, On('a')).Succeeds().Prints("copied 1 new snapshot").Errors, StringComparison.Ordinal);
        Assert.Equal(writer, File.ReadAllText(site.In("second/writer.json")));
    }

    [Fact]
    public void A_machine_that_lost_its_repository_and_fetched_it_again_goes_on()
    {
        site.Run("create").Succeeds();
        Command.Shell("rm -rf backups/*", site.Root);
        site.Run("offsite", "pull").Succeeds();
        Pushes("new.txt");
        place.AssertIsCopy();
    }

    /// <summary>Gives a snapshot of the clone the ID of another, as if both had run in the same second.</summary>
    private void Rename(string from, string to)
    {
        var directory = site.In("clone/snapshots");
        foreach (var ending in new[] { ".json", ".files.jsonl.gz", ".packs.jsonl.gz" })
        {
            File.Move(Path.Combine(directory, from + ending), Path.Combine(directory, to + ending));
        }

        if (from != to)
        {
            Damage.Reseal(Path.Combine(directory, $"{to}.json"), text => text.Replace(from, to, StringComparison.Ordinal));
        }
    }

    private void Pushes(string name, string[]? before = null)
    {
        site.Write(name, name);
        Assert.DoesNotContain("belongs", site.Run(["create"], null, before ?? []).Succeeds().Prints("copied 1 new snapshot").Errors);
    }

    private void UseDirectory(string name)
    {
        Directory.CreateDirectory(site.In(name));
        site.Settings["backup_dir"] = site.In(name);
    }

    private SortedDictionary<string, string> State() =>
        new(place.Files().ToDictionary(file => file, file => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(place.In(file))))), StringComparer.Ordinal);

    private string[] On(char machine)
    {
        var file = site.In($"machine-{machine}");
        File.WriteAllText(file, new string(machine, 32) + "\n");
        return ["unshare", "-m", "sh", "-c", $"set -e; {Machine.TakeIdentity(file)}exec \"$@\"", "sh"];
    }
}
