using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Sources;

public sealed class PythonBackupsTests : IDisposable
{
    private const string Sum = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_full_backup_joins_what_it_names_wherever_its_paths_lead()
    {
        Write("database/db_backup_20240107_020000.db", "db");
        Write("storage/storage_backup_20240107_020005.tar.gz", "tar");
        Write("full/full_backup_20240107_020001.json", """
            {"errors": [], "storage": {"backup_path": "backups/storage/storage_backup_20240107_020005.tar.gz"},
             "database": {"backup_path": "/gone/database/db_backup_20240107_020000.db", "checksum": null}}
            """);

        var full = Assert.Single(PythonBackups.Find(temp.Root).All);

        Assert.Equal((SnapshotType.Full, null, 5), (full.Type, full.Problem, full.Bytes));
        Assert.Equal("db_backup_20240107_020000", full.Database?.Name);
        Assert.Equal("storage_backup_20240107_020005", full.Storage?.Name);
        Assert.Equal(SnapshotType.Database, PythonBackups.Find(temp.Root).Get("db_backup_20240107_020000")?.Type);
    }

    [Theory]
    [InlineData("""{"database": null, "storage": {"backup_path": "storage_backup_20240107_020000.tar.gz"}, "errors": ["locked"]}""", "no database (it says: locked)")]
    [InlineData("""{"database": {"backup_path": "db_backup_20240107_020000.db"}, "db_success": false, "storage": {}}""", "no database")]
    [InlineData("""{"database": {"backup_path": "x/db_backup_20200101_020000.db"}, "storage": {}}""", "lacks db_backup_20200101_020000.db")]
    [InlineData("{", "is no JSON")]
    [InlineData("[]", "is no JSON object")]
    public void A_full_backup_that_is_none_leaves_its_halves_to_themselves(string json, string problem)
    {
        Write("database/db_backup_20240107_020000.db", "db");
        Write("storage/storage_backup_20240107_020000.tar.gz", "tar");
        Write("full/full_backup_20240107_020000.json", json);

        var all = PythonBackups.Find(temp.Root).All;

        Assert.Equal(["db_backup_20240107_020000", "full_backup_20240107_020000", "storage_backup_20240107_020000"], all.Select(b => b.Name));
        Assert.Contains(problem, all[1].Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""["/a/b/storage_backup_20240107_030000.tar.part001.gz", "storage_backup_20240107_030000.tar.part002.gz"]""")]
    [InlineData("""[{"path": "x/storage_backup_20240107_030000.tar.part001.gz"}, {"name": "storage_backup_20240107_030000.tar.part002.gz"}]""")]
    [InlineData("null")]
    [InlineData("7")]
    public void Parts_are_one_archive_in_their_order(string names)
    {
        Write("storage/storage_backup_20240107_030000.tar.part002.gz", "22");
        Write("storage/storage_backup_20240107_030000.tar.part001.gz", "1");
        Write("storage/storage_backup_20240107_030000.tar.part001.json", $$"""{"split_files": {{names}}, "split": true, "checksum": "SHA256:{{Sum.ToUpperInvariant()}}"}""");

        var archive = Assert.Single(PythonBackups.Find(temp.Root).All).Storage!;

        Assert.True(archive.IsSplit);
        Assert.Equal(["part001", "part002"], archive.Files.Select(f => f.Split('.')[^2]));
        Assert.Equal((3, null, Sum), (archive.Bytes, archive.Problem, archive.Checksum.ToString()));
        Assert.Empty(archive.Remarks);
    }

    [Theory]
    [InlineData("1 3", "", "lacks its part 2 of 3")]
    [InlineData("2 3", "", "lacks its part 1 of 3")]
    [InlineData("1 2", "1 2 3", "lacks its part 3 (storage_backup_20240107_030000.tar.part003.gz) of 3")]
    [InlineData("1", "1 2 3", "lacks its parts 2 (storage_backup_20240107_030000.tar.part002.gz), 3 (storage_backup_20240107_030000.tar.part003.gz) of 3")]
    [InlineData("1 2 3", "1 2", "has a part 3")]
    [InlineData("1 1 2", "", "has part 1 twice")]
    public void A_missing_or_doubled_part_is_named(string there, string named, string problem)
    {
        foreach (var (number, i) in there.Split(' ').Select((n, i) => (n, i)))
        {
            // The same number, written in another way.
            var zeros = there.Split(' ').Take(i).Contains(number) ? "" : "00";
            Write($"storage/storage_backup_20240107_030000.tar.part{zeros}{number}.gz", number);
        }

        var names = named.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(n => $"\"/old/storage_backup_20240107_030000.tar.part00{n}.gz\"");
        Write("storage/storage_backup_20240107_030000.tar.part001.json", $$"""{"split_files": [{{string.Join(',', names)}}]}""");

        Assert.StartsWith(problem, Assert.Single(PythonBackups.Find(temp.Root).All).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "it has no metadata")]
    [InlineData("", "is no JSON")]
    [InlineData("{}", "has no checksum")]
    [InlineData("""{"checksum": null, "file_size": "many", "file_count": null, "errors": 3, "original_path": 7}""", "has no checksum")]
    [InlineData("""{"checksum": "d41d8cd98f00b204e9800998ecf8427e"}""", "no SHA-256")]
    [InlineData("""{"checksum": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "backup_path": "x/storage_backup_20240107_030000.tar.bz2"}""", "is of storage_backup_20240107_030000.tar.bz2")]
    public void Metadata_that_says_little_is_remarked_and_does_no_harm(string? json, string remark)
    {
        Write("storage/storage_backup_20240107_030000.tar.gz", "x");
        if (json is not null)
        {
            Write("storage/storage_backup_20240107_030000.tar.json", json);
        }

        var archive = Assert.Single(PythonBackups.Find(temp.Root).All).Storage!;

        Assert.Null(archive.Problem);
        Assert.Null(archive.Checksum);
        Assert.Contains(archive.Remarks, text => text.Contains(remark, StringComparison.Ordinal));
    }

    [Fact]
    public void Half_a_character_as_Python_writes_bytes_of_a_name_is_no_text()
    {
        Write("db_backup_20240107_020000.db", "x");
        Write("db_backup_20240107_020000.json", """{"original_path": "/a/\udcff.db", "file_size": 1.0}""");

        var metadata = Assert.Single(PythonBackups.Find(temp.Root).All).Database!.Metadata!;

        Assert.Equal((null, 1L), (metadata.OriginalPath, metadata.FileSize));
    }

    [Fact]
    public void What_was_converted_counts_before_what_it_was_made_of()
    {
        Write("storage/storage_backup_20240107_030000.tar.bz2", "x");
        Write("storage/storage_backup_20240107_030000.tar", "xx");

        Assert.EndsWith(".tar", Assert.Single(Assert.Single(PythonBackups.Find(temp.Root).All).Storage!.Files), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("database/db_backup_20240107_020000.db", "db_backup_20240107_020000")]
    [InlineData("storage/storage_backup_20240107_030000.tar.part002.gz", "storage_backup_20240107_030000")]
    [InlineData("full/full_backup_20240107_030001.json", "full_backup_20240107_030001")]
    public void Any_file_of_a_backup_stands_for_it(string path, string name)
    {
        Write("database/db_backup_20240107_020000.db", "x");
        Write("storage/storage_backup_20240107_030000.tar.part001.gz", "x");
        Write("storage/storage_backup_20240107_030000.tar.part002.gz", "x");
        Write("full/full_backup_20240107_030001.json", "{}");

        Assert.Equal(name, PythonBackups.FindFile(temp[path])?.Name);
    }

    [Fact]
    public void A_file_of_which_only_metadata_is_left_is_no_backup()
    {
        Write("database/db_backup_20240107_020000.json", "{}");

        Assert.Empty(PythonBackups.Find(temp.Root).All);
        Assert.Throws<UserError>(() => PythonBackups.FindFile(temp["database/db_backup_20240107_020000.json"]));
        Assert.Null(PythonBackups.FindFile(temp["database/notes.txt"]));
    }

    private void Write(string name, string content) => temp.Write(name, Encoding.UTF8.GetBytes(content));
}
