namespace VertexAr.Backup.Model;

/// <summary>How much a notice matters; the numbers are syslog's, as systemd reads them from a <c>&lt;N&gt;</c> prefix.</summary>
internal enum Severity
{
    Error = 3,
    Warning = 4,
    Information = 6,
    Detail = 7,
}

/// <summary>One thing an operation wants said while it runs. <paramref name="Path"/> names the file it is about, if any.</summary>
internal sealed record Notice(Severity Severity, string Text, string? Path = null);
