using VertexAr.Backup.Cli;

namespace VertexAr.Backup.Tests.Cli;

public sealed class OfferedCommandsTests
{
    [Theory]
    [InlineData("'vertex-ar-backup list' shows them", "'vertex-ar-backup --config /c/a.json list' shows them")]
    [InlineData("sudo vertex-ar-backup create", "sudo vertex-ar-backup --config /c/a.json create")]
    [InlineData("vertex-ar-backup offsite push", "vertex-ar-backup --config /c/a.json offsite push")]
    [InlineData(
        "finish it with 'vertex-ar-backup restore --continue', or 'vertex-ar-backup restore --undo'",
        "finish it with 'vertex-ar-backup --config /c/a.json restore --continue', or 'vertex-ar-backup --config /c/a.json restore --undo'")]
    [InlineData("vertex-ar-backup --config /b.json show latest", "vertex-ar-backup --config /b.json show latest")]
    [InlineData("vertex-ar-backup 0.1.0", "vertex-ar-backup 0.1.0")]
    [InlineData("systemctl status vertex-ar-backup.timer", "systemctl status vertex-ar-backup.timer")]
    [InlineData("/srv/vertex-ar-backup list of files", "/srv/vertex-ar-backup list of files")]
    [InlineData("vertex-ar-backup listing", "vertex-ar-backup listing")]
    [InlineData("journalctl -t vertex-ar-backup", "journalctl -t vertex-ar-backup")]
    [InlineData("nothing to do", "nothing to do")]
    public void A_command_gets_the_configuration_that_this_one_was_given(string text, string expected) =>
        Assert.Equal(expected, new OfferedCommands("/c/a.json").Complete(text));

    [Fact]
    public void It_can_be_pasted_into_a_shell_from_any_directory()
    {
        Assert.Equal(
            "vertex-ar-backup --config '/c d/it'\\''s.json' --backup-dir /b list",
            new OfferedCommands("/c d/it's.json", "/b").Complete("vertex-ar-backup list"));
        Assert.Equal($"vertex-ar-backup --config {Path.GetFullPath("a.json")} list", new OfferedCommands("a.json").Complete("vertex-ar-backup list"));
    }

    [Fact]
    public void Without_such_options_it_stays_as_it_is() => Assert.Equal("sudo vertex-ar-backup create", new OfferedCommands().Complete("sudo vertex-ar-backup create"));
}
