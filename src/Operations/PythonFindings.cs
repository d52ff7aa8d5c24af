using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>What was found in a backup of the Python system, all of which was read.</summary>
/// <param name="Sha256">Of the database, or of the whole archive.</param>
/// <param name="Files">Regular files, hard links among them.</param>
/// <param name="Directories">Directories.</param>
/// <param name="Symlinks">Symlinks.</param>
/// <param name="Bytes">Content of all files.</param>
/// <param name="Top">The folder of the archive that stands for the tree.</param>
/// <param name="Warnings">What is worth knowing, and no damage.</param>
internal sealed record PythonFindings(
    Digest Sha256, long Files, long Directories, long Symlinks, long Bytes, byte[] Top, IReadOnlyList<PathWarning> Warnings)
{
    /// <summary>What it takes on a disk when it is unpacked.</summary>
    public long UnpackedBytes => Units.Sum([Bytes, Math.Min(Units.Sum([Files, Directories, Symlinks]), 1L << 48) * BytesPerName]);

    /// <summary>What a name takes on a file system beside its content.</summary>
    private const long BytesPerName = 4096;
}
