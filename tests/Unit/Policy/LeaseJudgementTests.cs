using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

public sealed class LeaseJudgementTests
{
    private const ulong Ext4 = 0xEF53;
    private const ulong Fuse = 0x65735546;

    private static readonly LeasePlace Share = new("machine", "host", "boot", new LeaseDoor(Fuse, 7, 1), IsOfOneMachine: false, HoldsLock: true, TimeSpan.FromHours(1));
    private static readonly LeasePlace Disk = Share with { Door = new LeaseDoor(Ext4, 3, 1), IsOfOneMachine = true };
    private static readonly LeaseMark Theirs = Mark("other", "other", "theirs", new LeaseDoor(Fuse, 7, 2));

    [Theory]
    [InlineData(0, "AtWork")]
    [InlineData(299, "AtWork")]
    [InlineData(301, "Gone")]
    [InlineData(-2, "AtWork")]
    [InlineData(-60, "Unclear")]
    public void Of_another_machine_only_its_age_is_known(int seconds, string state) =>
        Assert.Equal(state, Judge(Theirs, seconds).ToString());

    [Fact]
    public void Clocks_that_contradict_each_other_are_not_believed() =>
        Assert.Equal(LeaseState.Unclear, LeaseJudgement.Judge(Theirs, TimeSpan.FromSeconds(10), TimeSpan.FromHours(2), null, Share));

    [Fact]
    public void A_process_of_this_machine_tells_by_its_number()
    {
        Assert.Equal(LeaseState.Gone, LeaseJudgement.Judge(Theirs, TimeSpan.Zero, TimeSpan.Zero, isRunning: false, Share));
        Assert.Equal(LeaseState.AtWork, LeaseJudgement.Judge(Theirs, TimeSpan.FromSeconds(-60), TimeSpan.FromHours(2), isRunning: true, Share));
        Assert.Equal(LeaseState.Gone, LeaseJudgement.Judge(Theirs, TimeSpan.FromMinutes(6), TimeSpan.Zero, isRunning: true, Share));
    }

    [Fact]
    public void The_lock_that_is_held_answers_for_all_who_come_by_the_same_way()
    {
        var before = Mark("machine", "host", "boot", Share.Door);
        Assert.Equal(LeaseState.Gone, Judge(before, 0));
        Assert.Equal(LeaseState.AtWork, LeaseJudgement.Judge(before, TimeSpan.Zero, TimeSpan.Zero, null, Share with { HoldsLock = false }));
        Assert.Equal(LeaseState.AtWork, Judge(before with { Door = new LeaseDoor(Fuse, 8, 1) }, 0));
        Assert.Equal(LeaseState.AtWork, Judge(before with { Process = new ProcessIdentity("other", "n", 5, 1) }, 0));
    }

    /// <summary>A container has another machine's identity, or none, and a start of its own.</summary>
    [Fact]
    public void On_a_disk_the_same_directory_is_the_same_way_whatever_the_numbers_of_devices()
    {
        var before = Mark(null, "container", "other", new LeaseDoor(Ext4, 99, 1));
        Assert.Equal(LeaseState.Gone, Judge(before, 0, Disk));
        Assert.Equal(LeaseState.AtWork, Judge(before with { Door = new LeaseDoor(Ext4, 99, 2) }, 0, Disk));
        Assert.Equal(LeaseState.AtWork, Judge(before with { Door = new LeaseDoor(Fuse, 99, 1) }, 0, Disk));
    }

    [Fact]
    public void What_this_machine_ran_before_it_was_started_is_gone()
    {
        var before = Mark("machine", "host", "earlier", new LeaseDoor(Fuse, 1, 9));
        var started = Share with { UpTime = TimeSpan.FromSeconds(90) };
        Assert.Equal(LeaseState.Gone, Judge(before, 120, started));

        // A clone of this machine, which renews its own.
        Assert.Equal(LeaseState.AtWork, Judge(before, 30, started));
        Assert.Equal(LeaseState.AtWork, Judge(before with { Host = "other" }, 120, started));
    }

    [Fact]
    public void What_cannot_be_read_is_judged_by_its_age_and_on_a_disk_by_the_start_of_the_machine()
    {
        var started = Disk with { UpTime = TimeSpan.FromSeconds(90) };
        Assert.Equal(LeaseState.AtWork, LeaseJudgement.Judge(null, TimeSpan.FromSeconds(80), null, null, started));
        Assert.Equal(LeaseState.Gone, LeaseJudgement.Judge(null, TimeSpan.FromSeconds(120), null, null, started));
        Assert.Equal(LeaseState.AtWork, LeaseJudgement.Judge(null, TimeSpan.FromSeconds(120), null, null, started with { IsOfOneMachine = false }));
        Assert.Equal(LeaseState.Gone, LeaseJudgement.Judge(null, TimeSpan.FromSeconds(301), null, null, Share));
    }

    private static LeaseState Judge(LeaseMark mark, int seconds, LeasePlace? here = null) =>
        LeaseJudgement.Judge(mark, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(seconds), null, here ?? Share);

    private static LeaseMark Mark(string? machine, string host, string boot, LeaseDoor door) => new()
    {
        Token = new string('a', 32),
        Use = LeaseMark.WriteUse,
        Purpose = "create",
        Host = host,
        Machine = machine,
        Process = new ProcessIdentity(boot, "n", 5, 1),
        Door = door,
        Since = default,
        RenewedAt = default,
    };
}
