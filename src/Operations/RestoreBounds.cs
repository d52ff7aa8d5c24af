using System.Globalization;
using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Operations;

/// <summary>
/// What a journal may speak of. That it is root's own file proves little: a restore makes files of root's with content that somebody
/// else chose, where they can rename them. So its lines count for the target that it lies next to, and for another one only if the file
/// next to that one names this journal, since nobody can put it where they may not write; and of these for the targets themselves and
/// for what has the restore's time in its name next to them.
/// </summary>
internal sealed class RestoreBounds
{
    private readonly string stamp;
    private readonly List<string> targets;

    private RestoreBounds(string stamp, IEnumerable<string> targets) => (this.stamp, this.targets) = (stamp, [.. targets]);

    /// <summary>Leaves out of a head what the journal does not vouch for; of a restore that was killed before its first step, that is what it had not come to.</summary>
    /// <exception cref="FormatException">It speaks of something else.</exception>
    public static RestoreHead Narrow(string journal, RestoreHead head)
    {
        if (!DateTime.TryParseExact(head.Stamp, "yyyyMMdd'T'HHmmss.fff'Z'", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            throw new FormatException("it does not say when it began");
        }

        var all = new RestoreBounds(head.Stamp, head.Targets.Where(IsPlain));
        var named = all.targets.FindAll(target => all.JournalsOf(target) is var names
            && (names.Contains(journal) || names.Any(name => head.Pointers.Contains(name) && RestorePointers.Names(name, journal))));
        var vouched = new RestoreBounds(head.Stamp, all.targets.Where(target => named.Exists(other => PathPrefix.Holds(other, target))));
        if (vouched.targets.Count == 0 || head.Scratch.FirstOrDefault(path => !all.IsOwn(path)) is not null)
        {
            throw new FormatException($"it names {head.Scratch.FirstOrDefault(path => !all.IsOwn(path)) ?? string.Join(", ", head.Targets)}, which is not its own");
        }

        return head with
        {
            Targets = vouched.targets,
            Scratch = [.. head.Scratch.Where(vouched.IsOwn)],
            Pointers = [.. head.Pointers.Where(pointer => all.targets.Exists(target => all.JournalsOf(target).Contains(pointer)))],
            Databases = [.. head.Databases.Where(path => vouched.Hold(Text(path)))],
            Above = vouched.Narrow(head.Above),
        };
    }

    /// <summary>Looks at the steps of a head that was narrowed.</summary>
    /// <returns>Directories whose times may be set.</returns>
    /// <exception cref="FormatException">They speak of something else.</exception>
    public static IReadOnlyList<DirectoryTime> Require(RestoreHead head, IEnumerable<RestoreStep> steps, IEnumerable<DirectoryTime> touched)
    {
        var bounds = new RestoreBounds(head.Stamp, head.Targets);
        foreach (var path in steps.SelectMany(All).Select(Encoding.Latin1.GetString))
        {
            if (!bounds.Hold(path))
            {
                throw new FormatException($"it names {path}, which is not its own, or whose disk is not mounted");
            }
        }

        return bounds.Narrow(touched);
    }

    /// <summary>The steps that speak only of what the head vouches for.</summary>
    public static List<RestoreStep> Within(RestoreHead head, IEnumerable<RestoreStep> steps)
    {
        var bounds = new RestoreBounds(head.Stamp, head.Targets);
        return [.. steps.Where(step => Array.TrueForAll(All(step), path => bounds.Hold(Encoding.Latin1.GetString(path))))];
    }

    private static byte[][] All(RestoreStep step) => step is OverwriteStep overwrite
        ? [overwrite.Path, overwrite.Fresh, overwrite.Kept, overwrite.Copying]
        : RestoreExecutor.Paths(step);

    private string[] JournalsOf(string target) =>
        [RestoreNames.Journal(RestoreNames.Scratch(target, stamp)), RestoreNames.Journal(RestoreNames.ScratchInside(target, stamp))];

    private List<DirectoryTime> Narrow(IEnumerable<DirectoryTime> times) =>
        [.. times.Where(time => IsPlain(time.Path) && (Hold(Text(time.Path)) || targets.Exists(target => PathPrefix.Holds(time.Path, target))))];

    /// <summary>Whether it has the restore's time in its name, and lies within the bounds.</summary>
    private bool IsOwn(string path) => Path.GetFileName(path).Contains($".restore_{stamp}", StringComparison.Ordinal) && Hold(Text(path));

    private bool Hold(string path) => IsPlain(path) && targets.Exists(target => IsOf(target, path));

    private bool IsOf(string target, string path) =>
        PathPrefix.Holds(Text(target), path) || SqliteCompanions.Ends.Prepend("").Select(end => target + end).Any(name =>
            path == Text(name)
            || IsNamed(Text(RestoreNames.Kept(name, stamp)), path, rest => rest.TrimStart('-'))
            || IsNamed(Text(RestoreNames.Scratch(name, stamp)), path, WithoutProbe));

    /// <summary>Scratch of what lies in a target that is gone has hyphens after the name; next to each is a probe.</summary>
    private static string WithoutProbe(string rest) =>
        rest.TrimStart('-') is var end && end.StartsWith(".probe", StringComparison.Ordinal) ? end[".probe".Length..] : end;

    /// <summary>Whether a path is of this name, or below it.</summary>
    private static bool IsNamed(string name, string path, Func<string, string> without) =>
        path.StartsWith(name, StringComparison.Ordinal) && without(path[name.Length..]) is var rest && (rest.Length == 0 || rest[0] == '/');

    /// <summary>Whether a path goes straight down from the root.</summary>
    private static bool IsPlain(string path) => path == "/" || (path.StartsWith('/') && !$"{path}/".Split('/')[1..^1].Any(part => part is "" or "." or ".."));

    /// <summary>Bytes as characters: names need not be UTF-8.</summary>
    private static string Text(string path) => Encoding.Latin1.GetString(Posix.Bytes(path));
}
