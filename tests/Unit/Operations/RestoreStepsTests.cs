using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>
/// A tree with a database, another tree, a socket and what is excluded inside, and one that was restored beside it: the steps are
/// done up to each number, as if killed there, and then finished, or taken back.
/// </summary>
public sealed class RestoreStepsTests : IDisposable
{
    private const string Stamp = "20261126T020000.000Z";

    private readonly TempDirectory temp = new();

    public RestoreStepsTests()
    {
        temp.Write("data/changed.txt", "old"u8);
        temp.Write("data/gone.txt", "old"u8);
        temp.Write("data/same/a", "old a"u8);
        temp.Write("data/db/app.db", "live"u8);
        temp.Write("data/db/app.db-wal", "log"u8);
        temp.Write("data/db/notes.txt", "old"u8);
        temp.Write("data/uploads/u", "theirs"u8);
        temp.Write("data/was-a-file", "file"u8);
        temp.Write("data/was-a-directory/x", "x"u8);
        temp.Write("data/only-live/deep/app2.db", "live 2"u8);
        temp.Write("data/only-live/deep/z", "old"u8);
        temp.Write("data/cache.tmp", "excluded"u8);
        Posix.CreateNew(Posix.Here, [.. Posix.Bytes(temp["data"]), (byte)'/', 0xE9, (byte)'x'], 0x180).Dispose();
        temp.Write("fresh/changed.txt", "new"u8);
        temp.Write("fresh/added/b", "new b"u8);
        temp.Write("fresh/same/a", "new a"u8);
        temp.Write("fresh/db/notes.txt", "new"u8);
        temp.Write("fresh/db/app.db", "a raw copy"u8);
        temp.Write("fresh/was-a-file/now", "new"u8);
        temp.Write("fresh/was-a-directory", "new"u8);
        Posix.CreateNew(Posix.Here, [.. Posix.Bytes(temp["fresh"]), (byte)'/', 0xE9, (byte)'x'], 0x1A4).Dispose();
        Tools.Run("chmod", "750", temp["fresh"], temp["fresh/db"]);
        Tools.Run("touch", "-d", "2001-02-03", temp["fresh/db"], temp["fresh"]);
    }

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Foreign_things_stay_the_same_files_and_everything_else_is_the_snapshots()
    {
        var before = Foreign();
        var (steps, kept, notInPlace) = Plan();
        using var executor = new Executors();
        executor.Finish(steps);
        Assert.Equal(before, Foreign());
        Assert.Equal("new", File.ReadAllText(temp["data/changed.txt"]));
        Assert.Equal("new b", File.ReadAllText(temp["data/added/b"]));
        Assert.Equal("new", File.ReadAllText(temp["data/db/notes.txt"]));
        Assert.Equal("new", File.ReadAllText(temp["data/was-a-file/now"]));
        Assert.Equal("new", File.ReadAllText(temp["data/was-a-directory"]));
        Assert.False(File.Exists(temp["data/gone.txt"]) || File.Exists(temp["data/only-live/deep/z"]));
        Assert.Equal([temp["data"] + ".before_restore_" + Stamp], kept);
        var aside = kept[0];
        Assert.Equal("old", File.ReadAllText(aside + "/gone.txt"));
        Assert.Equal("old", File.ReadAllText(aside + "/db/notes.txt"));
        Assert.Equal("old", File.ReadAllText(aside + "/only-live/deep/z"));
        Assert.Empty(Directory.EnumerateFiles(aside, "app*", SearchOption.AllDirectories));
        Assert.False(Directory.Exists(aside + "/uploads") || File.Exists(aside + "/cache.tmp"));
        var left = Assert.Single(notInPlace);
        Assert.Equal((temp["data/db/app.db"], true), (left.Path, left.Reason.Contains(temp["data/db/.app.db.restore_" + Stamp], StringComparison.Ordinal)));
        Assert.Equal("a raw copy", File.ReadAllText(temp["data/db/.app.db.restore_" + Stamp]));
        Assert.Single(steps, RestoreNames.IsNextTo);
        Assert.Equal("750 981158400", Tools.Run("stat", "-c", "%a %Y", temp["data/db"]).Output.Trim().Replace(Local("2001-02-03"), "981158400", StringComparison.Ordinal));
    }

    [Fact]
    public void Killed_after_any_step_it_is_finished()
    {
        var (steps, _, _) = Plan();

        // The directories for what is kept are others each time.
        string DescribeAll() => string.Join('\n', Describe().Split('\n').Select(line => line.Contains(" d ", StringComparison.Ordinal) ? line[line.IndexOf(' ')..] : line));
        string? wanted = null;
        for (var done = steps.Count; done >= 0; done--)
        {
            using var executor = new Executors();
            foreach (var step in steps.Take(done))
            {
                executor.Do(step);
            }

            // Killed while it was finished, too.
            foreach (var step in steps.Take((done + steps.Count) / 2))
            {
                executor.Do(step);
            }

            executor.Finish(steps);
            executor.Finish(steps);
            wanted ??= DescribeAll();
            Assert.Equal(wanted, DescribeAll());
            executor.TakeBack(steps);
        }
    }

    [Fact]
    public void Killed_after_any_step_it_is_taken_back()
    {
        var (steps, _, _) = Plan();
        var wanted = Describe();
        for (var done = 0; done <= steps.Count; done++)
        {
            using var executor = new Executors();
            foreach (var step in steps.Take(done))
            {
                executor.Do(step);
            }

            // Killed while it was taken back, too.
            for (var i = steps.Count - 1; i >= done / 2; i--)
            {
                executor.TakeBack(steps[i]);
            }

            executor.TakeBack(steps);
            executor.TakeBack(steps);
            Assert.Equal(wanted, Describe());
        }
    }

    [Fact]
    public void A_directory_that_stays_gets_the_attributes_of_the_restored_one_and_its_own_again()
    {
        Tools.Run("setfattr", "-n", "user.both", "-v", "old", temp["data/db"]);
        Tools.Run("setfattr", "-n", "user.only", "-v", "old", temp["data/db"]);
        Tools.Run("setfattr", "-n", "user.both", "-v", "new", temp["fresh/db"]);
        var (old, restored) = (Attributes("data/db"), Attributes("fresh/db"));
        Assert.NotEqual(old, restored);
        var (steps, _, _) = Plan();
        using var executor = new Executors();
        executor.Finish(steps);
        Assert.Equal(restored, Attributes("data/db"));
        executor.TakeBack(steps);
        Assert.Equal(old, Attributes("data/db"));

        string Attributes(string directory)
        {
            using var open = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp[directory]));
            return DirectoryAttributes.Read(open);
        }
    }

    private byte[] P(string name) => Posix.Bytes(temp[name]);

    private string Journal => temp[$".restore_{Stamp}.steps"];

    private string Pointer => temp[$".db.restore_{Stamp}.steps"];

    [Fact]
    public void Stored_steps_are_the_same_steps()
    {
        var (steps, _, _) = Plan();
        steps = [.. steps, new RemoveDirectoryStep(P("x"), new FileIdentity(ulong.MaxValue, 0x4000, new FileTime(9, 8)), new DirectoryMeta(0x1C0, 1, 2, new FileTime(-5, 7)) { Attributes = "YQ==:Yg==" }),
            new KeepStep(P("a"), P("b"), new FileIdentity(1, 2, default)) { IsStaged = true },
            new OverwriteStep(P("o"), new FileIdentity(3, 0x8000, default), [.. P("o"), 0xFF], P("k"), P("c"))];
        var head = new RestoreHead(Stamp, "snapshot X", [temp.Root, temp["db"]], [temp[$".restore_{Stamp}"]], [Pointer]) { Databases = [temp["db"]], Above = [new DirectoryTime(temp.Root, new FileTime(-5, 7))] };
        using (var journal = RestoreJournal.Create(Journal, head))
        {
            journal.Begin(steps);
        }

        using var read = RestoreJournal.Open(Pointer, out var isRunning)!;
        Assert.False(isRunning);
        Assert.Equal(RestoreStage.Begun, read.Stage);
        Assert.Equivalent(head, read.Head);
        Assert.Equal(steps.Select(Text), read.Steps.Select(Text));

        static string Text(RestoreStep step) => Encoding.UTF8.GetString(JsonFields.Write(json => RestoreStepJson.Write(json, step), indented: false));
    }

    [Fact]
    public void A_journal_that_was_cut_anywhere_has_all_its_steps_or_none()
    {
        var (steps, _, _) = Plan();
        using (var journal = RestoreJournal.Create(Journal, new RestoreHead(Stamp, "snapshot X", [temp.Root], [], [])))
        {
            journal.Begin(steps);
        }

        var text = File.ReadAllBytes(Journal);
        for (var length = 0; length <= text.Length; length += length < 300 || length > text.Length - 300 ? 1 : 97)
        {
            File.WriteAllBytes(Journal, text[..length]);
            using var read = RestoreJournal.Open(Journal, out _)!;
            Assert.Equal(length == text.Length ? (RestoreStage.Begun, steps.Count) : (RestoreStage.Staging, 0), (read.Stage, read.Steps.Count));
        }
    }

    [Fact]
    public void A_journal_that_others_can_write_is_not_believed()
    {
        RestoreJournal.Create(Journal, new RestoreHead(Stamp, "snapshot X", [temp.Root], [], [])).Dispose();
        Tools.Run("chmod", "666", Journal);
        Assert.Contains("others", Assert.Throws<UserError>(() => RestoreJournal.Open(Journal, out _)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_somebody_changes_while_it_is_restored_is_refused_by_both_names()
    {
        var (steps, _, _) = Plan();
        using var executor = new Executors();
        File.Delete(temp["data/changed.txt"]);
        File.WriteAllText(temp["data/changed.txt"], "somebody's");
        var error = Assert.Throws<UserError>(() => executor.Finish(steps));
        Assert.Contains("data/changed.txt", error.Message, StringComparison.Ordinal);
        Assert.Contains("fresh/changed.txt", error.Message, StringComparison.Ordinal);
        Assert.Equal("somebody's", File.ReadAllText(temp["data/changed.txt"]));
    }

    [Fact]
    public void Only_chosen_files_are_merged_and_a_foreign_one_is_left()
    {
        var before = Foreign();
        using var places = new NamedPlaces();
        var planner = new RestorePlanner(places, Stamp);
        planner.MergeTree(Survey(), Regions());
        using var executor = new Executors();
        executor.Finish(planner.Steps);
        Assert.Equal(before, Foreign());
        Assert.Equal("old", File.ReadAllText(temp["data/gone.txt"]));
        Assert.Equal("new", File.ReadAllText(temp["data/changed.txt"]));
        Assert.Equal("old", File.ReadAllText(temp[$"data.before_restore_{Stamp}/changed.txt"]));
        Assert.Equal("new", File.ReadAllText(temp["data/was-a-directory"]));
        Assert.Equal("x", File.ReadAllText(temp[$"data.before_restore_{Stamp}/was-a-directory/x"]));
        Assert.Equal([temp["data.before_restore_" + Stamp]], planner.Kept);
        Assert.Equal(temp["data/db/app.db"], Assert.Single(planner.NotInPlace).Path);
        Assert.Equal("a raw copy", File.ReadAllText(temp["data/db/.app.db.restore_" + Stamp]));
    }

    [Fact]
    public void A_directory_that_cannot_be_moved_is_replaced_by_its_entries()
    {
        using var places = new NamedPlaces();
        var planner = new RestorePlanner(places, Stamp);
        Directory.Delete(temp["data/db"], true);
        Directory.Delete(temp["data/only-live/deep"], true);
        temp.Write("data/only-live/deep/z", "old"u8);
        File.Delete(temp["data/cache.tmp"]);
        Directory.Delete(temp["data/uploads"], true);
        planner.ReplaceTree(Survey(), Regions(new NothingMoves()), isMount: false);
        var before = Describe();
        using var executor = new Executors();
        executor.Finish(planner.Steps);
        Assert.Equal("new a", File.ReadAllText(temp["data/same/a"]));
        Assert.Equal("new", File.ReadAllText(temp["data/was-a-directory"]));
        Assert.False(Directory.Exists(temp["data/only-live"]));
        Assert.Equal("old", File.ReadAllText(temp[$"data.before_restore_{Stamp}/only-live/deep/z"]));
        executor.TakeBack(planner.Steps);
        executor.TakeBack(planner.Steps);
        Assert.Equal(before.Split('\n').Select(line => line.Split(' ')[^1]), Describe().Split('\n').Select(line => line.Split(' ')[^1]));
        Assert.Equal("old", File.ReadAllText(temp["data/only-live/deep/z"]));
    }

    [Fact]
    public void Without_exchange_everything_is_moved_and_can_be_taken_back()
    {
        using var places = new NamedPlaces();
        var planner = new RestorePlanner(places, Stamp);
        planner.ReplaceTree(Survey(), Regions(new NoExchange()), isMount: false);
        Assert.DoesNotContain(planner.Steps, step => step is ExchangeStep);
        var before = Describe();
        using var executor = new Executors();
        executor.Finish(planner.Steps);
        Assert.Equal("new", File.ReadAllText(temp["data/changed.txt"]));
        executor.TakeBack(planner.Steps);
        Assert.Equal(before, Describe());
    }

    [Fact]
    public void A_file_that_is_overwritten_gets_its_content_back()
    {
        var file = FileIdentity.Of(Posix.StatusOrNull(temp["data/changed.txt"])!.Value);
        RestoreStep[] steps = [new OverwriteStep(Posix.Bytes(temp["data/changed.txt"]), file, Posix.Bytes(temp["fresh/changed.txt"]), Posix.Bytes(temp["data/kept"]), Posix.Bytes(temp["fresh/copying"]))];
        temp.Write("fresh/copying", "ol"u8);
        temp.Write("fresh/changed.txt~", "an editor's"u8);
        using var executor = new Executors();
        executor.Finish(steps);
        executor.Finish(steps);
        Assert.Equal((false, true), (File.Exists(temp["fresh/copying"]), File.Exists(temp["fresh/changed.txt~"])));
        Assert.Equal(("new", "old"), (File.ReadAllText(temp["data/changed.txt"]), File.ReadAllText(temp["data/kept"])));
        Assert.Equal(file.Inode, Posix.StatusOrNull(temp["data/changed.txt"])!.Value.Inode);
        executor.TakeBack(steps);
        executor.TakeBack(steps);
        Assert.Equal("old", File.ReadAllText(temp["data/changed.txt"]));
        Assert.False(File.Exists(temp["data/kept"]));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(220)]
    [InlineData(255)]
    public void However_long_a_name_is_what_is_made_for_it_has_one(int length)
    {
        var path = "/d/" + new string('é', length / 2) + (length % 2 == 1 ? "x" : "");
        foreach (var made in new[] { RestoreNames.Kept(path, Stamp) + "-journal", RestoreNames.Probe(RestoreNames.Scratch(path, Stamp)), RestoreNames.Journal(RestoreNames.Scratch(path, Stamp)) })
        {
            var name = Posix.Bytes(Path.GetFileName(made));
            Assert.InRange(name.Length, 1, 255);
            Assert.True(LeftoverName.Is(name), made);
            Assert.DoesNotContain('�', made);
        }
    }

    private static string Local(string day) => new DateTimeOffset(DateTime.Parse(day, System.Globalization.CultureInfo.InvariantCulture)).ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture);

    private (IReadOnlyList<RestoreStep> Steps, IReadOnlyList<string> Kept, IReadOnlyList<PathWarning> NotInPlace) Plan()
    {
        using var places = new NamedPlaces();
        var planner = new RestorePlanner(places, Stamp);
        planner.ReplaceTree(Survey(), Regions(), isMount: false);
        return (planner.Steps, planner.Kept, planner.NotInPlace);
    }

    private TreeSurvey Survey() => TreeSurvey.Of(temp["data"], new TreeBoundary(
        Posix.StatusOrNull(temp["data"])!.Value,
        ForeignPlaces.Find([], [
            new SourcePlace("app", SourceKind.Database, temp["data/db/app.db"]),
            new SourcePlace("app2", SourceKind.Database, temp["data/only-live/deep/app2.db"]),
            new SourcePlace("up", SourceKind.Storage, temp["data/uploads"])]),
        false,
        ["*.tmp"]), TreeGaps.None, null);

    private Dictionary<string, RestoreRegion> Regions(IRestoreProbe? probe = null) => new()
    {
        [""] = new RestoreRegion(
            Posix.Bytes(temp["data"]), Posix.Bytes(temp["fresh"]), RestoreNames.Kept(Posix.Bytes(temp["data"]), Stamp),
            probe ?? new RestoreProbe(temp[$".data.restore_{Stamp}.probe"])),
    };

    /// <summary>Names, inodes and contents of what must stay.</summary>
    private string Foreign() => Tools.Run("bash", "-c", $"cd '{temp["data"]}' && stat -c '%n %i %s' db/app.db db/app.db-wal only-live/deep/app2.db uploads uploads/u cache.tmp db only-live only-live/deep | sed 's/ [0-9]*$//'; cat db/app.db uploads/u").Output;

    /// <summary>All of live and restored tree, and what is kept: names, types, inodes and modes.</summary>
    private string Describe() => Tools.Run("bash", "-c", $"cd '{temp.Root}' && find data data.before* fresh -printf '%i %y %m %p\\n' 2>/dev/null | sort -k4").Output;

    /// <summary>One that does steps and one that takes them back.</summary>
    private sealed class Executors : IDisposable
    {
        private readonly RestoreExecutor forth = new(RestoreAim.Run, text => Assert.Fail(text));
        private readonly RestoreExecutor back = new(RestoreAim.Undo, text => Assert.Fail(text));

        public void Do(RestoreStep step) => forth.Run(step);

        public void Finish(IReadOnlyList<RestoreStep> steps) => forth.Run(steps);

        public void TakeBack(RestoreStep step) => back.Run(step);

        public void TakeBack(IReadOnlyList<RestoreStep> steps) => back.Run(steps);

        public void Dispose()
        {
            forth.Dispose();
            back.Dispose();
        }
    }

    private sealed class NothingMoves : IRestoreProbe
    {
        public bool CanExchange => true;

        public byte[] Copying => throw new NotSupportedException();

        public bool CanMove(byte[] directory, bool staysBeside = false) => false;

        public void RequireMovable(byte[] file)
        {
        }
    }

    private sealed class NoExchange : IRestoreProbe
    {
        public bool CanExchange => false;

        public byte[] Copying => throw new NotSupportedException();

        public bool CanMove(byte[] directory, bool staysBeside = false) => true;

        public void RequireMovable(byte[] file)
        {
        }
    }
}
