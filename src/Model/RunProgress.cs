namespace VertexAr.Backup.Model;

/// <summary>
/// How far a run is. Operations count into it from any thread; whoever shows progress reads it when it likes.
/// Notices are handed on one at a time.
/// </summary>
internal sealed class RunProgress(Action<Notice> say)
{
    private readonly Lock saying = new();
    private long bytesDone;
    private long bytesTotal;
    private long filesDone;
    private volatile string phase = "";

    /// <summary>Bytes of input dealt with so far.</summary>
    public long BytesDone => Interlocked.Read(ref bytesDone);

    /// <summary>Bytes expected in all; 0 while unknown.</summary>
    public long BytesTotal => Interlocked.Read(ref bytesTotal);

    public long FilesDone => Interlocked.Read(ref filesDone);

    /// <summary>What is being done now, in a word or two ("storage", "checking app_data").</summary>
    public string Phase
    {
        get => phase;
        set => phase = value;
    }

    public void AddBytes(long bytes) => Interlocked.Add(ref bytesDone, bytes);

    public void AddFile() => Interlocked.Increment(ref filesDone);

    public void Expect(long bytes) => Interlocked.Exchange(ref bytesTotal, bytes);

    public void Say(Severity severity, string text, string? path = null)
    {
        lock (saying)
        {
            say(new Notice(severity, text, path));
        }
    }
}
