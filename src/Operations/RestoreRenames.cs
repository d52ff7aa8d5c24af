using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;

namespace VertexAr.Backup.Operations;

/// <summary>Something that has another name than in the snapshot.</summary>
/// <param name="Path">In the list.</param>
/// <param name="Now">The same, with the names that it and the directories above it have.</param>
internal sealed record RenamedPath(string Path, string Now);

/// <summary>What was restored under another name, since the place does not take its own.</summary>
internal sealed class RestoreRenames
{
    private const int FirstNamed = 100;

    private readonly Lock gate = new();
    private readonly Dictionary<string, byte[]> names = [];
    private readonly HashSet<string> taken = [];
    private readonly List<byte[]> paths = [];

    public int Count => paths.Count;

    /// <summary>All, once everything is restored: a directory may show only at its end what it is called.</summary>
    public IEnumerable<RenamedPath> All => paths.Select(path => new RenamedPath(BytePath.Text(path), BytePath.Text(PathOf(path))));

    /// <param name="path">In the list.</param>
    /// <param name="name">What it is called now.</param>
    public void Add(byte[] path, byte[] name)
    {
        lock (gate)
        {
            if (!names.ContainsKey(BytePath.Key(path)))
            {
                paths.Add(path);
            }

            names[BytePath.Key(path)] = name;
            taken.Add(BytePath.Key([.. path.AsSpan(0, path.AsSpan().LastIndexOf((byte)'/') + 1), .. name]));
        }
    }

    /// <summary>What had another name is not there any more.</summary>
    public void Forget(byte[] path)
    {
        lock (gate)
        {
            _ = names.ContainsKey(BytePath.Key(path)) && paths.RemoveAll(one => one.AsSpan().SequenceEqual(path)) > 0;
        }
    }

    /// <summary>Whether a name of the list was given to something else.</summary>
    public bool IsTaken(byte[] path) => taken.Contains(BytePath.Key(path));

    /// <summary>The last name of a path, as it is now.</summary>
    public byte[] NameOf(ReadOnlySpan<byte> path)
    {
        lock (gate)
        {
            return names.Count > 0 && names.TryGetValue(Encoding.Latin1.GetString(path), out var other) ? other : path[(path.LastIndexOf((byte)'/') + 1)..].ToArray();
        }
    }

    /// <summary>A path of the list, as it is now.</summary>
    public byte[] PathOf(ReadOnlySpan<byte> path)
    {
        var now = new List<byte>();
        for (var end = 0; end < path.Length; end++)
        {
            end = path[end..].IndexOf((byte)'/') is >= 0 and var length ? end + length : path.Length;
            now.AddRange(now.Count > 0 ? [(byte)'/', .. NameOf(path[..end])] : NameOf(path[..end]));
        }

        return [.. now];
    }

    /// <summary>Names the first of them, and says how many they are.</summary>
    public void Report(RunProgress progress)
    {
        foreach (var one in All.Take(FirstNamed))
        {
            progress.Say(Severity.Warning, $"{one.Path} was restored as {one.Now}");
        }

        if (Count > 0)
        {
            progress.Say(
                Severity.Warning,
                $"the file system there does not take {Units.Count(Count, "name")}, so {(Count == 1 ? "that was replaced" : "those were replaced")}"
                    + (Count > FirstNamed ? "; --json names all" : "") + "; where symlinks lead is as it was");
        }
    }
}
