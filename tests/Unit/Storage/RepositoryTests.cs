using System.Text;
using Microsoft.Extensions.Time.Testing;
using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class RepositoryTests : IDisposable
{
    private readonly TempDirectory temp = new();
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UnixEpoch);
    private readonly string root;

    public RepositoryTests() => root = temp.Make("repository");

    private string Mark => Path.Combine(root, "repository.json");

    public void Dispose() => temp.Dispose();

    [Fact]
    public void An_empty_directory_becomes_a_repository()
    {
        var layout = Repository.OpenOrCreate(root, clock);
        Assert.Equal(["RECOVERY.txt", "packs", "repository.json", "snapshots", "staging"], Names());
        Assert.Empty(Directory.GetFileSystemEntries(layout.Staging));
        Assert.Equal(root, Repository.Open(root).Root);
        Assert.Equal(RecoveryText.Text, File.ReadAllText(layout.Recovery));
    }

    [Fact]
    public void It_is_made_once()
    {
        Repository.OpenOrCreate(root, clock);
        var mark = File.ReadAllText(Mark);
        Repository.OpenOrCreate(root, clock);
        Assert.Equal(mark, File.ReadAllText(Mark));
    }

    [Fact]
    public void A_making_that_was_cut_off_is_finished()
    {
        Repository.OpenOrCreate(root, clock);
        File.Delete(Mark);
        Directory.Delete(Path.Combine(root, "packs"));
        Directory.CreateDirectory(Path.Combine(root, "lost+found"));
        Repository.OpenOrCreate(root, clock);
        Assert.True(Directory.Exists(Path.Combine(root, "packs")));
    }

    [Fact]
    public void It_is_known_by_its_mark_whatever_its_version_and_by_its_directories_if_that_is_damaged()
    {
        Repository.OpenOrCreate(root, clock);
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(root));
        Assert.True(Repository.Is(directory));
        File.WriteAllText(Mark, "{\"format\": \"vertex-ar-backup\", \"version\": 99}");
        Assert.True(Repository.Is(directory));
        File.WriteAllText(Mark, "{\"format\": \"vertex-ar");
        Assert.True(Repository.Is(directory));
        Directory.Delete(Path.Combine(root, "packs"));
        Assert.False(Repository.Is(directory));
        foreach (var other in new[] { "{\"format\": \"another program's\"}", "{\"format\": 7}", "[]", "{}" })
        {
            File.WriteAllText(Mark, other);
            Assert.False(Repository.Is(directory));
        }

        File.Delete(Mark);
        Assert.False(Repository.Is(directory));
    }

    /// <summary>Off-site copies are made of files: a directory without any does not come back from there.</summary>
    [Fact]
    public void Empty_directories_that_a_copy_lost_are_made_again()
    {
        Repository.OpenOrCreate(root, clock);
        foreach (var name in new[] { "packs", "snapshots", "staging" })
        {
            Directory.Delete(Path.Combine(root, name));
        }

        Repository.OpenOrCreate(root, clock);
        Assert.Equal(["RECOVERY.txt", "packs", "repository.json", "snapshots", "staging"], Names());
    }

    [Fact]
    public void A_missing_directory_is_no_repository()
    {
        Assert.Equal(ExitCode.NoRepository, Assert.Throws<UserError>(() => Repository.Open(temp["none"])).Code);
        Assert.Equal(ExitCode.NoRepository, Assert.Throws<UserError>(() => Repository.OpenOrCreate(temp["none"], clock)).Code);
        Assert.False(Directory.Exists(temp["none"]));
    }

    [Fact]
    public void A_file_is_no_repository()
    {
        temp.Write("file", "x"u8);
        Assert.Equal(ExitCode.NoRepository, Assert.Throws<UserError>(() => Repository.Open(temp["file"])).Code);
    }

    [Fact]
    public void Opening_an_empty_directory_makes_nothing()
    {
        Assert.Equal(ExitCode.NoRepository, Assert.Throws<UserError>(() => Repository.Open(root)).Code);
        Assert.Empty(Names());
    }

    [Fact]
    public void A_directory_with_other_files_is_left_alone()
    {
        temp.Write("repository/photo.jpg", "mine"u8);
        var error = Assert.Throws<UserError>(() => Repository.OpenOrCreate(root, clock));
        Assert.Equal(ExitCode.NoRepository, error.Code);
        Assert.Contains("photo.jpg", error.Message, StringComparison.Ordinal);
        Assert.Equal(["photo.jpg"], Names());
    }

    /// <summary>Others have directories and files called as ours are, which the first run would replace or remove.</summary>
    [Theory]
    [InlineData("staging/www/index.html", "staging/www")]
    [InlineData("staging/notes.txt", "staging/notes.txt")]
    [InlineData("staging/20261123T020000Z/run.json", "staging/20261123T020000Z")]
    [InlineData("staging/vertex-ar-backup-offsite-20261123T020000Z/mine", "staging/vertex-ar-backup-offsite-20261123T020000Z")]
    [InlineData("snapshots/disk.img", "snapshots/disk.img")]
    [InlineData("packs/ab/texture.png", "packs/ab")]
    [InlineData("lock", "lock")]
    [InlineData("RECOVERY.txt", "RECOVERY.txt")]
    public void What_is_called_as_ours_and_is_not_is_left_alone(string path, string named)
    {
        var before = WriteMine(path);
        var error = Assert.Throws<UserError>(() => Repository.OpenOrCreate(root, clock));
        Assert.Equal(ExitCode.NoRepository, error.Code);
        Assert.Contains($"it is not empty: {named} is there", error.Message, StringComparison.Ordinal);
        Assert.Equal(error.Message, Assert.Throws<UserError>(() => Repository.RequirePlace(root)).Message);
        Assert.Equal(before, Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories).Order());
        Assert.Equal("mine", File.ReadAllText(Path.Combine(root, path)));
    }

    [Theory]
    [InlineData("lock", "create full, process 4711, since 2026-11-23 02:00:00 UTC")]
    [InlineData("lock", "")]
    [InlineData("RECOVERY.txt", "HOW TO GET FILES BACK WITHOUT vertex-ar-backup\n, as another version has it")]
    [InlineData("staging/RECOVERY.tmp", "HOW TO")]
    [InlineData("staging/mark.tmp", "")]
    [InlineData("snapshots/20261123T020000Z.json", "of a repository that was copied without its mark")]
    [InlineData("packs/ab/ab1f9d6e0d3a2e6f0c7b5a4d3c2b1a09f8e7d6c5b4a39281706f5e4d3c2b1a09.tar.gz", "likewise")]
    [InlineData("staging/vertex-ar-backup-offsite-20261123T020000Z/this-was-fetched", "")]
    public void What_a_first_run_that_was_cut_off_left_is_ours(string path, string content)
    {
        temp.Write(Path.Combine("repository", path), Encoding.UTF8.GetBytes(content));
        Repository.RequirePlace(root);
        Repository.OpenOrCreate(root, clock);
        Repository.Open(root);
    }

    [Fact]
    public void What_a_run_removes_in_staging_has_our_form_of_name()
    {
        var layout = Repository.OpenOrCreate(root, clock);
        string[] ours = ["20261123T020000Z", "20261124t020000z"], theirs = ["www", "20261123", "20261123T020000Z.bak"];
        Array.ForEach([.. ours, .. theirs], name => Directory.CreateDirectory(Path.Combine(layout.Staging, name)));
        foreach (var name in new[] { "20261125T020000Z", "scratch-1.db", "current" })
        {
            File.CreateSymbolicLink(Path.Combine(layout.Staging, name), "www");
        }

        File.WriteAllText(Path.Combine(layout.Staging, "scratch-book.txt"), "mine");
        File.WriteAllText(Path.Combine(layout.Staging, $"scratch-{int.MaxValue}.db-journal"), "");
        using var held = RepositoryLock.Acquire(layout, "test", clock.GetUtcNow());
        ScratchFiles.RemoveOrphans(held);
        Assert.Equal(ours.Reverse(), RunStaging.LeftBehind(held).Select(path => Path.GetFileName(path)));
        Assert.Equal([.. ours.Concat(theirs).Append("current").Append("scratch-book.txt").Order(StringComparer.Ordinal)], Directory.GetFileSystemEntries(layout.Staging).Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_newer_version_is_refused_however_it_is_sealed()
    {
        File.WriteAllText(Mark, "{\"format\":\"vertex-ar-backup\",\"version\":2,\"seal\":\"another\"}");
        var error = Assert.Throws<UserError>(() => Repository.OpenOrCreate(root, clock));
        Assert.Equal(ExitCode.Failed, error.Code);
        Assert.Contains("version 2", error.Message, StringComparison.Ordinal);
        Assert.Equal(["repository.json"], Names());
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("7")]
    [InlineData("\"x\"")]
    [InlineData("{\"format\":7,\"version\":1}")]
    [InlineData("{\"format\":\"vertex-ar-backup\",\"version\":\"2\"}")]
    [InlineData("{\"format\":\"vertex-ar-backup\",\"version\":1}")]
    [InlineData("\0\0\0\0")]
    public void A_damaged_mark_is_said_to_be_so_and_left(string text)
    {
        File.WriteAllBytes(Mark, Encoding.UTF8.GetBytes(text));
        var error = Assert.Throws<UserError>(() => Repository.OpenOrCreate(root, clock));
        Assert.Equal(ExitCode.Failed, error.Code);
        Assert.StartsWith(Mark, error.Message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(Mark));
    }

    [Fact]
    public void A_directory_that_cannot_be_written_is_explained()
    {
        Assert.SkipWhen(Posix.IsRoot, "root may write everywhere");
        using (var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(root)))
        {
            Posix.SetMode(directory, 0x140);
        }

        Assert.Contains("chown", Assert.Throws<UserError>(() => Repository.OpenOrCreate(root, clock)).Hint, StringComparison.Ordinal);
    }

    private List<string> WriteMine(string path)
    {
        temp.Write(Path.Combine("repository", path), "mine"u8);
        return [.. Directory.GetFileSystemEntries(root, "*", SearchOption.AllDirectories).Order()];
    }

    private List<string?> Names() => [.. Directory.GetFileSystemEntries(root).Select(Path.GetFileName).Order(StringComparer.Ordinal)];
}
