using Microsoft.Win32.SafeHandles;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>Where everything lies in a repository. FORMAT.md beside this file describes each.</summary>
internal sealed class Layout(string root)
{
    /// <summary>Paths from the top of a repository, wherever it is.</summary>
    public static readonly Layout Below = new("");

    public string Root { get; } = root;

    public string Mark => Path.Combine(Root, "repository.json");

    public string Recovery => Path.Combine(Root, "RECOVERY.txt");

    /// <summary>Which machine copies to the second place; the same there.</summary>
    public string Writer => Path.Combine(Root, "writer.json");

    /// <summary>The signed list of the snapshots that are in the repository, where they are signed.</summary>
    public string Manifest => Path.Combine(Root, "manifest.json");

    /// <summary>The last manifest of the second place that was seen or sent: what must be there.</summary>
    public string OffsiteManifest => Path.Combine(Runs, "offsite-manifest.json");

    public string Lock => Path.Combine(Root, "lock");

    /// <summary>Who uses the repository, for those whom a kernel lock does not tell; see <see cref="Lease"/>.</summary>
    public string Leases => Path.Combine(Root, "leases");

    public string Snapshots => Path.Combine(Root, "snapshots");

    public string Packs => Path.Combine(Root, "packs");

    public string Staging => Path.Combine(Root, "staging");

    /// <summary>Held by whoever copies to the second place; never deleted.</summary>
    public string OffsiteLock => Path.Combine(Root, "offsite.lock");

    /// <summary>Names of files in the second place that a check found damaged, one a line: the next copy replaces them.</summary>
    public string OffsiteDamage => Path.Combine(Runs, "offsite-damage.txt");

    /// <summary>What is remembered of earlier runs; see <see cref="RunRecords"/>.</summary>
    public string Runs => Path.Combine(Root, "runs");

    public string Header(SnapshotId id) => Path.Combine(Snapshots, $"{id}.json");

    public string FileList(SnapshotId id) => Path.Combine(Snapshots, id + SnapshotHeader.FileListSuffix);

    public string PackTable(SnapshotId id) => Path.Combine(Snapshots, id + SnapshotHeader.PackTableSuffix);

    /// <summary>The directory of headers and lists, opened.</summary>
    /// <exception cref="UserError">It cannot be.</exception>
    public SafeFileHandle OpenSnapshots()
    {
        try
        {
            return Posix.OpenDirectory(Posix.Here, Posix.Bytes(Snapshots), follow: true);
        }
        catch (PosixError e)
        {
            throw UserError.Failed($"the directory {Snapshots} cannot be opened: {e.Message}", cause: e);
        }
    }

    /// <summary>
    /// Shares remember what a directory holds, over SFTP for 20 seconds, unless it is changed from here. After this, what others did to the
    /// snapshots is seen, wherever we may do that much.
    /// </summary>
    public void SeeAnew()
    {
        try
        {
            using var snapshots = Posix.OpenDirectory(Posix.Here, Posix.Bytes(Snapshots));
            Posix.Touch(snapshots);
        }
        catch (PosixError)
        {
            // There is none yet, or it may only be read.
        }
    }

    public string PackDirectory(Digest pack) => Path.Combine(Packs, pack.ToString()[..2]);

    public string Pack(Digest pack) => Path.Combine(PackDirectory(pack), PackName(pack));

    public static string PackName(Digest pack) => $"{pack}{PackSuffix}";

    public const string PackSuffix = ".tar.gz";
}
