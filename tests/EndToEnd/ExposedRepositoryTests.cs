namespace VertexAr.Backup.EndToEnd;

/// <summary>
/// A backup directory of root's that others can change, or that lies where others can exchange it. Root does not write there, since a
/// link in the place of a directory has it write somewhere else; what only reads goes on.
/// </summary>
public sealed class ExposedRepositoryTests : IDisposable
{
    private readonly Site site = new(withMedia: false);
    private readonly string precious;

    public ExposedRepositoryTests()
    {
        Machine.NeedRoot("other owners");
        site.Write("file", "content");
        Command.Shell("mkdir precious precious/20260101T000000Z; echo content >precious/20260101T000000Z/file; ln -s file precious/link; mkfifo precious/fifo; echo x >precious/lock; chmod 755 .", site.Root);
        precious = site.In("precious");
    }

    public void Dispose() => site.Dispose();

    [Theory]
    [InlineData("chgrp {0} backups; chmod 770 backups", "backups can be written to by the group")]
    [InlineData("chmod 777 backups", "backups can be written to by everybody")]
    [InlineData("chown {0} .", " belongs to ")]
    [InlineData("chown {0} backups/staging", "staging belongs to ")]
    [InlineData("chown {0} backups/packs", "packs belongs to ")]
    public void Root_writes_nothing_there_and_reads_on(string preparation, string reason)
    {
        site.Create();
        Command.Shell(string.Format(null, preparation, Machine.OrdinaryUser), site.Root);
        Command.Shell("rm -rf backups/runs; mv backups/lock backups/lock.away; ln -s ../precious/lock backups/lock", site.Root);
        var (before, outside) = (Tree.Describe(site.Backups), Tree.Describe(precious));
        foreach (var words in new string[][] { ["create"], ["create", "--dry-run"], ["rotate"], ["drill"], ["verify"], ["import", site.In("app")] })
        {
            site.Run(words).Fails(1, $"root does not write to the backup directory {site.Backups}", reason, "chown root", "chmod go-w");
        }

        site.Run("list").Succeeds();
        site.Run("show", "latest").Succeeds();
        site.Run("stats").Succeeds();
        Assert.InRange(site.Run("status").Code, 0, 1);
        site.Run("restore", "latest", "--yes").Succeeds();
        site.Run("restore", "latest", "--to", Directory.CreateTempSubdirectory("vertex-e2e-out-").FullName).Succeeds();
        site.Run("doctor").Ends(1).Prints("failed   exposed", "so root does not write to it");
        site.Run("config", "check").Succeeds().Says("so root does not write to it", reason);
        Tree.AssertSame(before, Tree.Describe(site.Backups), Likeness.Restored);
        Tree.AssertSame(outside, Tree.Describe(precious), Likeness.Restored);
    }

    [Fact]
    public void A_link_to_a_directory_of_roots_in_the_place_of_somebody_elses()
    {
        Command.Shell($"mkdir theirs; mv backups theirs; chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} theirs", site.Root);
        site.Settings["backup_dir"] = site.In("theirs/backups");
        site.Run("create", "database").Succeeds();
        Assert.Equal($"{Machine.OrdinaryUser}\n", Command.Run("stat", "-c", "%u", site.In("theirs/backups/snapshots")).Output);

        var outside = Tree.Describe(precious);
        Command.Shell("mv theirs/backups theirs/real; ln -s ../precious theirs/backups", site.Root);
        site.Run("create", "database").Fails(1, "root does not write to the backup directory", "theirs belongs to ");
        site.Run("restore", Path.Combine(site.In("theirs/real/snapshots")), "--yes");
        Tree.AssertSame(outside, Tree.Describe(precious), Likeness.Restored);
    }

    [Theory]
    [InlineData("chmod 770 backups")]
    [InlineData("mkdir sticky; chmod 1777 sticky; mv backups sticky; ln -s sticky/backups backups")]
    [InlineData("chmod 1777 backups")]
    public void A_group_of_roots_alone_and_a_sticky_directory_are_nobody_else(string preparation)
    {
        Command.Shell(preparation, site.Root);
        site.Run("create").Succeeds();
        site.Run("rotate").Succeeds();
    }

    [Theory]
    [InlineData("ln -s ../precious backups/staging")]
    [InlineData("ln -s ../precious backups/runs")]
    [InlineData("mkdir backups/staging")]
    public void In_a_sticky_directory_nothing_of_others_is_used(string planted)
    {
        Command.Shell("chmod 1777 backups", site.Root);
        Command.Run("setpriv", $"--reuid={Machine.OrdinaryUser}", $"--regid={Machine.OrdinaryGroup}", "--clear-groups", "sh", "-ec", $"cd '{site.Root}'; {planted}").Succeeds();
        var outside = Tree.Describe(precious);
        site.Run("create").Fails(1, "root does not write to the backup directory", "belongs to ");
        Tree.AssertSame(outside, Tree.Describe(precious), Likeness.Restored);
    }

    [Fact]
    public void A_right_that_an_ACL_gives_is_seen()
    {
        Assert.SkipWhen(Command.Run("setfacl", "-m", $"u:{Machine.OrdinaryUser}:rwx", site.Backups).Code != 0, "there are no ACLs here");
        site.Run("create").Fails(1, "can be written to by those whom its ACL names");
    }

    [Fact]
    public void What_is_not_there_is_said_first()
    {
        Command.Shell($"rmdir backups; chown {Machine.OrdinaryUser} .", site.Root);
        site.Run("create").Fails(10, "does not exist");
    }
}
