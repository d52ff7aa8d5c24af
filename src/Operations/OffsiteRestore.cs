using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Brings the packs that a restore needs into the scratch repository: from the repository here as far as it has them, the rest from the second place.</summary>
internal static class OffsiteRestore
{
    /// <summary>What the file system may want besides.</summary>
    private const long Margin = 16L << 20;

    /// <param name="offsite">Where from.</param>
    /// <param name="here">The repository here.</param>
    /// <param name="restore">What needs them.</param>
    /// <param name="devices">The disks that it restores to.</param>
    /// <param name="progress">Told what is done.</param>
    /// <param name="stop">Ends it early.</param>
    /// <returns>Packs that could not be had, with the reason.</returns>
    /// <exception cref="UserError">There is not enough space.</exception>
    public static IReadOnlyList<(Digest Pack, string Reason)> Fetch(
        OffsiteSnapshots offsite, Layout here, RestoreBackup restore, IReadOnlySet<ulong> devices, RunProgress progress, CancellationToken stop)
    {
        progress.Phase = "looking";
        var needed = restore.NeededPacks();
        var missing = needed.FindAll(pack => !TryBorrow(here, offsite.Layout, pack, stop));
        RequireSpace(offsite.Layout, missing, restore, devices);
        progress.Say(Severity.Information, $"fetching {Units.Count(missing.Count, "pack")}, {Units.Size(Units.Sum(missing.Select(pack => pack.Bytes)))}"
            + (missing.Count < needed.Count ? $"; {needed.Count - missing.Count} of {Units.Count(needed.Count, "pack")} here already" : ""));
        progress.Phase = "fetching";
        progress.Expect(Units.Sum(missing.Select(pack => pack.Bytes)));
        return offsite.Fetch.Packs(missing, _ => { }, stop);
    }

    /// <summary>Takes a pack that is whole here by another name of the same file.</summary>
    private static bool TryBorrow(Layout here, Layout scratch, PackInfo pack, CancellationToken stop)
    {
        var path = here.Pack(pack.Sha256);
        try
        {
            if (Posix.StatusOrNull(path)?.Size != pack.Bytes || !PackFile.Has(path, pack.Sha256, stop))
            {
                return false;
            }

            AtomicFile.EnsureDirectory(scratch.PackDirectory(pack.Sha256), syncParent: false);
            Posix.MakeLink(Posix.Here, Posix.Bytes(path), Posix.Here, Posix.Bytes(scratch.Pack(pack.Sha256)));
            return true;
        }
        catch (PosixError)
        {
            // On another file system, or not ours to link.
            return false;
        }
    }

    private static void RequireSpace(Layout scratch, List<PackInfo> missing, RestoreBackup restore, IReadOnlySet<ulong> devices)
    {
        var fetched = Units.Sum(missing.Select(pack => pack.Bytes));
        var restored = Posix.StatusOrNull(scratch.Root) is { } there && devices.Contains(there.Device) ? restore.Count().Bytes : 0;
        var (need, free) = (Units.Sum([fetched, restored, Margin]), Posix.Space(scratch.Root).Available);
        if (need > free)
        {
            throw UserError.Failed(
                $"too little space: {Units.Size(fetched)} are to be fetched{(restored > 0 ? $" and {Units.Size(restored)} restored" : "")}, and {Units.Size(free)} are free on the disk of {scratch.Root}",
                "nothing was changed; free some space, or name a directory on another disk with --backup-dir");
        }
    }
}
