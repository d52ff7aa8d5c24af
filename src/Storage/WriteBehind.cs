using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Writes files in a thread of its own, so that who makes their content does not wait for the disk; and past the page cache
/// where that is quick. What a backup writes is not read again soon: in the cache it would push out what the server works
/// with, and putting it there costs as much processor time as hashing it.
/// </summary>
/// <param name="files">How many files are written at one time, at most.</param>
internal sealed class WriteBehind(int files) : IDisposable
{
    /// <summary>What is written at once. Memory for it is asked of the kernel, and so lies as direct writes need it.</summary>
    public const int BlockBytes = 512 * 1024;

    /// <summary>Direct writes must be multiples of this, and go to such places; no disk asks for more.</summary>
    private const int Alignment = 4096;

    /// <summary>Blocks on their way, at most. Where the disk is slower than what makes them, it sets the pace.</summary>
    private const int Ahead = 4;

    private const int StackBytes = 256 * 1024;

    private readonly object changing = new();
    private readonly Queue<(BehindFile File, NativeArray<byte> Block, int Count)> waiting = new();
    private readonly Stack<NativeArray<byte>> spare = new();
    private int made;
    private bool ended;
    private Thread? writer;

    /// <summary>Writes to a new file, which the caller closes after it disposed of what this returns.</summary>
    public IBlockOutput Begin(SafeFileHandle file) => new BehindFile(this, file);

    public void Dispose()
    {
        lock (changing)
        {
            ended = true;
            Monitor.PulseAll(changing);
        }

        writer?.Join();
        foreach (var block in spare)
        {
            block.Free();
        }
    }

    private NativeArray<byte> Take()
    {
        lock (changing)
        {
            while (spare.Count == 0 && made == files + Ahead)
            {
                Monitor.Wait(changing);
            }

            if (spare.TryPop(out var block))
            {
                return block;
            }

            made++;
        }

        return new NativeArray<byte>(BlockBytes);
    }

    private void GiveBack(NativeArray<byte> block)
    {
        lock (changing)
        {
            spare.Push(block);
            Monitor.PulseAll(changing);
        }
    }

    private void Write(BehindFile file, NativeArray<byte> block, int count)
    {
        lock (changing)
        {
            file.Outstanding++;
            waiting.Enqueue((file, block, count));
            if (writer is null)
            {
                writer = new Thread(WriteWaiting, StackBytes) { Name = "write", IsBackground = true };
                writer.Start();
            }

            Monitor.PulseAll(changing);
        }
    }

    private void WaitFor(BehindFile file)
    {
        lock (changing)
        {
            while (file.Outstanding > 0)
            {
                Monitor.Wait(changing);
            }
        }
    }

    private void WriteWaiting()
    {
        while (Next() is var (file, block, count))
        {
            file.Write(block.Items[..count]);
            lock (changing)
            {
                file.Outstanding--;
                GiveBack(block);
            }
        }
    }

    /// <summary>The next block; null when there will be none.</summary>
    private (BehindFile File, NativeArray<byte> Block, int Count)? Next()
    {
        lock (changing)
        {
            while (waiting.Count == 0)
            {
                if (ended)
                {
                    return null;
                }

                Monitor.Wait(changing);
            }

            return waiting.Dequeue();
        }
    }

    private sealed class BehindFile(WriteBehind behind, SafeFileHandle file) : IBlockOutput
    {
        private NativeArray<byte>? filling;
        private bool isDirect = Posix.TryBypassCache(file);
        private long offset;
        private PosixError? failure;

        /// <summary>Blocks on their way.</summary>
        public int Outstanding { get; set; }

        public Span<byte> Buffer => (filling ??= behind.Take()).Items;

        public void Pass(int count, int filled)
        {
            ThrowIfFailed();
            var (full, next) = (filling!, behind.Take());
            full.Items[count..filled].CopyTo(next.Items);
            filling = next;
            behind.Write(this, full, count);
        }

        public void End(int count)
        {
            ThrowIfFailed();
            if (filling is { } last)
            {
                filling = null;
                behind.Write(this, last, count);
            }
        }

        public void Wait()
        {
            behind.WaitFor(this);
            ThrowIfFailed();
        }

        public void Dispose()
        {
            if (filling is { } unwritten)
            {
                filling = null;
                behind.GiveBack(unwritten);
            }

            // Whoever closes the file while something is written would let it go to the next that is opened.
            behind.WaitFor(this);
        }

        /// <summary>In the thread that writes. After a failure nothing more is written.</summary>
        public void Write(ReadOnlySpan<byte> bytes)
        {
            if (failure is not null)
            {
                return;
            }

            try
            {
                if (isDirect && bytes.Length % Alignment != 0)
                {
                    UseCache();
                }

                WriteBytes(bytes);
                offset += bytes.Length;
            }
            catch (PosixError e)
            {
                Volatile.Write(ref failure, e);
            }
        }

        private void WriteBytes(ReadOnlySpan<byte> bytes)
        {
            try
            {
                Posix.WriteAt(file, bytes, offset);
            }
            catch (PosixError e) when (isDirect && e.Number == PosixError.Invalid)
            {
                // A disk that does ask for more.
                UseCache();
                Posix.WriteAt(file, bytes, offset);
            }

            if (!isDirect)
            {
                Posix.StartWriting(file, offset, bytes.Length);
            }
        }

        private void UseCache()
        {
            Posix.UseCache(file);
            isDirect = false;
        }

        private void ThrowIfFailed()
        {
            if (Volatile.Read(ref failure) is { } error)
            {
                System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(error);
            }
        }
    }
}
