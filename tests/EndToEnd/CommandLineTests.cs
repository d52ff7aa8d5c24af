namespace VertexAr.Backup.EndToEnd;

/// <summary>The program as a command: version, help, and a wrong command line.</summary>
public sealed class CommandLineTests
{
    /// <summary>Nothing but hashes and TLS needs it, so what needs neither goes on.</summary>
    [Fact]
    public void Without_OpenSSL_it_says_what_to_install()
    {
        Machine.NeedRoot("hiding a library");
        const string hide = "for file in /usr/lib/*/libcrypto.so.3 /usr/lib64/libcrypto.so.3; do [ ! -e $file ] || mount --bind /dev/null $file; done; exec \"$0\" \"$@\"";
        string[] hidden = ["unshare", "-m", "bash", "-ec", hide];
        using var site = new Site(withMedia: false);
        site.Run(["create"], before: hidden).Fails(1, "OpenSSL 3 cannot be loaded: libcrypto.so.3 is missing", "apt install libssl3");
        site.Run(["doctor"], before: hidden).Ends(1).Prints("OpenSSL 3 does not load", "sudo apt install libssl3");
        site.Run(["config", "check"], before: hidden).Succeeds();
        site.Create();
        site.Run(["list"], before: hidden).Fails(1, "OpenSSL 3 cannot be loaded");
    }

    [Fact]
    public void Version_is_one_line_with_name_and_number()
    {
        var result = Program.Run("--version").Succeeds();
        Assert.Matches(@"^vertex-ar-backup \d+\.\d+\.\d+\n$", result.Output);
        Assert.Equal("", result.Errors);
    }

    [Fact]
    public void Help_lists_every_command_within_80_columns()
    {
        var result = Program.Run("help").Succeeds();
        result.Prints("create", "list", "show", "stats", "restore", "verify", "rotate", "config", "Exit codes:");
        Assert.All(result.Output.Split('\n'), line => Assert.True(line.Length <= 80, line));
    }

    [Theory]
    [InlineData("help", "rotate")]
    [InlineData("rotate", "--help")]
    [InlineData("-h", "rotate")]
    public void Help_explains_a_command(params string[] arguments) =>
        Program.Run(arguments).Succeeds().Prints("Usage:", "vertex-ar-backup rotate", "--max-backups N");

    [Fact]
    public void No_command_is_a_mistake_and_answered_with_help() =>
        Program.Run().Fails(2, "Usage:", "create");

    [Theory]
    [InlineData("unknown command 'creat'; did you mean 'create'?", "creat")]
    [InlineData("'--max-backup'", "rotate", "--max-backup", "3")]
    [InlineData("did you mean '--max-backups'?", "rotate", "--max-backup", "3")]
    [InlineData("'everything'", "create", "everything")]
    [InlineData("--type", "create", "--type")]
    [InlineData("--max-backups", "rotate", "--max-backups", "0")]
    [InlineData("--max-backups", "rotate", "--max-backups", "-1")]
    [InlineData("--max-backups", "rotate", "--max-backups", "many")]
    [InlineData("--max-backups", "create", "--max-backups=0")]
    [InlineData("show", "show")]
    [InlineData("'extra'", "list", "extra")]
    public void A_wrong_command_line_is_refused_with_the_word_that_is_wrong(string words, params string[] arguments) =>
        Program.Run(arguments).Fails(2, words);

    [Fact]
    public void The_program_is_one_file_that_needs_no_sqlite_library()
    {
        var needed = Command.Run("ldd", Program.Binary).Succeeds().Output;
        Assert.DoesNotContain("sqlite", needed, StringComparison.Ordinal);
        Assert.True(new FileInfo(Program.Binary).Length <= 16 << 20, "the binary is larger than 16 MiB");
    }
}
