using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

/// <summary>What other programs print, before it is shown.</summary>
public sealed class RedactedLinesTests
{
    [Theory]
    [InlineData("  total   3 files", "  total   3 files")]
    [InlineData("", "")]
    [InlineData("password=hush1 and more", "password=… and more")]
    [InlineData("cannot reach https://me:hush1@host/x", "cannot reach https://…@host/x")]
    [InlineData("-----BEGIN PRIVATE KEY-----\naHVzaDE=\nSA==\n-----END PRIVATE KEY-----\ndone", "…\ndone")]
    [InlineData("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\naHVzaDE=\n-----END RSA PRIVATE KEY-----\n  done", "…\n  done")]
    [InlineData("-----BEGIN PRIVATE KEY-----\naHVzaDE=\nnow it ended early", "…\nnow it ended early")]
    [InlineData("-----BEGIN A----- x -----END A-----\nnext", "…\nnext")]
    public void Secrets_are_hidden_and_the_rest_stays(string printed, string shown)
    {
        var heard = new List<string>();
        var lines = new RedactedLines(heard.Add);
        Array.ForEach(printed.Split('\n'), lines.Hear);
        Assert.Equal(shown, string.Join('\n', heard));
    }
}
