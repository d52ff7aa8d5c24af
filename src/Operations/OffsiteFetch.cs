using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Remote;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Operations;

/// <summary>Fetches files of the second place into a scratch repository.</summary>
internal sealed class OffsiteFetch(Rclone rclone, string to, RunProgress progress)
{
    /// <summary>Fetches small files, anew if they were fetched before. What does not come is missed by whoever reads it.</summary>
    /// <exception cref="UserError">Not one of them came, and rclone says why.</exception>
    public void Small(IReadOnlyList<string> names)
    {
        foreach (var name in names)
        {
            AtomicFile.RemoveIfThere(Path.Combine(to, name));
        }

        if (names.Count == 0)
        {
            return;
        }

        var end = rclone.Download(to, names, _ => { });
        if (end.Code != 0 && !names.Any(name => File.Exists(Path.Combine(to, name))))
        {
            throw Rclone.Failure($"{names[0]} cannot be fetched from {rclone.Place.Remote}", end);
        }
    }

    /// <summary>
    /// Fetches packs, a part of them at a time, and compares each with its name. One that is wrong is fetched once more.
    /// </summary>
    /// <param name="packs">Which.</param>
    /// <param name="came">Told of each pack that is right, which is below the top of the scratch repository.</param>
    /// <param name="stop">Ends it between two packs.</param>
    /// <returns>Those that could not be had as they should be, with the reason.</returns>
    public IReadOnlyList<(Digest Pack, string Reason)> Packs(IEnumerable<PackInfo> packs, Action<PackInfo> came, CancellationToken stop)
    {
        var bad = new List<(Digest Pack, string Reason)>();
        foreach (var batch in Batches.Of(packs, pack => pack.Bytes))
        {
            if (Try(batch, came, stop, out _) is { Count: > 0 } wrong)
            {
                bad.AddRange(Try(wrong, came, stop, out var end).ConvertAll(pack => (pack.Sha256, Reason(pack, end))));
            }
        }

        return bad;
    }

    /// <returns>Those that did not come as they should be.</returns>
    private List<PackInfo> Try(IReadOnlyList<PackInfo> packs, Action<PackInfo> came, CancellationToken stop, out RcloneEnd end)
    {
        end = rclone.Download(to, packs.Select(pack => Layout.Below.Pack(pack.Sha256)), progress.AddBytes);
        var wrong = new List<PackInfo>();
        foreach (var pack in packs)
        {
            if (PackFile.Has(PathOf(pack), pack.Sha256, stop))
            {
                came(pack);
                progress.AddFile();
            }
            else
            {
                wrong.Add(pack);
            }
        }

        return wrong;
    }

    private string Reason(PackInfo pack, RcloneEnd end)
    {
        var size = Posix.StatusOrNull(PathOf(pack))?.Size;
        AtomicFile.RemoveIfThere(PathOf(pack));
        return size is null ? $"cannot be fetched{(end.Error is { } error ? $": {error}" : "")}"
            : size != pack.Bytes ? $"has {size} bytes there and was written with {pack.Bytes}"
            : "does not match its name (SHA-256)";
    }

    private string PathOf(PackInfo pack) => new Layout(to).Pack(pack.Sha256);
}
