using System.Globalization;
using System.Text;

namespace VertexAr.Backup.EndToEnd;

/// <summary>Everything there is to say of one path in a tree. Names are bytes, shown as Latin-1.</summary>
internal sealed record TreeEntry(
    string Path, char Type, string Mode, string Owner, long Size, string Modified, string Target, string FirstName, string Sha256);

/// <summary>How exactly trees are compared.</summary>
[Flags]
internal enum Likeness
{
    /// <summary>Names, types, content, link targets.</summary>
    Content = 0,
    ModesOfFiles = 1,
    ModesOfDirectories = 2,
    TimesOfFiles = 4,
    TimesOfOthers = 8,
    Owners = 16,

    /// <summary>What RECOVERY.txt promises: not owners, nor set-uid and the like.</summary>
    Recovered = ModesOfFiles | ModesOfDirectories | TimesOfFiles | TimesOfOthers,

    /// <summary>What the program promises.</summary>
    Restored = ModesOfFiles | ModesOfDirectories | TimesOfFiles | TimesOfOthers | Owners,
}

/// <summary>Describes trees of files so that two can be compared exactly. By find and sha256sum, which take any name.</summary>
internal static class Tree
{
    private const int Fields = 10;

    /// <summary>Every path below a directory (and itself, as the empty path), sorted.</summary>
    public static IReadOnlyList<TreeEntry> Describe(string top)
    {
        var sums = Split(Run(top, "find . -type f -exec sha256sum -z {} +"))
            .ToDictionary(line => line[68..], line => line[..64]);
        var fields = Split(Run(top, @"find . -printf '%P\0%y\0%m\0%U:%G\0%s\0%T@\0%l\0%i\0%n\0.\0'"));
        var entries = new List<TreeEntry>();
        var firstNames = new Dictionary<string, string>();
        foreach (var f in fields.Chunk(Fields).OrderBy(f => f[0], StringComparer.Ordinal))
        {
            var linked = f[1] == "f" && f[8] != "1";
            var first = linked && !firstNames.TryAdd(f[7], f[0]) ? firstNames[f[7]] : "";
            var size = f[1] == "f" ? long.Parse(f[4], CultureInfo.InvariantCulture) : 0;
            entries.Add(new TreeEntry(f[0], f[1][0], f[2], f[3], size, f[5], f[6], first, sums.GetValueOrDefault(f[0], "")));
        }

        return entries;
    }

    /// <summary>Checks that two trees are alike; what differs is named.</summary>
    public static void AssertSame(string expected, string actual, Likeness likeness) =>
        AssertSame(Describe(expected), Describe(actual), likeness);

    public static void AssertSame(IReadOnlyList<TreeEntry> expected, IReadOnlyList<TreeEntry> actual, Likeness likeness)
    {
        var (wanted, got) = (Reduce(expected, likeness), Reduce(actual, likeness));
        var differences = wanted.Except(got).Select(e => $"expected {e}").Concat(got.Except(wanted).Select(e => $"found    {e}"));
        var text = string.Join('\n', differences.Order(StringComparer.Ordinal).Take(20));
        Assert.True(text.Length == 0, "the trees differ:\n" + text);
    }

    private static List<TreeEntry> Reduce(IReadOnlyList<TreeEntry> entries, Likeness likeness) => [.. entries.Select(e => e with
    {
        Mode = e.Type == 'l' || !likeness.HasFlag(e.Type == 'd' ? Likeness.ModesOfDirectories : Likeness.ModesOfFiles) ? "" : e.Mode,
        Modified = likeness.HasFlag(e.Type == 'f' ? Likeness.TimesOfFiles : Likeness.TimesOfOthers) ? e.Modified : "",
        Owner = likeness.HasFlag(Likeness.Owners) ? e.Owner : "",
    })];

    private static byte[] Run(string directory, string script) => Command.Shell(script, directory).Bytes;

    private static IEnumerable<string> Split(byte[] bytes) =>
        Encoding.Latin1.GetString(bytes).Split('\0', StringSplitOptions.None).SkipLast(1);
}
