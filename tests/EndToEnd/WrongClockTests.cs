using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A clock that was in 2099 for one night, as after an empty battery.</summary>
public sealed class WrongClockTests : IDisposable
{
    private static readonly DateTimeOffset Start = new(DateTime.UtcNow.Date.AddDays(-30).AddHours(2), TimeSpan.Zero);
    private readonly Site site = new();

    public WrongClockTests() => site.Settings["max_backups"] = 2;

    public void Dispose() => site.Dispose();

    [Fact]
    public void Names_follow_the_time_again_and_the_newest_is_the_newest_all_the_while()
    {
        Night(Start);
        Night(new DateTimeOffset(2099, 1, 1, 2, 0, 0, TimeSpan.Zero));
        for (var night = 1; night <= 5; night++)
        {
            var saved = $"saved in night {night}";
            site.Write("note.txt", saved);
            Night(Start.AddDays(night));

            var target = site.In($"out{night}");
            site.Run("restore", "latest", "--to", target, "--only", "storage").Succeeds();
            Assert.Equal(saved, File.ReadAllText(Directory.EnumerateFiles(target, "note.txt", SearchOption.AllDirectories).Single()));
        }

        Assert.Equal([Start.AddDays(4).ToString("yyyyMMdd'T'HHmm"), Start.AddDays(5).ToString("yyyyMMdd'T'HHmm")], site.Snapshots().Select(s => s.Id[..13]));
        site.Run("verify", "--deep").Succeeds();
    }

    [Fact]
    public void While_a_name_is_in_the_future_doctor_and_the_run_say_so()
    {
        Night(new DateTimeOffset(2099, 1, 1, 2, 0, 0, TimeSpan.Zero));
        site.Run(["create"], FakeClock.At(Start)).Succeeds().Says("the clock is behind snapshot 20990101T0200");
        site.Run("doctor").Prints("warning  clock: snapshot 20990101T0200", "rotate it away in time");
    }

    /// <summary>As a machine without a battery has it until it hears the time: nothing good is given up for it.</summary>
    [Fact]
    public void By_a_clock_that_begins_in_1970_nothing_is_rotated_and_no_advice_is_to_remove_what_is_good()
    {
        Night(Start);
        Night(Start.AddDays(1));
        var good = site.Snapshots().Select(snapshot => snapshot.Id).ToList();
        var reset = new DateTimeOffset(1970, 1, 1, 0, 6, 0, TimeSpan.Zero);
        for (var day = 0; day < 3; day++)
        {
            var run = site.Run(["create"], FakeClock.At(reset.AddDays(day))).Succeeds().Says($"the clock of this machine is wrong: it says {reset.AddDays(day):yyyy-MM-dd} 00:06 UTC", "timedatectl set-ntp true", "nothing is rotated");
            Assert.DoesNotContain("rm -f", run.Errors, StringComparison.Ordinal);
        }

        Assert.Equal(good, site.Snapshots().Select(snapshot => snapshot.Id).TakeLast(2));
        Assert.Equal(5, site.Snapshots().Count);
        site.Run(["status"], FakeClock.At(reset.AddDays(3))).Ends(1).Prints("NOT healthy", "the clock of this machine is wrong", "nothing is rotated until it is set");
        site.Run(["rotate"], FakeClock.At(reset.AddDays(3))).Says("nothing is rotated: the clock of this machine is wrong");
        Assert.Equal(5, site.Snapshots().Count);

        // With the right time again, what was made later counts as newer, whatever its name.
        Night(Start.AddDays(2));
        Assert.Equal(["19700103", Start.AddDays(2).ToString("yyyyMMdd")], site.Snapshots().Select(snapshot => snapshot.Id[..8]));
    }

    /// <summary>The copies are what is left where such a machine's own disk fails.</summary>
    [Fact]
    public void By_a_clock_that_begins_in_1970_no_copy_is_removed_either()
    {
        var second = site.In("second");
        site.Settings["offsite"] = new JsonObject { ["remote"] = second, ["max_backups"] = 2 };
        Night(Start);
        Night(Start.AddDays(1));
        for (var day = 0; day < 3; day++)
        {
            site.Run(["create"], FakeClock.At(new DateTimeOffset(1970, 1, 1, 0, 6, 0, TimeSpan.Zero).AddDays(day))).Says($"nothing is removed in {second}: the clock of this machine is wrong");
        }

        Assert.Equal(5, Directory.GetFiles(Path.Combine(second, "snapshots"), "*Z.json").Length);
    }

    private void Night(DateTimeOffset time) => site.Run(["create", "--quiet"], FakeClock.At(time)).Succeeds();
}
