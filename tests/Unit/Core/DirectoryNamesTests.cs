using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class DirectoryNamesTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void Are_read_whole_and_sorted_by_their_bytes()
    {
        var wanted = new List<byte[]> { new byte[] { 0xFF }, new byte[] { 0xC3, 0xA9, (byte)'\n' }, "..."u8.ToArray(), "B"u8.ToArray(), "a"u8.ToArray() };
        wanted.AddRange(Enumerable.Range(0, 3000).Select(i => Posix.Bytes($"{i}{new string('x', i % 200)}")));
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp.Root));
        wanted.ForEach(name => Posix.CreateNew(directory, name, 0x180).Dispose());
        var names = DirectoryNames.Read(directory);
        Assert.Equal(wanted.Select(Convert.ToHexString).Order(StringComparer.Ordinal), names.Select(Convert.ToHexString));
        Assert.Equal(wanted.Count, names.Count);
        Assert.All(wanted, name => Assert.True(names.Contains(name)));
        Assert.False(names.Contains(""u8) || names.Contains("A"u8) || names.Contains("a\0"u8) || names.Contains([0xFF, 0xFF]));
    }

    [Fact]
    public void Only_those_of_one_ending_are_read_if_so_asked()
    {
        foreach (var name in new[] { "b.json", "a.json", ".json", "json", "a.json.gz", "a" })
        {
            File.WriteAllText(temp[name], "");
        }

        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp.Root));
        Assert.Equal([".json", "a.json", "b.json"], DirectoryNames.Read(directory, ending: ".json"u8).Select(Encoding.UTF8.GetString));
    }

    [Fact]
    public void There_are_none_in_an_empty_directory()
    {
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(temp.Root));
        Assert.Empty(DirectoryNames.Read(directory));
        Assert.False(DirectoryNames.None.Contains("a"u8));
    }
}
