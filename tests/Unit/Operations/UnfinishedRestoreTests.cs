using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>What is found of a restore that was killed, however little of its journal is left.</summary>
public sealed class UnfinishedRestoreTests : IDisposable
{
    private const string Stamp = "20261126T020000.000Z";
    private const string Scratch = $".data.restore_{Stamp}";

    private readonly TempDirectory temp = new();
    private readonly List<string> said = [];

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Of_a_journal_that_rotted_nothing_is_removed_that_was_not_staged()
    {
        temp.Write("data/f", "live"u8);
        temp.Write($"{Scratch}/f", "restored"u8);
        var steps = new[] { new ExchangeStep(P("data/f"), Identity("data/f"), P($"{Scratch}/f"), Identity($"{Scratch}/f")) };
        using (var journal = RestoreJournal.Create(Journal, new RestoreHead(Stamp, "snapshot X", [temp["data"]], [temp[Scratch]], [])))
        {
            StagedContent.Write(RestoreNames.Staged(Journal), [temp[Scratch]], steps);
            journal.Begin(steps);
            using var executor = new RestoreExecutor(RestoreAim.Run, Assert.Fail);
            executor.Run(steps);
        }

        File.WriteAllText(Journal, File.ReadAllText(Journal).Replace("\"begin\":1", "\"begin\":3", StringComparison.Ordinal));
        UnfinishedRestore.Settle([temp["data"]], Progress(), onlyLook: false);
        Assert.Equal(("restored", "live"), (File.ReadAllText(temp["data/f"]), File.ReadAllText(temp[$"{Scratch}/f"])));
        Assert.Contains(said, text => text.Contains(temp[Scratch], StringComparison.Ordinal));
    }

    [Fact]
    public void One_whose_disk_is_not_mounted_is_not_forgotten()
    {
        var pointer = temp[$".db.restore_{Stamp}.steps"];
        RestoreJournal.Create(Journal, new RestoreHead(Stamp, "snapshot X", [temp["data"], temp["db"]], [], [pointer])).Dispose();
        File.Delete(Journal);
        var refused = Assert.Throws<UserError>(() => UnfinishedRestore.Settle([temp["db"]], Progress(), onlyLook: false));
        Assert.Contains(Journal, refused.Message, StringComparison.Ordinal);
        Assert.Contains("mount", refused.Hint, StringComparison.Ordinal);
        Assert.True(File.Exists(pointer));
    }

    /// <summary>The files that vouch for other targets are removed before the journal, and it can be killed in between.</summary>
    [Fact]
    public void One_that_was_done_and_has_lost_what_vouched_for_it_elsewhere_is_cleared_away()
    {
        temp.Write("data/f", "live"u8);
        temp.Write($"{Scratch}/f", "restored"u8);
        temp.Write("db", "live rows"u8);
        temp.Write($".db.restore_{Stamp}", "restored rows"u8);
        var pointer = temp[$".db.restore_{Stamp}.steps"];
        var steps = new[]
        {
            new ExchangeStep(P("data/f"), Identity("data/f"), P($"{Scratch}/f"), Identity($"{Scratch}/f")),
            new ExchangeStep(P("db"), Identity("db"), P($".db.restore_{Stamp}"), Identity($".db.restore_{Stamp}")),
        };
        using (var journal = RestoreJournal.Create(Journal, new RestoreHead(Stamp, "snapshot X", [temp["data"], temp["db"]], [temp[Scratch]], [pointer])))
        {
            journal.Begin(steps);
            using var executor = new RestoreExecutor(RestoreAim.Run, Assert.Fail);
            executor.Run(steps);
            journal.End();
        }

        File.Delete(pointer);
        UnfinishedRestore.Settle([temp["data"]], Progress(), onlyLook: false);
        Assert.False(File.Exists(Journal));
        Assert.Equal(("restored", "restored rows"), (File.ReadAllText(temp["data/f"]), File.ReadAllText(temp["db"])));
    }

    /// <summary>On a full disk no line is added to a journal, until what was staged has been removed.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_that_was_taken_back_and_could_not_say_so_is_cleared_away(bool couldBegin)
    {
        temp.Write("data/f", "live"u8);
        temp.Write("db", "live rows"u8);
        temp.Write($".db.restore_{Stamp}", "restored rows"u8);
        var pointer = temp[$".db.restore_{Stamp}.steps"];
        var steps = new[] { new ExchangeStep(P("db"), Identity("db"), P($".db.restore_{Stamp}"), Identity($".db.restore_{Stamp}")) };
        using (var journal = RestoreJournal.Create(Journal, new RestoreHead(Stamp, "snapshot X", [temp["data"], temp["db"]], [], [pointer])))
        {
            journal.Begin(steps);
            if (couldBegin)
            {
                journal.BeginTakingBack();
            }

            // As a kill after the first of two files was removed.
            File.Move(Journal, temp["away"]);
            Directory.CreateDirectory(Journal);
            UnfinishedRestore.CleanUp(journal, null, Progress(), isBack: true);
        }

        Assert.False(File.Exists(pointer));
        Directory.Delete(Journal);
        File.Move(temp["away"], Journal);
        using (var journal = RestoreJournal.Open(Journal, out _)!)
        {
            Assert.Equal((RestoreStage.Ended, true), (journal.Stage, journal.IsTakenBack));
        }

        UnfinishedRestore.Settle([temp["data"]], Progress(), onlyLook: false);
        Assert.False(File.Exists(Journal));
        Assert.Equal("live rows", File.ReadAllText(temp["db"]));
    }

    [Fact]
    public void What_a_kill_left_of_a_line_does_not_hide_those_after_it()
    {
        temp.Write("data/f", "live"u8);
        using (var journal = RestoreJournal.Create(Journal, new RestoreHead(Stamp, "snapshot X", [temp["data"]], [], [])))
        {
            journal.Begin([]);
        }

        File.AppendAllText(Journal, "{\"en");
        using (var journal = RestoreJournal.Open(Journal, out _)!)
        {
            journal.BeginTakingBack();
            journal.End();
        }

        using (var journal = RestoreJournal.Open(Journal, out _)!)
        {
            Assert.Equal((RestoreStage.Ended, true), (journal.Stage, journal.IsTakenBack));
        }
    }

    [Fact]
    public void A_journal_and_a_file_that_does_not_yet_name_it_are_one_restore()
    {
        var pointer = temp[$".db.restore_{Stamp}.steps"];
        RestoreJournal.Create(Journal, new RestoreHead(Stamp, "snapshot X", [temp["data"], temp["db"]], [], [pointer])).Dispose();
        File.WriteAllText(pointer, "");
        var opened = UnfinishedRestore.Find([temp["data"], temp["db"]]).Select(path => RestoreJournal.Open(path, out _)!).ToList();
        Assert.Equal((2, Journal), (opened.Count, Assert.Single(UnfinishedRestore.Distinct(opened)).Path));
        opened.ForEach(journal => journal.Dispose());
    }

    [Fact]
    public void A_directory_has_its_time_again_when_what_was_staged_there_is_removed()
    {
        var time = new FileTime(1_000_000_000, 5);
        Directory.CreateDirectory(temp["app"]);
        using (RestoreJournal.Create(temp[$"app/.db.restore_{Stamp}.steps"], new RestoreHead(Stamp, "snapshot X", [temp["app/db"]], [], []) { Above = [new DirectoryTime(temp["app"], time)] }))
        {
        }

        UnfinishedRestore.Settle([temp["app/db"]], Progress(), onlyLook: false);
        Assert.Equal(time, Posix.StatusOrNull(temp["app"])!.Value.Modified);
        Assert.Empty(Directory.GetFileSystemEntries(temp["app"]));
    }

    /// <summary>What was a directory when the restore began may be somebody's link by now, or gone.</summary>
    [Theory]
    [InlineData("data/theirs", "../outside")]
    [InlineData("data/theirs/above", "../../outside/above")]
    [InlineData("data/theirs/above/app", "../../../outside/above/app")]
    [InlineData("data/theirs", "nowhere")]
    [InlineData("data/theirs", null)]
    public void No_link_leads_to_the_directory_that_gets_its_time_again(string changed, string? target)
    {
        var (time, outside) = (new FileTime(1_000_000_000, 5), temp.Make("outside/above/app"));
        var directories = new[] { temp.Make("data/theirs/above/app"), temp["data"] };
        RestoreJournal.Create(Journal, new RestoreHead(Stamp, "snapshot X", [temp["data"]], [], []) { Above = [.. directories.Select(path => new DirectoryTime(path, time))] }).Dispose();
        Directory.Move(temp[changed], temp["away"]);
        if (target is not null)
        {
            Directory.CreateSymbolicLink(temp[changed], target);
        }

        var before = Posix.StatusOrNull(outside)!.Value.Modified;
        UnfinishedRestore.Settle([temp["data"]], Progress(), onlyLook: false);
        Assert.Equal((before, time), (Posix.StatusOrNull(outside)!.Value.Modified, Posix.StatusOrNull(temp["data"])!.Value.Modified));
        Assert.False(File.Exists(Journal));
        Assert.DoesNotContain(said, text => text.Contains("could not be removed", StringComparison.Ordinal));
    }

    private string Journal => temp[$".data.restore_{Stamp}.steps"];

    private byte[] P(string name) => Posix.Bytes(temp[name]);

    private FileIdentity Identity(string name) => FileIdentity.Of(Posix.StatusOrNull(temp[name])!.Value);

    private RunProgress Progress() => new(notice => said.Add(notice.Text));
}
