using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class SqliteMessageTests
{
    // The numbers are those of SqliteMessageKind, which a public test cannot name.
    private const int Ok = 0, Row = 1, Index = 2, Unchecked = 3, Page = 4;

    [Theory]
    [InlineData("ok", Ok, null)]
    [InlineData("NULL value in t.a", Row, null)]
    [InlineData("NUMERIC value in t.a", Row, null)]
    [InlineData("TEXT value in a b.c d", Row, null)]
    [InlineData("non-INT value in t.a", Row, null)]
    [InlineData("non-BLOB value in t.a", Row, null)]
    [InlineData("CHECK constraint failed in t", Row, null)]
    [InlineData("non-unique entry in index i of mine", Row, "i of mine")]
    [InlineData("index i stores an imprecise floating-point value for row 17", Row, "i")]
    [InlineData("row 3 missing from index i", Index, "i")]
    [InlineData("row 3 values differ from index my index", Index, "my index")]
    [InlineData("rowid not at end-of-record for row 3 of index i", Index, "i")]
    [InlineData("wrong # of entries in index i", Index, "i")]
    [InlineData("row not in PRIMARY KEY order for t", Index, null)]
    [InlineData("unable to validate the inverted index for FTS5 table main.f: SQL logic error", Unchecked, null)]
    [InlineData("malformed inverted index for FTS5 table main.f", Page, null)]
    [InlineData("In RTree main.r:\nNode 1 missing from database", Page, null)]
    [InlineData("database disk image is malformed", Page, null)]
    [InlineData("Freelist: size is 4 but should be 5", Page, null)]
    [InlineData("no value in t.a", Page, null)]
    [InlineData("words of a version to come", Page, null)]
    public void A_message_is_as_grave_as_what_it_speaks_of(string row, int kind, string? index)
    {
        var message = Assert.Single(SqliteMessage.Of(row));
        Assert.Equal((kind, index), ((int)message.Kind, message.Index));
    }

    [Fact]
    public void One_row_holds_all_that_is_wrong_with_trees() =>
        Assert.Equal(
            [new SqliteMessage(SqliteMessageKind.Page, "Tree 2 page 2: broken"), new SqliteMessage(SqliteMessageKind.Page, "Page 5: never used")],
            SqliteMessage.Of("*** in database main ***\nTree 2 page 2: broken\nPage 5: never used"));

    [Theory]
    [InlineData("unknown function: shout()", "the function shout")]
    [InlineData("no such function: REGEXP", "the function REGEXP")]
    [InlineData("no such collation sequence: my order", "the collation my order")]
    [InlineData("no such module: vec0", "the module vec0")]
    [InlineData("no such tokenizer: icu", "the tokenizer icu")]
    [InlineData("unknown tokenizer: icu", "the tokenizer icu")]
    [InlineData("disk I/O error", null)]
    public void An_error_names_what_is_missing(string error, string? what) => Assert.Equal(what, SqliteMissing.In(error)?.ToString());

    [Theory]
    [InlineData("CREATE VIRTUAL TABLE v USING vec0(a float[3])", "vec0")]
    [InlineData("CREATE VIRTUAL TABLE v USING vec0", "vec0")]
    [InlineData("CREATE VIRTUAL TABLE \"a (b) using c\" using fts5 (x)", "fts5")]
    [InlineData("CREATE VIRTUAL TABLE [using]\n\tUSING [my module](x)", "my module")]
    [InlineData("CREATE VIRTUAL TABLE v", null)]
    [InlineData("", null)]
    public void A_virtual_table_names_its_module(string sql, string? module) => Assert.Equal(module, SqliteMissing.ModuleIn(sql));
}
