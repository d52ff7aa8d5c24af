using System.Text.RegularExpressions;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Root and the databases of other users: another process, which has become the owner, opens them.</summary>
public sealed partial class DatabaseOwnerTests
{
    [Theory]
    [InlineData(Machine.OrdinaryUser)]
    [InlineData(54321)]
    public void Nothing_of_it_is_opened_for_writing_by_root(int owner)
    {
        Machine.NeedRoot("owning a repository of its own");
        Machine.NeedStrace();
        using var site = new Site(withMedia: false);
        site.Create();
        LeaveLog(site);
        Command.Shell($"chown -R {owner}:{owner} app; chmod 755 .", site.Root);
        foreach (var words in (string[][])[["create", "--rescan"], ["doctor"], ["create", "--dry-run"], ["restore", "latest", "--yes"]])
        {
            var log = site.In("strace.log");
            site.Run(words, before: ["strace", "-f", "-y", "-qq", "-o", log, "-e", "trace=setresuid,openat,open", "--"]);
            AssertOpenedBy(owner, log, words[0]);
        }

        Assert.Equal("1", Command.Run("sqlite3", KeptDatabase(site), "SELECT count(*) FROM late").Output.Trim());
    }

    [Fact]
    public void Its_process_has_the_owners_groups_and_environment_and_no_descriptors_of_others()
    {
        Machine.NeedRoot("owning a repository of its own");
        Machine.NeedStrace();
        using var site = new Site(withMedia: false);
        Command.Shell($"chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} app; chmod 755 .", site.Root);
        var log = site.In("strace.log");
        site.Run(["create"], new Dictionary<string, string?> { ["SECRET"] = "x" }, ["bash", "-c", $"exec 7</etc/shadow; exec strace -f -v -qq -s 200 -o '{log}' -e trace=execve,setgroups,setresgid,setresuid,close -- \"$@\"", "bash"]).Succeeds();
        var lines = File.ReadAllLines(log);
        var started = lines.Single(line => line.Contains("--as-owner", StringComparison.Ordinal));
        Assert.Contains("[\"HOME=/\", \"LANG=C.UTF-8\", \"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\"]", started, StringComparison.Ordinal);
        var mine = lines.Where(line => line.StartsWith(started.Split(' ')[0] + " ", StringComparison.Ordinal)).ToList();
        foreach (var call in (string[])[@"close\(7\)", @"setgroups\(1, \[65534\]\)", @"setresgid\(65534, 65534, 65534\)", @"setresuid\(65534, 65534, 65534\)"])
        {
            Assert.Contains(mine, line => Regex.IsMatch(line, $@"{call}\s+= 0"));
        }
    }

    [Theory]
    [InlineData("wal")]
    [InlineData("journal")]
    public void A_directory_that_the_owner_cannot_reach_is_worked_in_all_the_same(string left)
    {
        Machine.NeedRoot("owning a repository of its own");
        using var site = new Site(withMedia: false);
        site.Create();
        if (left == "wal")
        {
            LeaveLog(site);
        }
        else
        {
            HotJournal.Make(site.Database);
        }

        // As container volumes are: /var/lib/docker is root's alone.
        Command.Shell($"chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} app/app_data; chown root:root app; chmod 700 app", site.Root);
        site.Run("doctor");
        var snapshot = site.Create("database");
        site.Run("restore", snapshot.Id, "--to", site.In("out")).Succeeds();
        var (table, rows) = left == "wal" ? ("late", "1") : ("account WHERE balance = 1000", "500");
        Assert.Equal(rows, Command.Run("sqlite3", site.In("out/app_data/app_data.db"), $"SELECT count(*) FROM {table}").Output.Trim());
        site.Run("restore", "latest", "--yes").Succeeds();
        Assert.Equal(rows, Command.Run("sqlite3", KeptDatabase(site), $"SELECT count(*) FROM {table}").Output.Trim());
    }

    [Fact]
    public void A_live_database_of_another_user_is_copied_while_it_is_written()
    {
        Machine.NeedRoot("owning a repository of its own");
        using var site = new Site(withMedia: false);
        Command.Shell($"chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} app; chmod 755 .", site.Root);
        using var database = site.OpenDatabase();
        using (new LiveWriter(database))
        {
            var snapshot = site.Create("database");
            site.Run("restore", snapshot.Id, "--to", site.In("out")).Succeeds();
        }

        TestDatabase.CheckCopy(site.In("out/app_data/app_data.db"));
    }

    [Fact]
    public void What_the_owner_may_not_do_is_said()
    {
        Machine.NeedRoot("owning a repository of its own");
        using var site = new Site(withMedia: false);
        Command.Shell($"rm -f '{site.Database}'-*; chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} app; chmod 000 '{site.Database}'", site.Root);
        site.Run("create", "database").Ends(1).Says(site.Database, "cannot be opened");
    }

    /// <summary>A log with a table in it that the database has not, of an application that was killed.</summary>
    private static void LeaveLog(Site site)
    {
        using (var database = site.OpenDatabase())
        {
            database.Execute("CREATE TABLE late(x); INSERT INTO late VALUES (1)");
            Command.Shell($"cp '{site.Database}' saved; cp '{site.Database}-wal' saved-wal", site.Root);
        }

        Command.Shell($"rm -f '{site.Database}'-*; mv saved '{site.Database}'; mv saved-wal '{site.Database}-wal'", site.Root);
    }

    private static string KeptDatabase(Site site) =>
        Directory.GetFiles(Path.GetDirectoryName(site.Database)!, "*.before_restore_*").Single(path => path.EndsWith('Z'));

    private static void AssertOpenedBy(int owner, string log, string command)
    {
        var became = new Dictionary<string, string>();
        var opened = 0;
        foreach (var line in File.ReadLines(log))
        {
            var process = line.Split(' ')[0];
            if (line.Contains("setresuid(", StringComparison.Ordinal))
            {
                became[process] = Uid().Match(line).Groups[1].Value;
            }
            else if (line.Contains("app_data.db", StringComparison.Ordinal) && line.Contains("O_RDWR", StringComparison.Ordinal)
                && !line.Contains("staging", StringComparison.Ordinal) && !line.Contains("O_EXCL", StringComparison.Ordinal))
            {
                opened++;
                Assert.True(became.GetValueOrDefault(process) == owner.ToString(System.Globalization.CultureInfo.InvariantCulture), $"{command}: {line}");
            }
        }

        Assert.True(opened > 0, $"{command} opened nothing");
    }

    [GeneratedRegex(@"setresuid\((\d+),")]
    private static partial Regex Uid();
}
