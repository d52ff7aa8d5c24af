using System.Text;
using VertexAr.Backup.Cli;

namespace VertexAr.Backup.Tests.Cli;

public sealed class QuestionTests : IDisposable
{
    private readonly MemoryStream stream = new();

    public void Dispose() => stream.Dispose();

    [Theory]
    [InlineData("y", "Yes")]
    [InlineData(" YES ", "Yes")]
    [InlineData("n", "No")]
    [InlineData("", "No")]
    [InlineData("yep", "No")]
    [InlineData(null, "No")]
    public void Only_a_clear_yes_is_a_yes(string? line, string answer)
    {
        Assert.Equal(answer, Ask(canAsk: true, line).ToString());
        Assert.Equal("Replace /a\\n? [y/N] ", Encoding.UTF8.GetString(stream.ToArray()));
    }

    [Fact]
    public void Without_a_terminal_nothing_is_asked()
    {
        Assert.Equal(Answer.CannotAsk, Ask(canAsk: false, "y"));
        Assert.Equal(0, stream.Length);
    }

    private Answer Ask(bool canAsk, string? line) =>
        new Question(new MessageStream(stream), () => canAsk, () => line).Ask("Replace /a\n?");
}
