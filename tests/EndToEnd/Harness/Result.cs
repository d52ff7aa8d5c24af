using System.Text;

namespace VertexAr.Backup.EndToEnd;

/// <summary>How a command ended and what it said.</summary>
internal sealed record Result(string Line, int Code, byte[] Bytes, byte[] ErrorBytes)
{
    public string Output { get; } = Encoding.UTF8.GetString(Bytes);

    public string Errors { get; } = Encoding.UTF8.GetString(ErrorBytes);

    /// <summary>Checks the exit code; a difference is told with everything that was said.</summary>
    public Result Ends(int code)
    {
        Assert.True(Code == code, $"expected exit code {code}\n{this}");
        return this;
    }

    public Result Succeeds() => Ends(0);

    /// <summary>Fails as documented: this exit code, these words on standard error, no stack trace, nothing on standard output.</summary>
    public Result Fails(int code, params string[] words)
    {
        Ends(code);
        Says(words);
        Assert.True(!Errors.Contains("   at ", StringComparison.Ordinal) && Output.Length == 0, $"a stack trace, or a result\n{this}");
        return this;
    }

    /// <summary>Saved what it could: exit code 3, these words on standard error.</summary>
    public Result IsPartial(params string[] words)
    {
        Ends(3);
        return Says(words);
    }

    /// <summary>Checks that standard error holds these words.</summary>
    public Result Says(params string[] words)
    {
        foreach (var word in words)
        {
            Assert.True(Errors.Contains(word, StringComparison.Ordinal), $"'{word}' is not said\n{this}");
        }

        return this;
    }

    /// <summary>Checks that standard output holds these words.</summary>
    public Result Prints(params string[] words)
    {
        foreach (var word in words)
        {
            Assert.True(Output.Contains(word, StringComparison.Ordinal), $"'{word}' is not printed\n{this}");
        }

        return this;
    }

    public override string ToString() => $"$ {Line}\nexit code {Code}\n--- stdout\n{Output}--- stderr\n{Errors}";
}
