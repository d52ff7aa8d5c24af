using VertexAr.Backup.Model;

namespace VertexAr.Backup.Tests.Model;

public sealed class PythonFileNameTests
{
    [Theory]
    [InlineData("db_backup_20240107_020000.db", "db_backup_20240107_020000", "Database", "Content", 0)]
    [InlineData("db_backup_20240107_020000.json", "db_backup_20240107_020000", "Database", "Metadata", 0)]
    [InlineData("storage_backup_20240107_030000.tar.gz", "storage_backup_20240107_030000", "Storage", "Content", 0)]
    [InlineData("storage_backup_20240107_030000.tgz", "storage_backup_20240107_030000", "Storage", "Content", 0)]
    [InlineData("storage_backup_20240107_030000.tar", "storage_backup_20240107_030000", "Storage", "Content", 0)]
    [InlineData("storage_backup_20240107_030000.tar.json", "storage_backup_20240107_030000", "Storage", "Metadata", 0)]
    [InlineData("storage_backup_20240107_030000.tar.gz.json", "storage_backup_20240107_030000", "Storage", "Metadata", 0)]
    [InlineData("storage_backup_20240107_030000.json", "storage_backup_20240107_030000", "Storage", "Metadata", 0)]
    [InlineData("storage_backup_20240107_030000.tar.part001.gz", "storage_backup_20240107_030000", "Storage", "Part", 1)]
    [InlineData("storage_backup_20240107_030000.tar.part1234.gz", "storage_backup_20240107_030000", "Storage", "Part", 1234)]
    [InlineData("storage_backup_20240107_030000.tar.gz.part002", "storage_backup_20240107_030000", "Storage", "Part", 2)]
    [InlineData("storage_backup_20240107_030000.part003.tar", "storage_backup_20240107_030000", "Storage", "Part", 3)]
    [InlineData("storage_backup_20240107_030000.tar.part001.json", "storage_backup_20240107_030000", "Storage", "Metadata", 1)]
    [InlineData("full_backup_20240107_030000.json", "full_backup_20240107_030000", "Full", "Metadata", 0)]
    [InlineData("full_backup_20240107_030000", "full_backup_20240107_030000", "Full", "Content", 0)]
    public void It_says_what_a_file_is_to_which_backup(string name, string backup, string type, string role, int part)
    {
        var parsed = PythonFileName.Parse(name);

        Assert.Equal((backup, type, role, part), (parsed!.Backup, parsed.Type.ToString(), parsed.Role.ToString(), parsed.Part));
        Assert.Equal(new DateTime(2024, 1, 7), parsed.LocalTime.Date);
    }

    [Theory]
    [InlineData("app.db")]
    [InlineData("db_backup_20240107.db")]
    [InlineData("db_backup_20241307_020000.db")]
    [InlineData("db_backup_20240107_020000.db-wal")]
    [InlineData("db_backup_20240107_020000.db.tmp")]
    [InlineData("db_backup_20240107_020000x.db")]
    [InlineData("old_backup_20240107_020000.db")]
    [InlineData("storage_backup_20240107_030000.tar.part000.gz")]
    [InlineData("20260107T020000Z")]
    [InlineData("latest")]
    [InlineData("")]
    public void Other_names_are_not_its_own(string name) => Assert.Null(PythonFileName.Parse(name));
}
