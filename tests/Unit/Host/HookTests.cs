using VertexAr.Backup.Host;

namespace VertexAr.Backup.Tests.Host;

/// <summary>Commands of the operator's around a run.</summary>
public sealed class HookTests
{
    private readonly List<string> heard = [];

    [Fact]
    public void Commands_run_in_order_with_facts_and_their_words_are_heard_under_its_name()
    {
        var problem = Run(["sh", "-c", "echo one $VERTEX_AR_BACKUP_HOOK; echo \"$VERTEX_AR_BACKUP_ERROR\""], ["echo", "two"]);

        Assert.Null(problem);
        Assert.Equal(["after_create: one after_create", "after_create: it's a $FACT", "after_create: two"], heard);
    }

    [Fact]
    public void The_first_that_fails_ends_it_and_is_said_without_its_arguments()
    {
        Assert.Equal("the hook after_create failed: sh ended with exit code 4", Run(["sh", "-c", "exit 4"], ["echo", "two"]));
        Assert.Empty(heard);
    }

    [Fact]
    public void A_fact_may_be_longer_than_the_kernel_takes_and_hold_anything()
    {
        var hook = new Hook("x", [["sh", "-c", "echo ${#VERTEX_AR_BACKUP_ERROR}"]], TimeSpan.FromMinutes(1), []);

        Assert.Null(hook.Run([new("ERROR", "a\0b" + new string('x', 300_000))], heard.Add, CancellationToken.None));
        Assert.Equal(["x: 8000"], heard);
    }

    private string? Run(params IReadOnlyList<string>[] commands) =>
        new Hook("after_create", commands, TimeSpan.FromMinutes(1), []).Run([new("ERROR", "it's a $FACT")], heard.Add, CancellationToken.None);
}
