using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Remote;

namespace VertexAr.Backup.Operations;

/// <summary>
/// Sends files there so that nobody ever sees half of one under its name. Where the server can rename, they go to
/// <c>incoming/</c>, and into place once they have their size; elsewhere files are whole as soon as they are seen.
/// </summary>
/// <param name="rclone">Sends them.</param>
/// <param name="here">The top of the repository.</param>
/// <param name="run">Names this run's directory in <c>incoming/</c>.</param>
/// <param name="progress">Counts bytes.</param>
internal sealed class OffsiteUpload(Rclone rclone, string here, SnapshotId run, RunProgress progress)
{
    /// <summary>Nothing in there belongs to the repository. A directory of this name may be somebody else's, as FTP servers have one.</summary>
    public const string Incoming = "incoming";

    private readonly HashSet<string> aside = new(StringComparer.Ordinal);
    private bool isUsed;
    private bool isShared;

    public int Files { get; private set; }

    public long Bytes { get; private set; }

    /// <summary>Whether a file there is on its way, and no part of the repository yet: one in the directory of a run.</summary>
    public static bool IsAside(string name) => RunOf(name) is not null;

    /// <summary>
    /// Removes what earlier runs left unfinished there, by the right to copy. Credentials may forbid it, and nothing depends on it. What is in no run's directory is
    /// somebody else's.
    /// </summary>
    public void RemoveLeftovers(RemoteListing there)
    {
        foreach (var left in there.Files.Keys.Select(RunOf).OfType<string>().Distinct())
        {
            Purge($"{Incoming}/{left}");
        }

        var foreign = there.Files.Keys.Where(name => name.StartsWith(Incoming + "/", StringComparison.Ordinal) && !IsAside(name)).Order(StringComparer.Ordinal).ToList();
        isShared = foreign.Count > 0;
        if (isShared)
        {
            progress.Say(Severity.Detail, $"{rclone.Place.At(foreign[0])} was not put there by this program, and stays{(foreign.Count > 1 ? $"; so does what else is there, {Units.Count(foreign.Count, "file")} in all" : "")}");
        }
    }

    /// <summary>Removes this run's directory, and no other: this run may have lost the right to copy by now.</summary>
    public void Clean()
    {
        if (isUsed && Purge(Aside) && !isShared)
        {
            _ = rclone.RemoveEmpty(Incoming);
        }

        isUsed = false;
    }

    /// <summary>Whether files are one part by themselves.</summary>
    public static bool AreFew(IReadOnlyList<CopyItem> items) => Parts(items).Take(2).Count() == 1;

    /// <summary>
    /// Sends the files of several steps to <c>incoming/</c> in one go: each call of rclone takes its time. They come into place step
    /// by step. Only where the server can rename.
    /// </summary>
    public void SendAhead(IReadOnlyList<CopyItem> items) => PutAside(items);

    /// <summary>Sends files of one directory. Each part of them is in its place before the next begins.</summary>
    /// <param name="folder">Where they are, in both places; empty for the top.</param>
    /// <param name="plan">Which.</param>
    /// <param name="how">One after the other, or several at once.</param>
    /// <param name="check">Told of each part before it is sent; returns what of it is to be sent.</param>
    public void Send(string folder, CopyPlan plan, CopyHow how = CopyHow.New, Func<IReadOnlyList<CopyItem>, IReadOnlyList<CopyItem>>? check = null)
    {
        foreach (var items in Parts(plan.Missing))
        {
            SendPart(items, isReplacing: false);
        }

        foreach (var items in Parts(plan.Wrong))
        {
            SendPart(items, isReplacing: true);
        }

        void SendPart(IReadOnlyList<CopyItem> items, bool isReplacing)
        {
            var sound = check?.Invoke(items) ?? items;
            if (sound.Count == 0)
            {
                return;
            }

            if (rclone.Features().CanMove)
            {
                PutAside([.. sound.Where(item => !aside.Contains(item.Name))]);
                Place(folder, sound, isReplacing, how);
            }
            else
            {
                var end = rclone.Upload(Path.Combine(here, folder), folder, Names(folder, sound), isReplacing ? CopyHow.Replace : how, progress.AddBytes);
                Confirm(folder, sound, end);
            }

            Files += sound.Count;
            Bytes += sound.Sum(item => item.Size);
        }
    }

    private string Aside => $"{Incoming}/{run}";

    /// <summary>The directory of a run that a file is in; null if it is in none.</summary>
    private static string? RunOf(string name) => name.Split('/') is [Incoming, var run, _, ..] && SnapshotId.Parse(run) is not null ? run : null;

    private bool Purge(string below)
    {
        var end = rclone.Purge(below);
        if (end is { Code: not 0, Error: { } error })
        {
            progress.Say(Severity.Detail, $"{below}/ could not be removed there: {error}");
        }

        return end.Code == 0;
    }

    private void PutAside(IReadOnlyList<CopyItem> items)
    {
        if (items.Count == 0)
        {
            return;
        }

        isUsed = true;
        var end = rclone.Upload(here, Aside, items.Select(item => item.Name), CopyHow.Changed, progress.AddBytes);
        var arrived = rclone.List(Aside);
        Require(items, item => arrived.Size($"{Aside}/{item.Name}"), end);
        aside.UnionWith(items.Select(item => item.Name));
    }

    private void Place(string folder, IReadOnlyList<CopyItem> items, bool isReplacing, CopyHow how)
    {
        if (isReplacing && rclone.Delete(items.Select(item => item.Name)) is { Code: not 0 } refused)
        {
            // What is there stays when something is moved to its name, and of the same size it would be taken for it.
            var there = rclone.List(folder);
            if (items.FirstOrDefault(item => there.Size(item.Name) is not null) is { } kept)
            {
                throw Rclone.Failure($"{kept.Name} cannot be replaced at {rclone.Place.Remote}", refused);
            }
        }

        RcloneEnd? end = null;
        if (folder.Length > 0)
        {
            end = rclone.Move($"{Aside}/{folder}", folder, Names(folder, items), how);
        }
        else
        {
            // Of two directories one of which lies in the other, rclone moves nothing.
            foreach (var item in items)
            {
                end = rclone.Move($"{Aside}/{item.Name}", item.Name);
            }
        }

        Confirm(folder, items, end!);
    }

    /// <summary>After a bad end, looks for what is there all the same.</summary>
    private void Confirm(string folder, IReadOnlyList<CopyItem> items, RcloneEnd end)
    {
        if (end.Code != 0)
        {
            var there = rclone.List(folder);
            Require(items, item => there.Size(item.Name), end);
        }
    }

    private void Require(IReadOnlyList<CopyItem> items, Func<CopyItem, long?> size, RcloneEnd end)
    {
        foreach (var item in items)
        {
            var found = size(item);
            if (found != item.Size)
            {
                throw Rclone.Failure(
                    found is null
                        ? $"{item.Name} did not arrive at {rclone.Place.Remote}"
                        : $"{item.Name} arrived at {rclone.Place.Remote} with {found} bytes of {item.Size}",
                    end);
            }
        }
    }

    private static IEnumerable<IReadOnlyList<CopyItem>> Parts(IEnumerable<CopyItem> items) => Batches.Of(items, item => item.Size);

    private static IEnumerable<string> Names(string folder, IEnumerable<CopyItem> items) => items.Select(item => Name(folder, item));

    private static string Name(string folder, CopyItem item) => folder.Length == 0 ? item.Name : item.Name[(folder.Length + 1)..];
}
