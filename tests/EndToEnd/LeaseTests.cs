using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Two ways to one repository, where a kernel lock on the one is not seen on the other.</summary>
public sealed partial class LeaseTests : IDisposable
{
    private static readonly Dictionary<string, string> Mounts = new(StringComparer.Ordinal)
    {
        ["sshfs"] = "printf '#!/bin/sh\\nexec /usr/lib/openssh/sftp-server\\n' > ssh; chmod 755 ssh; sshfs -o ssh_command=\"$PWD/ssh\" host:\"$PWD/backups\" \"$1\"",
        ["mergerfs"] = "mkdir -p branch; mergerfs -o category.create=ff \"$PWD/backups:$PWD/branch\" \"$1\"",
    };

    private readonly Site site = new();

    public LeaseTests()
    {
        site.Settings["workers"] = 1;
        site.Create();
    }

    public void Dispose() => site.Dispose();

    private string Leases => Path.Combine(site.Backups, "leases");

    private string Last => site.InStorage("videos/clip.mp4");

    [Theory]
    [InlineData("sshfs")]
    [InlineData("mergerfs")]
    public void Who_comes_by_the_other_way_is_told_who_is_at_work(string how)
    {
        var other = Mount(how);
        File.AppendAllText(Last, "more");
        using (var run = StoppedRun.At(site, "openat", Last))
        {
            foreach (var verb in new[] { "create", "rotate" })
            {
                site.Run(verb, "--backup-dir", other).Fails(11, $"in use by another run (create full, process {run.ProgramId} on {Environment.MachineName}, since 2", "lapses 5 minutes after");
            }

            site.Run("verify", "--deep", "--backup-dir", other).Succeeds();
            run.Continue().Succeeds();
        }

        site.Run("create", "--backup-dir", other).Succeeds();
        Assert.Equal(3, site.Snapshots().Count);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Leases));
    }

    /// <summary>A share shows for some time which names there were: the other side's newest snapshot is not among them.</summary>
    [Fact]
    public void What_the_other_side_made_in_the_same_second_is_not_replaced()
    {
        var other = Mount("sshfs");
        var expected = site.Snapshots().Count;
        for (var i = 0; i < 3; i++)
        {
            site.Run("verify", "--backup-dir", other).Succeeds();
            site.Create();
            site.Run("create", "--backup-dir", other).Succeeds();
            Assert.Equal(expected += 2, site.Snapshots().Count);
        }

        site.Run("verify", "--deep").Succeeds();
    }

    [Theory]
    [InlineData("sshfs")]
    [InlineData("mergerfs")]
    public void A_run_that_stood_still_too_long_finds_out_before_it_publishes(string how)
    {
        var other = Mount(how);
        site.Settings["max_backups"] = 1;
        File.AppendAllText(Last, "more");
        using (var run = StoppedRun.At(site, "openat", Last))
        {
            Age("10 minutes");
            site.Run("create", "--backup-dir", other).Succeeds();
            run.Continue().Fails(1, "was taken away: another run took it for dead");
        }

        Assert.Single(site.Snapshots());
        Tree.AssertSame(site.Storage, site.Newest().Restored("storage"), Likeness.Restored);
        site.Run("verify", "--deep").Succeeds();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Leases));
    }

    /// <summary>The moment between the last look at the packs and the name of the header.</summary>
    [Fact]
    public void Who_lost_the_lease_at_the_last_moment_publishes_nothing()
    {
        using (var run = StoppedRun.At(site, "openat", site.Packs()[0]))
        {
            Assert.Single(Directory.GetFiles(Leases, "*.tmp"));
            Age("10 minutes");
            site.Run("create", "--backup-dir", Mount("sshfs")).Succeeds();
            run.Continue().Fails(1, "was taken away");
        }

        Assert.Equal(2, site.Snapshots().Count);
        site.Run("verify", "--deep").Succeeds();
    }

    [Fact]
    public void A_rotation_that_stood_still_too_long_removes_nothing()
    {
        var other = Mount("sshfs");
        site.Create();
        site.Create();
        using (var run = StoppedRun.At(site, "openat", Path.Combine(site.Backups, $"snapshots/{site.Snapshots()[0].Id}.json"), arguments: ["rotate", "--max-backups", "1"]))
        {
            Age("10 minutes");
            site.Run("create", "--backup-dir", other).Succeeds();
            run.Continue().Fails(1, "was taken away");
        }

        Assert.Equal(4, site.Snapshots().Count);
        site.Run("verify", "--deep").Succeeds();
    }

    [Fact]
    public void A_pack_that_somebody_removed_meanwhile_fails_the_run_and_is_stored_again()
    {
        File.AppendAllText(Last, "more");
        var gone = site.Packs()[0];
        using (var run = StoppedRun.At(site, "openat", Last))
        {
            File.Delete(gone);
            run.Continue().Fails(1, "was not made", gone, "is gone");
        }

        Assert.Single(site.Snapshots());
        site.Run("create").Ends(3).Says("is missing: what it held is stored again");
        Tree.AssertSame(site.Storage, site.Newest().Restored("storage"), Likeness.Restored);
    }

    [Theory]
    [InlineData("sshfs")]
    [InlineData("mergerfs")]
    public void Nothing_is_removed_while_somebody_reads_by_the_other_way(string how)
    {
        var other = Mount(how);
        site.Write("new", "new");
        site.Create();
        using (var run = StoppedRun.At(site, "pread64", site.Packs()[0], arguments: ["verify", "--deep"]))
        {
            site.Run("rotate", "--max-backups", "1", "--backup-dir", other).Ends(11).Says("rotation is left to the next run");
            run.Continue().Succeeds();
        }

        site.Run("rotate", "--max-backups", "1", "--backup-dir", other).Succeeds();
        Assert.Single(site.Snapshots());
        site.Run("verify", "--deep").Succeeds();
    }

    [Theory]
    [InlineData("the same")]
    [InlineData("sshfs")]
    [InlineData("mergerfs")]
    public void After_a_kill_the_next_run_needs_no_waiting(string way)
    {
        var other = way == "the same" ? site.Backups : Mount(way);
        Kill();
        Assert.Single(Directory.GetFiles(Leases));
        site.Run("create", "--backup-dir", other).Succeeds();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Leases));
    }

    /// <summary>A container that is started again: its processes have other numbers, in a namespace of their own.</summary>
    [Fact]
    public void After_the_kill_of_a_container_the_next_one_needs_no_waiting()
    {
        Machine.NeedRoot("a container");
        Kill();
        Change("pid_namespace", "pid:\\[[0-9]*\\]", "pid:[1234567890]");
        site.Run(["create"], before: ["unshare", "--pid", "--fork", "--mount-proc", "--"]).Succeeds();
        Kill();
        Change("boot", "[0-9a-f-]{36}", "00000000-0000-4000-8000-000000000000");
        site.Create();
    }

    [Fact]
    public void The_lease_of_another_machine_holds_until_it_lapses()
    {
        Kill();
        Change("boot", "[0-9a-f-]{36}", "00000000-0000-4000-8000-000000000000");
        if (File.Exists("/etc/machine-id"))
        {
            Change("machine", "[0-9a-f]{32}", new string('0', 32));
        }

        Change("host", "[^\"]*", "nas");
        Change("inode", "[0-9]*", "1");
        site.Run("create").Fails(11, "in use by another run (create full, process ", " on nas, since 2", "its lease lapses 5 minutes after it was renewed last");
        site.Run("doctor").Prints("create full, process ", " on nas");
        Age("4 minutes");
        site.Run("rotate").Fails(11, " on nas");
        Age("6 minutes");
        site.Run("doctor").Prints("has lapsed");
        site.Create();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Leases));
    }

    /// <summary>Whoever wrote it holds a lock that is not known here, and this one says nothing of it.</summary>
    [Fact]
    public void A_lease_for_what_only_a_later_version_does_holds_until_it_lapses()
    {
        Kill();
        Change("pid_namespace", "pid:\\[[0-9]*\\]", "pid:[1234567890]");
        Change("use", "write", "prune");
        site.Run("create").Fails(11, "in use by another run");
        site.Run("offsite", "push", "--remote", site.In("second")).Fails(11, "another run is copying");
        site.Run("rotate", "--max-backups", "1").Fails(11, "in use by another run");
        Age("6 minutes");
        site.Create();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Leases));
    }

    [Theory]
    [InlineData("mkfifo {0}")]
    [InlineData("ln -s ../../outside {0}")]
    [InlineData("ln -s /dev/zero {0}")]
    [InlineData("mkdir {0}")]
    [InlineData("truncate -s 1T {0}; touch -d '-1 hour' {0}")]
    [InlineData("ln ../../outside {0}; touch -d '-1 hour' {0}")]
    public void What_others_put_among_the_leases_is_no_obstacle(string command)
    {
        Command.Shell("echo theirs > outside", site.Root);
        Command.Shell(string.Format(System.Globalization.CultureInfo.InvariantCulture, command, new string('a', 32) + ".json"), Leases);
        string[] within = ["timeout", "--signal=KILL", "20"];
        foreach (var words in new string[][] { ["verify"], ["doctor"], ["create"], ["restore", "latest", "--yes"], ["rotate"] })
        {
            var run = site.Run(words, before: within);
            Assert.True(run.Code == 0 || (words[0] == "doctor" && run.Code == 1), run.ToString());
        }

        Assert.Equal("theirs\n", File.ReadAllText(site.In("outside")));
    }

    [Fact]
    public void What_cannot_be_read_holds_until_it_is_old()
    {
        Command.Shell($"truncate -s 1T {new string('a', 32)}.json", Leases);
        site.Run("create").Fails(11, "whose lease cannot be read");
        Age("6 minutes");
        site.Create();
    }

    [Fact]
    public void What_was_never_a_lease_goes_when_it_is_old()
    {
        Command.Shell($"touch {new string('a', 32)}.tmp", Leases);
        site.Create();
        Assert.Single(Directory.GetFiles(Leases));
        Command.Shell("touch -d '-6 minutes' *", Leases);
        site.Create();
        Assert.Empty(Directory.GetFiles(Leases));
    }

    [Theory]
    [InlineData("mkfifo leases")]
    [InlineData("ln -s ../outside leases")]
    public void Leases_that_are_no_directory_are_named(string command)
    {
        Command.Shell($"mkdir outside; cd backups; rmdir leases; {command}", site.Root);
        site.Run("create").Fails(1, "leases is no directory", "move it away");
        site.Run("verify").Succeeds();
        Assert.Empty(Directory.EnumerateFileSystemEntries(site.In("outside")));
    }

    [Fact]
    public void Who_only_reads_needs_no_leases()
    {
        Machine.NeedRoot("mounting");
        Command.Shell("rmdir leases", site.Backups);
        site.Run("verify").Succeeds();
        Assert.False(Directory.Exists(Leases));
        site.Create();
        var there = Directory.CreateDirectory(site.In("read-only")).FullName;
        Command.Shell($"mount --bind '{site.Backups}' '{there}'; mount -o remount,ro,bind '{there}'");
        try
        {
            site.Run("verify", "--deep", "--backup-dir", there).Succeeds();
            site.Run("list", "--backup-dir", there).Succeeds();
            site.Run("restore", "latest", "--to", site.In("out"), "--backup-dir", there).Succeeds();
        }
        finally
        {
            Command.Shell($"umount '{there}'");
        }
    }

    [GeneratedRegex("^(.*),\n  \"checksum\": \"[0-9a-f]{64}\"\n}\n$", RegexOptions.Singleline)]
    private static partial Regex Sealed();

    private string Mount(string how) => site.MountFuse("share", Mounts[how]);

    /// <summary>As the clock of the file system has it, which is the one that counts.</summary>
    private void Age(string span) => Command.Shell($"touch -d '-{span}' *.json", Leases);

    private void Kill()
    {
        File.Delete(site.In("strace.log"));
        File.AppendAllText(Last, "more");
        using var run = StoppedRun.At(site, "openat", Last);
        run.Signal("KILL");
        run.Continue();
    }

    /// <summary>Changes what the one lease says.</summary>
    private void Change(string key, string from, string to)
    {
        var path = Assert.Single(Directory.GetFiles(Leases, "*.json"));
        var text = Sealed().Match(File.ReadAllText(path)).Groups[1].Value;
        var changed = Regex.Replace(text, $"(\"{key}\": \"){from}\"", $"${{1}}{to}\"");
        Assert.NotEqual(text, changed);
        var sum = Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(changed)));
        File.WriteAllText(path, $"{changed},\n  \"checksum\": \"{sum}\"\n}}\n");
    }
}
