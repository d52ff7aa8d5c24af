using VertexAr.Backup.Core;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>Files beside a target that are to name the journal of its restore.</summary>
public sealed class RestorePointersTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    private string Pointer => temp[".tree.restore_20261130T140000.000Z.steps"];

    private string Journal => temp["other/.db.restore_20261130T140000.000Z.steps"];

    [Fact]
    public void One_that_its_journal_names_leads_to_it()
    {
        Write(Pointer, $$"""{"restore":1,"journal":"{{Journal}}"}""");
        Write(Journal, $$"""{"restore":1,"pointers":["{{Pointer}}"]}""");
        Assert.Equal(Journal, RestorePointers.Resolve(Pointer));
    }

    [Theory]
    [InlineData("\"\"")]
    [InlineData("\"/\"")]
    [InlineData("null")]
    [InlineData("\"JOURNAL\"")]
    [InlineData("\"JOURNAL\"", "[null]")]
    [InlineData("\"JOURNAL\"", "{}")]
    [InlineData("\"JOURNAL\"", "[\"/else/where.steps\"]")]
    public void Any_other_leads_nowhere(string journal, string pointers = "[]")
    {
        Write(Pointer, $$"""{"restore":1,"journal":{{journal.Replace("JOURNAL", Journal, StringComparison.Ordinal)}}}""");
        Write(Journal, $$"""{"restore":1,"pointers":{{pointers}}}""");
        Assert.Equal(Pointer, RestorePointers.Resolve(Pointer));
    }

    private static void Write(string path, string line)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = Posix.CreateNew(Posix.Here, Posix.Bytes(path), 0x180);
        Posix.Write(file, Posix.Bytes(line + "\n"));
    }
}
