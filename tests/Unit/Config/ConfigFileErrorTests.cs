namespace VertexAr.Backup.Tests.Config;

public sealed class ConfigFileErrorTests : IDisposable
{
    private readonly ConfigFile file = new();

    public void Dispose() => file.Dispose();

    [Theory]
    [InlineData("""{ "max_backup": 7 }""", "FILE:1: key 'max_backup' is unknown; did you mean 'max_backups'?")]
    [InlineData("""{ "frobnicate": 7 }""", "FILE:1: key 'frobnicate' is unknown")]
    [InlineData("""{ "keep": { "dayly": 7 } }""", "FILE:1: key 'keep.dayly' is unknown; did you mean 'keep.daily'?")]
    [InlineData("""{ "keep.daily": 7 }""", "FILE:1: key 'keep.daily' is unknown")]
    [InlineData("""{ "a\nb": 7 }""", "FILE:1: key 'a b' is unknown")]
    [InlineData("""{ "max_backups": "7" }""", "FILE:1: 'max_backups' is the text '7'; it must be a whole number of 1 or more")]
    [InlineData("""{ "max_backups": 0 }""", "FILE:1: 'max_backups' is 0; it must be a whole number of 1 or more")]
    [InlineData("""{ "max_backups": -1 }""", "FILE:1: 'max_backups' is -1; it must be a whole number of 1 or more")]
    [InlineData("""{ "max_backups": 1.5 }""", "FILE:1: 'max_backups' is 1.5; it must be a whole number of 1 or more")]
    [InlineData("""{ "max_backups": null }""", "FILE:1: 'max_backups' is null; it must be a whole number of 1 or more")]
    [InlineData("""{ "pack_size_mb": 2001 }""", "FILE:1: 'pack_size_mb' is 2001; it must be a whole number from 1 to 2000")]
    [InlineData("""{ "workers": 65 }""", "FILE:1: 'workers' is 65; it must be a whole number from 1 to 64")]
    [InlineData("""{ "keep": { "daily": true } }""", "FILE:1: 'keep.daily' is true; it must be a whole number of 0 or more")]
    [InlineData("""{ "max_age_hours": 0 }""", "FILE:1: 'max_age_hours' is 0; it must be a whole number of 1 or more, or an object with \"database\" and \"storage\"")]
    [InlineData("""{ "max_age_hours": { "database": "26", "file": 9 } }""", "FILE:1: 'max_age_hours.database' is the text '26'; it must be a whole number of 1 or more|FILE:1: key 'max_age_hours.file' is unknown")]
    [InlineData("""{ "max_age_hours.database": 26 }""", "FILE:1: key 'max_age_hours.database' is unknown")]
    [InlineData("""{ "keep": 7 }""", "FILE:1: 'keep' is 7; it must be an object: { … }")]
    [InlineData("""{ "backup_dir": ["/b"] }""", "FILE:1: 'backup_dir' is a list; it must be a text that is not empty")]
    [InlineData("""{ "backup_dir": "" }""", "FILE:1: 'backup_dir' is the text ''; it must be a text that is not empty")]
    [InlineData("""{ "backup_dir": "backups" }""", "FILE:1: 'backup_dir' is 'backups'; it must be an absolute path")]
    [InlineData("""{ "backup_dir": "/b\u0000" }""", "FILE:1: 'backup_dir' is the text '/b '; it must be a text without null characters")]
    [InlineData("""{ "storage": [{ "name": "s", "path": "/s\u0000", "exclude": ["a", "b\u0000"] }] }""", "FILE:1: 'storage[0].path' is the text '/s '; it must be a text without null characters|FILE:1: 'storage[0].exclude[1]' is the text 'b '; it must be a text without null characters")]
    [InlineData("""{ "compression": "bets" }""", "FILE:1: 'compression' is 'bets'; it must be none, fast, balanced or best; did you mean 'best'?")]
    [InlineData("""{ "compression": 9 }""", "FILE:1: 'compression' is 9; it must be a text that is not empty")]
    [InlineData("""{ "databases": {} }""", "FILE:1: 'databases' is an object; it must be a list: [ … ]")]
    [InlineData("""{ "databases": ["/a.db"] }""", "FILE:1: 'databases[0]' is the text '/a.db'; it must be an object: { … }")]
    [InlineData("""{ "databases": [{ "name": "a" }] }""", "FILE:1: 'databases[0]' has no 'path'")]
    [InlineData("""{ "databases": [{ "path": "/a", "nam": "a" }] }""", "FILE:1: key 'databases[0].nam' is unknown; did you mean 'databases[0].name'?|FILE:1: 'databases[0]' has no 'name'")]
    [InlineData("""{ "databases": [{ "name": "a", "path": "a.db" }] }""", "FILE:1: path of 'a' is 'a.db'; it must be an absolute path")]
    [InlineData("""{ "databases": [{ "name": "a b", "path": "/a" }] }""", "FILE:1: name 'a b' is not allowed; it must be 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first")]
    [InlineData("""{ "databases": [{ "name": ".a", "path": "/a" }] }""", "FILE:1: name '.a' is not allowed; it must be 1 to 64 letters, digits, '.', '_' or '-', a letter or digit first")]
    [InlineData("""{ "storage": [{ "name": "s", "path": "/s", "exclude": ["*.tmp", ""] }] }""", "FILE:1: 'storage[0].exclude[1]' is the text ''; it must be a text that is not empty")]
    [InlineData("""{ "storage": [{ "name": "s", "path": "/s", "exclude": "*.tmp" }] }""", "FILE:1: 'storage[0].exclude' is the text '*.tmp'; it must be a list: [ … ]")]
    [InlineData("""{ "storage": [{ "name": "s", "path": "/s", "one_file_system": 1 }] }""", "FILE:1: 'storage[0].one_file_system' is 1; it must be true or false")]
    [InlineData("""{ "databases": [], "storage": [] }""", "configuration: neither 'databases' nor 'storage' names anything to back up")]
    [InlineData("""{ "backup_dir": "/s", "storage": [{ "name": "s", "path": "/x/../s/" }] }""", "FILE:1: 'backup_dir' is '/s', which is the source 's'; choose another directory")]
    [InlineData("""{ "backup_dir": "/b", "databases": [{ "name": "d", "path": "/b/d.db" }] }""", "FILE:1: 'backup_dir' is '/b', and the source 'd' lies in it; choose another directory")]
    [InlineData("""{ "backup_dir": "/" }""", "FILE:1: 'backup_dir' is '/', and the source 'app_data' lies in it; choose another directory|FILE:1: 'backup_dir' is '/', and the source 'storage' lies in it; choose another directory")]
    [InlineData("[]", "FILE:1: the file is a list; it must be an object: { … }")]
    public void What_is_wrong_is_named_with_its_line(string text, string errors)
    {
        file.Text = text;

        Assert.Equal(errors.Split('|'), file.Errors());
    }

    [Theory]
    [InlineData("{\n  // a comment\n  \"max_backups\": 7\n  \"keep\": {}\n}", "FILE:4: this is not valid JSON: '\"' is invalid after a value. Expected either ',', '}', or ']'")]
    [InlineData("{\n", "FILE:2: this is not valid JSON: the file ends before all that was opened is closed with '}' or ']'")]
    [InlineData("", "FILE:1: this is not valid JSON: the file holds nothing; it must be an object: { … }")]
    [InlineData("{}\n{}", "FILE:2: this is not valid JSON: ")]
    [InlineData("{\n\"backup_dir\": \"\\ud800\" }", "FILE:2: this is not valid JSON: a text holds an escape that is no character")]
    public void A_syntax_error_is_named_with_its_line(string text, string error)
    {
        file.Text = text;

        Assert.StartsWith(error, Assert.Single(file.Errors()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_in_another_encoding_is_refused()
    {
        File.WriteAllBytes(file.FilePath, [.. "{\n\n  \"backup_dir\": \"/"u8, 0xe9, .. "\" }"u8]);

        Assert.Equal(["FILE:3: this is not valid JSON: the file is not UTF-8 text"], file.Errors());
    }

    [Fact]
    public void All_errors_are_named_at_once_each_with_its_own_line()
    {
        file.Text = """
            {
              /* a comment
                 of two lines */
              "backup_dir": "b",
              "max_backups": 7,
              "databases": [
                { "name": "a", "path": "/a.db" },
                { "name": "a", "path": "/b.db" },
              ],
              "max_backups": 8,
              "storage": [
                { "name": "s",
                  "path": "/a.db", "exclud": [] },
              ],
              "compresion": "best",
            }
            """;

        Assert.Equal(
            [
                "FILE:10: key 'max_backups' is given twice; it stands in line 5 already",
                "FILE:13: key 'storage[0].exclud' is unknown; did you mean 'storage[0].exclude'?",
                "FILE:15: key 'compresion' is unknown; did you mean 'compression'?",
                "FILE:4: 'backup_dir' is 'b'; it must be an absolute path",
                "FILE:8: name 'a' is taken already, by the source from FILE:7",
                "FILE:12: path '/a.db' is the source 'a' already",
            ],
            file.Errors());
    }

    [Fact]
    public void After_ten_errors_the_rest_is_counted()
    {
        file.Text = "{" + string.Join(",\n", Enumerable.Range(1, 13).Select(i => $"\"frobnicate{i}\": 1")) + "}";

        var errors = file.Errors();
        Assert.Equal(11, errors.Length);
        Assert.Equal("FILE:10: key 'frobnicate10' is unknown", errors[9]);
        Assert.Equal("and 3 more", errors[10]);
    }

    [Fact]
    public void A_huge_file_is_not_read()
    {
        file.Text = new string(' ', 300_000) + "{}";

        Assert.Equal(["the configuration file 'FILE' is too large to be one"], file.Errors());
    }
}
