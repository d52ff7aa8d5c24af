using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Storage;

/// <summary>
/// Looks at everything that a new header is about to name. It was there when the run began or wrote it; somebody who takes no lease, as an
/// earlier version on another machine, may have removed it since.
/// </summary>
internal static class FinalLook
{
    /// <exception cref="UserError">Something is not there as it was written; the header must not be published.</exception>
    public static void Require(Layout layout, SnapshotHeader header, IEnumerable<PackInfo> packs)
    {
        var id = SnapshotId.Parse(header.Id)!.Value;
        Require(layout.FileList(id), header.Files.Bytes, id);
        Require(layout.PackTable(id), header.Packs.Bytes, id);
        foreach (var pack in packs)
        {
            Require(layout.Pack(pack.Sha256), pack.Bytes, id);
        }
    }

    /// <summary>It is opened: of a file that somebody else removed, a share still knows the size for some time.</summary>
    private static void Require(string path, long bytes, SnapshotId id)
    {
        string found;
        try
        {
            using var file = RegularFile.Open(path);
            var size = Posix.Status(file).Size;
            if (size == bytes)
            {
                return;
            }

            found = $"has {size} bytes instead of {bytes}";
        }
        catch (PosixError e)
        {
            found = e.Number == PosixError.NotFound ? "is gone" : $"cannot be opened: {e.Message}";
        }

        throw Failure(path, found, id);
    }

    /// <summary>The sentence for whoever finds that somebody else changed what a new header needs.</summary>
    public static UserError Failure(string path, string found, SnapshotId id) => new(
        ExitCode.Failed,
        $"snapshot {id} was not made: {path}, which it needs, {found}",
        "somebody else changes this repository at the same time: a program that is not this one, or an earlier version on another machine. Find out who; the next run stores again what is lacking")
    { KeepsWork = true };
}
