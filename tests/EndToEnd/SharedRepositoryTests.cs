using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>One backup directory for two configurations of a machine, or for two machines: neither harms the other's snapshots, nor takes them for its own.</summary>
public sealed class SharedRepositoryTests : IDisposable
{
    private readonly Site site = new(withMedia: false);

    public SharedRepositoryTests() => site.Settings["max_backups"] = 2;

    public void Dispose() => site.Dispose();

    [Fact]
    public void Two_configurations_keep_and_restore_what_is_theirs()
    {
        site.Settings["databases"] = new JsonArray();
        Configure("one");
        var first = site.Create("storage").Id;
        Configure("two");
        site.Create("storage");
        site.Create("storage");
        var last = site.Create("storage").Id;
        Assert.Equal(3, site.Snapshots().Count);
        Assert.Equal(first, site.Snapshots()[0].Id);
        site.Run("rotate", "--dry-run", "--max-backups", "1").Succeeds().Prints($"{first}  storage   keep    of another site").Says("1 snapshot of another site");
        site.Run("list").Succeeds().Prints("SOURCES", "one", "two");

        Configure("one");
        File.WriteAllText(site.In("one/f"), "work");
        site.Run("restore", "latest", "--yes").Succeeds().Says($"{last} is newer, but of another site, 'two' on ").Prints(first);
        Assert.Equal(("one", "two"), (File.ReadAllText(site.In("one/f")), File.ReadAllText(site.In("two/f"))));
        site.Run("drill").Succeeds().Prints(first);
        site.Create("storage");
        Assert.Equal(4, site.Snapshots().Count);
        site.Create("storage");
        Assert.Equal(4, site.Snapshots().Count);
        Assert.DoesNotContain(first, site.Snapshots().Select(snapshot => snapshot.Id));
        site.Run("verify", "--deep").Succeeds();
    }

    /// <summary>Each has a database of its own beside the tree that both save: the only copies are in its own snapshots, and those of the tree alone are of one of them, too.</summary>
    [Theory]
    [InlineData("full")]
    [InlineData("storage")]
    public void Two_configurations_that_share_a_tree_rotate_what_is_theirs(string type)
    {
        Command.Shell("sqlite3 one.db 'create table t(v)'; sqlite3 two.db 'create table t(v)'", site.Root);
        UseDatabase("one");
        var first = site.Create(type).Id;
        UseDatabase("two");
        for (var night = 0; night < 3; night++)
        {
            site.Create(type);
        }

        Assert.Equal(3, site.Snapshots().Count);
        UseDatabase("one");
        site.Run("restore", "latest", "--to", site.In("out"), type == "storage" ? "--only=storage" : "--only=database").Succeeds().Prints(first);
        Assert.Equal(type == "full", File.Exists(site.In("out/one/one.db")));

        // That the file is gone as well says that it was ours.
        UseDatabase("two");
        File.Delete(site.In("one.db"));
        site.Create(type);
        Assert.DoesNotContain(first, site.Snapshots().Select(snapshot => snapshot.Id));
    }

    /// <summary>That one night's clock says that ninety days went by is no proof that the other site is silent.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_clock_that_is_ahead_for_a_night_removes_nothing_of_the_other_site(bool rotates)
    {
        Command.Shell("sqlite3 one.db 'create table t(v)'; sqlite3 two.db 'create table t(v)'", site.Root);
        var start = DateTimeOffset.UtcNow.AddDays(-5);
        UseDatabase("one");
        List<string> others = [.. Enumerable.Range(0, 2).Select(night => Night(night))];
        UseDatabase("two");
        Night(0.1);
        Night(1.1);
        Night(200, rotates ? [] : ["--no-rotate"]);
        Assert.Empty(others.Except(site.Snapshots().Select(snapshot => snapshot.Id)));
        Night(2.1);
        Assert.Empty(others.Except(site.Snapshots().Select(snapshot => snapshot.Id)));

        string Night(double day, params string[] options)
        {
            var before = site.Snapshots().Select(snapshot => snapshot.Id).ToHashSet();
            site.Run(["create", .. options], FakeClock.At(start.AddDays(day))).Succeeds();
            return site.Snapshots().Select(snapshot => snapshot.Id).First(id => !before.Contains(id));
        }
    }

    /// <summary>Each has a tree of its own called 'app' beside the one that both save: what the one lost, and what is latest, is not told by the other's.</summary>
    [Fact]
    public void Two_trees_of_the_same_name_are_compared_until_the_second_is_accepted()
    {
        site.Settings["databases"] = new JsonArray();
        Command.Shell("mkdir one two; for i in $(seq 40); do echo $i >one/a$i; done; echo b1 >two/b1; echo b2 >two/b2", site.Root);
        UseTree("one");
        var first = site.Create().Id;
        UseTree("two");
        site.Run("create", "--dry-run").Ends(3).Says("lost its content: 40 files");
        site.Run("create").IsPartial("lost its content: 40 files", $"(since snapshot {first})");
        site.Run("create", "--accept-shrink").Succeeds();
        var second = site.Create().Id;
        site.Run("show", "latest").Succeeds().Prints(second);

        UseTree("one");
        site.Run("show", "latest").Succeeds().Prints(first).Says($"{second} is newer, but of another site");
        Command.Shell("rm one/*; echo 1 >one/new; echo 2 >one/other", site.Root);
        site.Run("create").IsPartial("lost its content: 40 files", $"(since snapshot {first})");
        UseTree("two");
        site.Create();
        UseTree("one");
        site.Run("create").IsPartial("lost its content: 40 files", $"(since snapshot {first})");
        Assert.Contains(first, site.Snapshots().Select(snapshot => snapshot.Id));
    }

    /// <summary>What may be our own 'app' at a new place and is empty there, or lacks most of what it had, is lost, though the former place is still there.</summary>
    [Theory]
    [InlineData("true")]
    [InlineData("cp one/a1 one/a2 two/; echo x >two/x")]
    [InlineData("echo x >two/x; echo y >two/y")]
    public void A_tree_that_was_moved_beside_others_is_compared_with_what_it_was(string put)
    {
        site.Settings["databases"] = new JsonArray();
        Command.Shell($"mkdir one two; for i in $(seq 40); do echo $i >one/a$i; done; {put}", site.Root);
        UseTree("one");
        var first = site.Create().Id;
        UseTree("two");
        site.Run("create").IsPartial("lost its content: 40 files", $"(since snapshot {first})");
        site.Run("create").IsPartial("lost its content: 40 files", $"(since snapshot {first})");
    }

    [Fact]
    public void Status_judges_by_no_snapshot_of_a_site_that_shares_a_tree()
    {
        Command.Shell("sqlite3 one.db 'create table t(v)'; sqlite3 two.db 'create table t(v)'", site.Root);
        UseDatabase("two");
        site.Create();
        UseDatabase("one");
        site.Run("status").Ends(1).Prints("no snapshot that is known to be of this site has 'one'");
        site.Create();
        site.Run("status").Succeeds();
        UseDatabase("two");
        var later = FakeClock.At(DateTimeOffset.UtcNow.AddDays(3));
        site.Run(["create"], later).Succeeds();
        site.Run(["status"], later).Succeeds();
        UseDatabase("one");
        site.Run(["status"], later).Ends(1).Prints("was made 3 days ago");

        // Taken out of the configuration, the tree that both save is not another site's alone: what has all of ours is ours.
        site.Run(["create"], later).Succeeds();
        site.Settings["storage"] = new JsonArray();
        site.Run(["create", "database"], later).Succeeds();
        site.Run(["status"], later).Succeeds();
    }

    /// <summary>Backups that the Python systems of two servers made in the same second, of databases of the same size.</summary>
    [Fact]
    public void What_was_imported_for_another_site_is_imported_for_this_one()
    {
        site.Settings["storage"] = new JsonArray();
        foreach (var name in new[] { "one", "two" })
        {
            Command.Shell(
                $"sqlite3 {name}.db \"create table t(v); insert into t values ('{name}')\"; mkdir -p old/{name}/database; cp {name}.db old/{name}/database/db_backup_20240107_020000.db", site.Root);
            site.Settings["databases"] = new JsonArray(Site.Source("app", site.In($"{name}.db")));
            site.Run("import", site.In($"old/{name}")).Succeeds().Prints("imported 1 backup");
            site.Run("import", site.In($"old/{name}")).Succeeds().Prints("imported 0 backups", "1 imported before");
        }

        Assert.Equal(2, site.Snapshots().Count);
        site.Run("restore", "latest", "--to", site.In("out")).Succeeds();
        Command.Run("cmp", site.In("two.db"), site.In("out/app/two.db")).Succeeds();
    }

    [Theory]
    [InlineData("backups")]
    [InlineData("link")]
    [InlineData("disk:backups")]
    [InlineData("parts")]
    public void A_second_place_that_is_the_backup_directory_itself_is_none(string remote)
    {
        File.WriteAllText(site.In("rclone.conf"), $"[disk]\ntype = alias\nremote = {site.Root}\n");
        Command.Shell("ln -s backups link; mkdir parts", site.Root);
        site.Settings["offsite"] = new JsonObject { ["remote"] = remote.Contains(':', StringComparison.Ordinal) ? remote : site.In(remote), ["rclone_config"] = site.In("rclone.conf"), ["max_backups"] = 1 };
        site.Create("--no-offsite");
        Command.Shell("cp backups/repository.json parts/; ln -s ../backups/snapshots ../backups/packs parts/", site.Root);
        site.Write("f", "changed");
        site.Run("create").Succeeds().Says("not in the second place", "itself, or shares snapshots or packs with it");
        Assert.Equal(2, site.Snapshots().Count);
        site.Run("status").Ends(1);
        site.Run("doctor").Ends(1).Prints("itself, or shares snapshots or packs with it");
        site.Run("offsite", "status").Fails(1, "itself, or shares");
        if (remote != "parts")
        {
            site.Run("config", "check").Ends(2).Says("is the backup directory itself");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Two_machines_with_the_same_configuration_keep_and_restore_what_is_theirs(bool haveNames)
    {
        Machine.NeedRoot("a host name of its own");
        var (one, two) = haveNames ? (On("anna", null), On("berta", null)) : (On("pi", "a"), On("pi", "b"));
        site.Write("f", "hers");
        site.Run(["create"], null, one).Succeeds();
        var first = site.Newest().Id;
        site.Write("f", "other");
        for (var night = 0; night < 3; night++)
        {
            site.Run(["create"], null, two).Succeeds();
        }

        Assert.Equal(3, site.Snapshots().Count);
        site.Run(["restore", "latest", "--to", site.In("out")], null, one).Succeeds().Says("of another site").Prints(first);
        Assert.Equal("hers", File.ReadAllText(site.In("out/storage/f")));
        site.Run(["restore", "latest", "--to", site.In("other")], null, two).Succeeds().Prints(site.Newest().Id);
        site.Run(["list"], null, one).Succeeds().Prints("HOST", haveNames ? "berta" : "pi");
        site.Run(["rotate", "--max-backups", "1"], null, one).Succeeds();
        Assert.Equal(3, site.Snapshots().Count);

        // A day later hers is too old, whatever the other does.
        site.Run(["create"], FakeClock.At(DateTimeOffset.UtcNow.AddDays(3)), two).Succeeds();
        site.Run(["status"], FakeClock.At(DateTimeOffset.UtcNow.AddDays(3)), one).Ends(1).Prints("was made 3 days ago");
    }

    [Fact]
    public void A_renamed_machine_finds_what_it_had_and_says_whose_it_is()
    {
        Machine.NeedRoot("a host name of its own");
        var before = site.Run(["create"], null, On("old", "a")).Succeeds();
        Assert.NotEqual("", before.Output);
        var old = site.Newest().Id;
        site.Run(["restore", "latest", "--to", site.In("out")], null, On("new", "a")).Succeeds().Says($"snapshot {old} is of host old; this machine is new").Prints(old);

        // Nothing is stored again for it, and after a quarter of a year its old snapshots count like all others.
        site.Run(["create"], null, On("new", "a")).Succeeds().Prints("stored as 0 B");
        for (var day = 100; day < 103; day++)
        {
            Assert.Contains(old, site.Snapshots().Select(snapshot => snapshot.Id));
            site.Run(["create"], FakeClock.At(DateTimeOffset.UtcNow.AddDays(day)), On("new", "a")).Succeeds();
        }

        Assert.DoesNotContain(old, site.Snapshots().Select(snapshot => snapshot.Id));
    }

    /// <summary>Nothing was accepted, and the snapshots of the former name keep what is gone.</summary>
    [Fact]
    public void A_renamed_machine_that_lost_its_content_says_so_each_night()
    {
        Machine.NeedRoot("a host name of its own");
        site.Settings["databases"] = new JsonArray();
        Command.Shell("for i in 1 2 3 4 5; do echo $i >$i; done", site.Storage);
        site.Run(["create"], null, On("old", "a")).Succeeds();
        var old = site.Newest().Id;
        Command.Shell("rm -rf ./*", site.Storage);
        for (var night = 0; night < 3; night++)
        {
            site.Run(["create"], null, On("new", "a")).IsPartial("lost its content", $"(since snapshot {old})");
        }

        site.Run(["create"], FakeClock.At(DateTimeOffset.UtcNow.AddDays(100)), On("new", "a")).IsPartial("lost its content");
        Assert.Equal(5, site.Snapshots().Count);
        site.Run(["create", "--accept-shrink"], null, On("new", "a")).Succeeds();
        Assert.DoesNotContain("lost", site.Run(["create"], null, On("new", "a")).Succeeds().Errors, StringComparison.Ordinal);
    }

    /// <summary>Beside the tree that both save.</summary>
    private void UseTree(string directory) =>
        site.Settings["storage"] = new JsonArray(Site.Source("storage", site.Storage), Site.Source("app", site.In(directory)));

    private void UseDatabase(string name) => site.Settings["databases"] = new JsonArray(Site.Source(name, site.In($"{name}.db")));

    private void Configure(string name)
    {
        Directory.CreateDirectory(site.In(name));
        File.WriteAllText(site.In($"{name}/f"), name);
        site.Settings["storage"] = new JsonArray(Site.Source(name, site.In(name)));
    }

    /// <summary>What to put before the program so that it runs on a machine of that name, and of that identity.</summary>
    private string[] On(string host, string? machine)
    {
        var file = site.In($"machine-{machine}");
        if (machine is not null)
        {
            File.WriteAllText(file, new string(machine[0], 32) + "\n");
        }

        var mount = machine is null ? "" : Machine.TakeIdentity(file);
        return ["unshare", "-u", "-m", "sh", "-c", $"set -e; hostname {host}; {mount}exec \"$@\"", "sh"];
    }
}
