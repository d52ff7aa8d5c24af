using System.Globalization;
using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Remote;

/// <summary>How files are copied.</summary>
internal enum CopyHow
{
    /// <summary>What is there already stays as it is.</summary>
    New,

    /// <summary>As <see cref="New"/>, one after the other, by name.</summary>
    InOrder,

    /// <summary>What is there is replaced unless it looks the same: as far as an earlier try got.</summary>
    Changed,

    /// <summary>What is there is replaced, whatever it looks like.</summary>
    Replace,
}

/// <summary>
/// What rclone is asked to do, as typed calls. Names of files go to it in a file in <paramref name="scratch"/>, so that there
/// may be any number of them. Its exit code decides nothing: callers list, and compare.
/// </summary>
/// <param name="place">Where, and how.</param>
/// <param name="scratch">A directory for lists of names.</param>
/// <param name="stop">Ends what runs.</param>
internal sealed class Rclone(RemotePlace place, string scratch, CancellationToken stop)
{
    /// <summary>rclone's code for a directory that is not there: of a place to which nothing was ever copied.</summary>
    private const int NotFound = 3;

    private readonly RcloneChild child = new(place, stop);
    private RemoteFeatures? features;
    private int lists;

    public RemotePlace Place => place;

    /// <summary>"v1.60.1-DEV".</summary>
    public string Version()
    {
        var first = "";
        var end = child.Run(["version"], line => first = first.Length == 0 ? line : first);
        return end.Code == 0 ? first.Replace("rclone ", "", StringComparison.Ordinal) : throw Failure("rclone does not run", end);
    }

    /// <summary>What the place can do. It is asked once.</summary>
    public RemoteFeatures Features()
    {
        if (features is null)
        {
            var text = new StringBuilder();
            var end = child.Run(["backend", "features", place.Remote], line => text.Append(line).Append('\n'));
            features = RemoteFeatures.Read(text.ToString()) ?? throw Failure($"{place.Remote} cannot be used", end);
        }

        return features;
    }

    /// <summary>Asks for what is at the top there, whether anything is or not.</summary>
    /// <exception cref="UserError">It does not answer, or refuses.</exception>
    public void Reach()
    {
        var end = child.Run(["lsf", place.Remote]);
        if (end.Code is not (0 or NotFound))
        {
            throw Failure($"{place.Remote} cannot be reached", end);
        }
    }

    /// <summary>Lists the files there, or below a directory there; none if that does not exist.</summary>
    /// <param name="below">A path below the top; empty for all.</param>
    /// <param name="hash">A kind of hash that the server is to tell; null for none.</param>
    public RemoteListing List(string below = "", string? hash = null)
    {
        var listing = new RemoteListing();
        FormatException? unreadable = null;
        List<string> words = ["lsjson", place.At(below), "--recursive", "--files-only", "--no-modtime", "--no-mimetype", "--fast-list"];
        if (hash is not null)
        {
            words.AddRange(["--hash", "--hash-type", hash]);
        }

        var end = child.Run(words, line =>
        {
            try
            {
                listing.Read(line, below);
            }
            catch (FormatException e)
            {
                unreadable = e;
            }
        });
        if (end.Code == NotFound)
        {
            return new RemoteListing();
        }

        return end.Code == 0 && listing.IsComplete && unreadable is null
            ? listing
            : throw Failure($"{place.At(below)} cannot be listed", unreadable is null ? end : end with { Error = unreadable.Message });
    }

    /// <summary>
    /// Whether there is something that crypt passes over since the password does not fit: with a wrong one, everything seems
    /// not to be there.
    /// </summary>
    public bool HasUnreadableNames()
    {
        const string passedOver = "undecryptable";
        if (!Features().IsWrapped)
        {
            return false;
        }

        var found = false;
        // Only at this level does it say so. The top is enough.
        _ = child.Run(["lsf", place.Remote, "-vv"], said: line => found |= line.Contains(passedOver, StringComparison.Ordinal));
        return found;
    }

    /// <summary>Copies files of a directory here to one there.</summary>
    public RcloneEnd Upload(string here, string below, IEnumerable<string> names, CopyHow how, Action<long> moved) =>
        child.Run(["copy", here, place.At(below), .. Which(names), .. How(how)], moved: moved);

    /// <summary>Copies files of the place into a directory here.</summary>
    public RcloneEnd Download(string here, IEnumerable<string> names, Action<long> moved) =>
        child.Run(["copy", place.Remote, here, .. Which(names), .. How(CopyHow.Replace)], moved: moved);

    /// <summary>Renames files there from one directory to another, of which neither lies in the other. What is there stays.</summary>
    public RcloneEnd Move(string from, string to, IEnumerable<string> names, CopyHow how) =>
        child.Run(["move", place.At(from), place.At(to), .. Which(names), .. How(how)]);

    /// <summary>Renames one file there.</summary>
    public RcloneEnd Move(string from, string to) => child.Run(["moveto", place.At(from), place.At(to), "--ignore-existing"]);

    public RcloneEnd Delete(IEnumerable<string> names) => child.Run(["delete", place.Remote, .. Which(names)]);

    /// <summary>Removes a directory there with all that is in it.</summary>
    public RcloneEnd Purge(string below) => child.Run(["purge", place.At(below)]);

    /// <summary>Removes a directory there if nothing is in it.</summary>
    public RcloneEnd RemoveEmpty(string below) => child.Run(["rmdir", place.At(below), "--retries", "1"]);

    public static UserError Failure(string what, RcloneEnd end) =>
        UserError.Failed(end.Error is { } error ? $"{what}; rclone says: {error}" : $"{what}; rclone ended with exit code {end.Code}", "'vertex-ar-backup doctor' looks at rclone's configuration and the connection");

    private string[] Which(IEnumerable<string> names)
    {
        var list = Path.Combine(scratch, string.Create(CultureInfo.InvariantCulture, $"names-{lists++}"));
        File.WriteAllLines(list, names);
        return ["--files-from-raw", list, "--no-traverse"];
    }

    /// <summary>A whole new try of what is copied whatever it looks like would copy all of it again.</summary>
    private string[] How(CopyHow how) => how switch
    {
        CopyHow.New => ["--ignore-existing", "--transfers", place.Transfers.ToString(CultureInfo.InvariantCulture)],
        CopyHow.InOrder => ["--ignore-existing", "--transfers", "1", "--checkers", "1", "--order-by", "name,ascending"],
        CopyHow.Changed => ["--transfers", place.Transfers.ToString(CultureInfo.InvariantCulture)],
        _ => ["--ignore-times", "--retries", "1", "--transfers", place.Transfers.ToString(CultureInfo.InvariantCulture)],
    };
}
