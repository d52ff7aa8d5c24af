namespace VertexAr.Backup.EndToEnd;

/// <summary>Two ways to one repository: what one alone may do for hours, and the moment at which a snapshot gets its name.</summary>
public sealed class TwoWaysTests : IDisposable
{
    private readonly Site site = new();

    public TwoWaysTests()
    {
        site.Settings["workers"] = 1;
        site.Create();
    }

    public void Dispose()
    {
        site.Dispose();
        if (File.Exists(site.In("exfat")))
        {
            Command.Shell("losetup -j exfat | cut -d : -f 1 | xargs -r losetup -d", site.Root);
        }
    }

    /// <summary>Whatever the place can: a rename that refuses, a hard link, or neither.</summary>
    [Theory]
    [InlineData("a disk", "json")]
    [InlineData("a disk", "files.jsonl.gz")]
    [InlineData("a disk", "packs.jsonl.gz")]
    [InlineData("sshfs", "json")]
    [InlineData("sshfs", "files.jsonl.gz")]
    [InlineData("exfat", "json")]
    [InlineData("exfat", "packs.jsonl.gz")]
    public void What_has_the_name_of_a_new_snapshot_by_now_is_not_replaced(string where, string suffix)
    {
        site.Settings["backup_dir"] = where switch
        {
            "sshfs" => Share(),
            "exfat" => site.MountFuse("stick", "truncate -s 64M exfat; mkfs.exfat exfat > mkfs.log 2>&1; mount.exfat-fuse \"$(losetup -f --show exfat)\" \"$1\" > mount.log 2>&1"),
            _ => site.Backups,
        };
        var there = (string)site.Settings["backup_dir"]!;
        site.Run("create").Succeeds();
        var last = site.Write("last", "new");
        string theirs;
        using (var run = StoppedRun.At(site, "openat", last))
        {
            var id = Path.GetFileName(Directory.EnumerateDirectories(Path.Combine(there, "staging")).Single());
            theirs = Path.Combine(there, $"snapshots/{id}.{suffix}");
            File.WriteAllText(theirs, "of the other side");
            run.Continue().Succeeds();
        }

        Assert.Equal("of the other side", File.ReadAllText(theirs));
        File.Delete(theirs);
        site.Run("verify", "--deep").Succeeds();
        Assert.True(site.Run("restore", "latest", "--only", "storage", "--to", site.In("out")).Code is 0 or 3);
        Assert.Equal("new", File.ReadAllText(site.In("out/storage/last")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(there, "leases")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(there, "staging")));
    }

    [Fact]
    public void Who_copies_by_the_other_way_to_the_second_place_is_told_of_who_does_already()
    {
        var place = new SecondPlace(site);
        var other = Share();
        using (var run = Copying())
        {
            site.Run("offsite", "push", "--backup-dir", other).Fails(11, $"another run is copying {other} to the second place (offsite push, process {run.ProgramId} on {Environment.MachineName}, since 2", "lapses 5 minutes after");
            site.Run("create", "--no-offsite", "--backup-dir", other).Succeeds();
            run.Continue().Succeeds();
        }

        site.Run("offsite", "push").Succeeds();
        place.AssertIsCopy();
    }

    [Fact]
    public void A_copy_that_stood_still_too_long_sends_nothing_more()
    {
        var place = new SecondPlace(site);
        var other = Share();
        using (var run = Copying())
        {
            Command.Shell("touch -d '-10 minutes' *.json", Path.Combine(site.Backups, "leases"));
            site.Run("offsite", "push", "--backup-dir", other).Succeeds();
            run.Continue().Fails(1, "was taken away: another run took it for dead");
        }

        place.AssertIsCopy();
        site.Run("offsite", "push", "--backup-dir", other).Succeeds();
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(site.Backups, "leases")));
    }

    [Theory]
    [InlineData("the same")]
    [InlineData("sshfs")]
    public void Two_who_import_do_not_import_the_same(string way)
    {
        var old = new PythonSystem(site);
        var archive = old.Create("database", "20240107_030000");
        var other = way == "the same" ? site.Backups : Share();

        // The fourth time that it is opened: it was checked, and there is a directory to unpack it into.
        using (var run = StoppedRun.At(site, "openat", archive, arguments: ["import", old.Backups], number: 4))
        {
            site.Run("import", old.Backups, "--backup-dir", other).Fails(11, $"another run is importing into {other}");
            site.Run("import", old.Backups, "--dry-run", "--backup-dir", other).Succeeds();
            site.Run("create", "--backup-dir", other).Succeeds();
            Assert.Single(Directory.EnumerateDirectories(Path.Combine(site.Backups, "staging")));
            run.Continue().Succeeds().Prints("imported 1 backup");
        }

        site.Run("import", old.Backups, "--backup-dir", other).Succeeds().Prints("1 imported before");
        Assert.Equal(3, site.Snapshots().Count);
        site.Run("verify", "--deep").Succeeds();
    }

    /// <summary>Stopped when it begins to look at what there is to copy. Not at a file that rclone opens too, which would be stopped as well.</summary>
    private StoppedRun Copying() => StoppedRun.At(site, "getdents64", Path.Combine(site.Backups, "snapshots"), arguments: ["offsite", "push"]);

    private string Share() =>
        site.MountFuse("share", "printf '#!/bin/sh\\nexec /usr/lib/openssh/sftp-server\\n' > ssh; chmod 755 ssh; sshfs -o ssh_command=\"$PWD/ssh\" host:\"$PWD/backups\" \"$1\"");
}
