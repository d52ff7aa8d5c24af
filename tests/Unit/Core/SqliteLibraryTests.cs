using SQLitePCL;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

/// <summary>The SQLite that the program is linked with: other tests of databases run on the same code.</summary>
public sealed class SqliteLibraryTests
{
    public SqliteLibraryTests()
    {
        using var temp = new TempDirectory();
        SqliteFile.Open(temp.Write("empty.db", []), Microsoft.Data.Sqlite.SqliteOpenMode.ReadWrite).Dispose();
    }

    [Fact]
    public void It_is_as_new_as_what_applications_bring_along() => Assert.InRange(raw.sqlite3_libversion_number(), 3_053_000, 3_999_999);

    [Theory]
    [InlineData("ENABLE_FTS3")]
    [InlineData("ENABLE_FTS4")]
    [InlineData("ENABLE_FTS5")]
    [InlineData("ENABLE_RTREE")]
    [InlineData("ENABLE_GEOPOLY")]
    [InlineData("ENABLE_MATH_FUNCTIONS")]
    [InlineData("ENABLE_DBPAGE_VTAB")]
    [InlineData("ENABLE_DBSTAT_VTAB")]
    [InlineData("ENABLE_UNKNOWN_SQL_FUNCTION")]
    [InlineData("OMIT_LOAD_EXTENSION")]
    [InlineData("THREADSAFE=1")]
    public void It_is_made_with(string option) => Assert.Equal(1, raw.sqlite3_compileoption_used(option));
}
