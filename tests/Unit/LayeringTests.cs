using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace VertexAr.Backup.Tests;

/// <summary>Imports point down only; the rooms on one level do not know each other. Only Core speaks to libc.</summary>
public sealed partial class LayeringTests
{
    // Higher rooms first. A room may use the rooms of every later row, and itself.
    private static readonly string[][] Levels =
    [
        ["Commands"],
        ["Cli", "Config", "Operations", "Host"],
        ["Sources", "Storage", "Remote"],
        ["Policy"],
        ["Model"],
        ["Core"],
    ];

    private static readonly string Source = Path.GetFullPath(Path.Combine(Here(), "../../src"));

    public static TheoryData<string> Files()
    {
        var data = new TheoryData<string>();
        foreach (var file in SourceFiles())
        {
            data.Add(Path.GetRelativePath(Source, file));
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Imports_point_down_only(string file)
    {
        var room = file.Split('/')[0];
        var level = Array.FindIndex(Levels, rooms => rooms.Contains(room));
        Assert.True(level >= 0 || file == "Program.cs", $"{file} is in no known room");

        foreach (var used in UsedRooms(File.ReadAllText(Path.Combine(Source, file))).Where(used => used != room))
        {
            var usedLevel = Array.FindIndex(Levels, rooms => rooms.Contains(used));
            Assert.True(usedLevel > level, $"{file} uses {used}");
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_namespace_is_its_folder(string file)
    {
        var room = file.Split('/')[0];
        if (file != "Program.cs")
        {
            Assert.Contains($"namespace VertexAr.Backup.{room};", File.ReadAllText(Path.Combine(Source, file)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Only_core_imports_native_code_and_only_posix_that_of_libc()
    {
        Assert.All(Importers("[LibraryImport("), file => Assert.StartsWith(Path.Combine(Source, "Core/"), file, StringComparison.Ordinal));
        Assert.All(Importers("[LibraryImport(\"libc\""), file => Assert.StartsWith(Path.Combine(Source, "Core/Posix"), file, StringComparison.Ordinal));

        static IEnumerable<string> Importers(string import) =>
            SourceFiles().Where(f => File.ReadAllText(f).Contains(import, StringComparison.Ordinal));
    }

    [Fact]
    public void Only_create_joins_sources_and_storage()
    {
        var joining = SourceFiles()
            .Where(f => UsedRooms(File.ReadAllText(f)).ToHashSet() is var used && used.Contains("Sources") && used.Contains("Storage"))
            .Select(f => Path.GetRelativePath(Source, f));

        Assert.All(joining, file => Assert.StartsWith("Operations/Create", file, StringComparison.Ordinal));
    }

    private static IEnumerable<string> UsedRooms(string text) =>
        UsedRoom().Matches(text).Select(m => m.Groups[1].Value);

    private static IEnumerable<string> SourceFiles() =>
        Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories)
            .Where(f => !f.Contains("/obj/", StringComparison.Ordinal) && !f.Contains("/bin/", StringComparison.Ordinal));

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    [GeneratedRegex(@"^using (?:static )?VertexAr\.Backup\.(\w+)|(?<=[^\w.])VertexAr\.Backup\.(?!Tests)(\w+)\.", RegexOptions.Multiline)]
    private static partial Regex UsedRoom();
}
