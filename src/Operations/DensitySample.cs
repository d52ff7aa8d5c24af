using VertexAr.Backup.Core;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Operations;

/// <summary>How well content will probably compress, told from a few samples of the files that weigh most.</summary>
internal sealed class DensitySample
{
    /// <summary>A file is sampled if it is more than this share of all bytes so far.</summary>
    private const int Share = 128;

    private const int SampleBytes = 4096;

    /// <summary>What deflate usually leaves of text and of databases.</summary>
    private const double UsualRemainder = 0.4;

    private long seen;
    private double dense;
    private double compressible;

    public double Ratio => dense + compressible > 0 ? (dense + (UsualRemainder * compressible)) / (dense + compressible) : 1;

    public void AddCompressible(long bytes) => compressible += bytes;

    public void Look(WalkedEntry file)
    {
        var size = file.Status.Size;
        seen += file.Status.Occupied;
        if (size < SampleBytes || file.Status.Occupied < seen / Share)
        {
            return;
        }

        try
        {
            Span<byte> sample = stackalloc byte[SampleBytes];
            using var open = file.Open();
            if (Posix.ReadAt(open, sample, (size - SampleBytes) / 2) == SampleBytes && !Compressibility.IsWorthCompressing(sample))
            {
                dense += file.Status.Occupied;
            }
            else
            {
                compressible += file.Status.Occupied;
            }
        }
        catch (PosixError)
        {
            // The backup will say that it cannot be read.
        }
    }
}
