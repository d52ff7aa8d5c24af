using System.Net.Sockets;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Sources;

public sealed class TreeBoundaryTests : IDisposable
{
    private readonly TempDirectory temp = new();
    private readonly List<SourcePlace> sources = [];
    private string? repository;
    private bool oneFileSystem = true;
    private bool withLinks;
    private string[] now = [];
    private string[] recorded = [];

    public TreeBoundaryTests() => temp.Make("tree");

    public void Dispose() => temp.Dispose();

    [Fact]
    public void A_database_and_its_companions_are_foreign_whether_they_are_there_or_not()
    {
        Database("tree/app.db");
        foreach (var name in new[] { "app.db", "app.db-wal", "app.db-shm", "app.db-journal" })
        {
            temp.Write($"tree/{name}", "x"u8);
            Assert.Equal(new Foreign(ForeignKind.Database, "app.db"), Of(name));
        }

        File.Delete(temp["tree/app.db"]);
        Assert.Equal(new Foreign(ForeignKind.Database, "app.db"), Of("app.db-wal"));
        foreach (var name in new[] { "app.db-wal2", "app.db.bak", "other.db", "other.db-wal", "-wal" })
        {
            temp.Write($"tree/{name}", "x"u8);
            Assert.Null(Of(name));
        }
    }

    [Fact]
    public void A_file_that_was_made_since_with_the_number_of_the_database_is_the_trees_own()
    {
        Database("tree/app.db");
        temp.Write("tree/app.db", "x"u8);
        Assert.Equal(0, Tools.Run("ln", temp["tree/app.db"], temp["tree/second"]).Exit);
        Assert.Equal(ForeignKind.Database, Of("second")?.Kind);
        Assert.Equal(ForeignKind.Database, Of("second", status => status with { Born = default })?.Kind);
        Assert.Null(Of("second", status => status with { Born = new FileTime(status.Born.Seconds + 1, 0) }));
    }

    [Fact]
    public void A_database_is_foreign_only_in_its_own_directory()
    {
        Database("tree/a/app.db");
        temp.Write("tree/a/app.db", "x"u8);
        temp.Write("tree/b/app.db", "x"u8);
        temp.Write("tree/b/app.db-wal", "x"u8);
        Assert.Equal(ForeignKind.Database, Of("a/app.db")?.Kind);
        Assert.Null(Of("b/app.db"));
        Assert.Null(Of("b/app.db-wal"));
        Assert.Null(Of("a"));
    }

    [Fact]
    public void A_database_that_is_configured_through_links_is_foreign_where_it_really_is_and_the_link_is_a_file_like_any_other()
    {
        temp.Write("tree/data/real.db", "x"u8);
        temp.Write("tree/data/real.db-wal", "x"u8);
        Directory.CreateSymbolicLink(temp["way"], "tree/data");
        File.CreateSymbolicLink(temp["tree/app.db"], temp["way/real.db"]);
        Database("tree/app.db");
        Assert.Null(Of("app.db"));
        Assert.Equal(ForeignKind.Database, Of("data/real.db")?.Kind);
        Assert.Equal(ForeignKind.Database, Of("data/real.db-wal")?.Kind);
    }

    [Fact]
    public void Each_link_on_the_way_to_a_place_stays_in_a_restore_and_is_saved_by_a_backup()
    {
        temp.Write("tree/data/v1/app.db", "db"u8);
        temp.Make("tree/away");
        File.CreateSymbolicLink(temp["tree/current"], "data/now");
        File.CreateSymbolicLink(temp["tree/data/now"], "v1");
        File.CreateSymbolicLink(temp["tree/other"], "data/v1");
        File.CreateSymbolicLink(temp["tree/backups"], temp["tree/away"]);
        Database("tree/current/app.db");
        repository = temp["tree/backups"];
        Assert.Null(Of("current") ?? Of("data/now") ?? Of("backups"));
        withLinks = true;
        Assert.Equal(new Foreign(ForeignKind.Database, "app.db") { IsLink = true }, Of("current"));
        Assert.Equal(new Foreign(ForeignKind.Database, "app.db") { IsLink = true }, Of("data/now"));
        Assert.Equal(new Foreign(ForeignKind.Repository) { IsLink = true }, Of("backups"));
        Assert.Equal(new Foreign(ForeignKind.Database, "app.db"), Of("data/v1/app.db"));
        Assert.Null(Of("other") ?? Of("data/v1"));
    }

    [Fact]
    public void A_further_name_of_a_database_is_foreign_with_the_log_next_to_it()
    {
        temp.Write("app.db", "x"u8);
        Database("app.db");
        Assert.Equal(0, Tools.Run("ln", temp["app.db"], temp["tree/second.db"]).Exit);
        temp.Write("tree/second.db-wal", "x"u8);
        temp.Write("tree/third.db-wal", "x"u8);
        Assert.Equal(new Foreign(ForeignKind.Database, "app.db"), Of("second.db"));
        Assert.Equal(new Foreign(ForeignKind.Database, "app.db"), Of("second.db-wal"));
        Assert.Null(Of("third.db-wal"));
    }

    [Fact]
    public void What_belongs_to_an_SQLite_file_is_foreign_as_that_is_and_a_file_of_such_a_name_is_not()
    {
        now = ["/left", "/text", "/empty", "/new"];
        recorded = ["*-wal"];
        temp.Write("tree/left", "SQLite format 3\0 and more"u8);
        temp.Write("tree/kept", "SQLite format 3\0 and more"u8);
        temp.Write("tree/text", "text"u8);
        temp.Write("tree/empty", ""u8);
        temp.Write("tree/new", ""u8);
        foreach (var name in new[] { "left", "kept", "text", "empty", "new", "gone" })
        {
            temp.Write($"tree/{name}-shm", "x"u8);
            temp.Write($"tree/{name}-journal", name == "new" ? [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7] : "x"u8);
        }

        Assert.All(["left-shm", "left-journal", "new-shm", "new-journal"], name => Assert.Equal(new Foreign(ForeignKind.Excluded), Of(name)));
        Assert.All(["kept", "kept-shm", "text-shm", "text-journal", "empty-shm", "empty-journal", "gone-shm"], name => Assert.Null(Of(name)));
        temp.Write("tree/kept-wal", "x"u8);
        Assert.Equal(ForeignKind.Excluded, Of("kept-wal")?.Kind);

        sources.Add(new SourcePlace("one", SourceKind.Storage, temp["tree/kept"]));
        Assert.Equal(new Foreign(ForeignKind.File, "one"), Of("kept-shm"));
    }

    [Fact]
    public void A_directory_that_has_a_databases_name_is_none()
    {
        Database("tree/app.db");
        temp.Make("tree/app.db");
        Assert.Null(Of("app.db"));
    }

    [Fact]
    public void Another_tree_is_foreign_by_whatever_path_it_is_configured()
    {
        temp.Make("tree/a/inner");
        Directory.CreateSymbolicLink(temp["link"], "tree/a/inner");
        sources.Add(new SourcePlace("tree", SourceKind.Storage, temp["tree"]));
        sources.Add(new SourcePlace("inner", SourceKind.Storage, temp["link"]));
        Assert.Equal(new Foreign(ForeignKind.Tree, "inner"), Of("a/inner"));
        Assert.Null(Of("a"));
        Directory.CreateSymbolicLink(temp["tree/link"], "a/inner");
        Assert.Null(Of("link"));
    }

    [Fact]
    public void A_single_file_is_foreign_by_its_name_whatever_file_has_it_and_a_further_hard_link_is_the_trees()
    {
        temp.Write("tree/a/.env", "x"u8);
        temp.Write("tree/b/.env", "x"u8);
        Tools.Run("ln", temp["tree/a/.env"], temp["tree/a/copy"]);
        File.CreateSymbolicLink(temp["link"], temp["tree/a/.env"]);
        sources.Add(new SourcePlace("env", SourceKind.Storage, temp["link"]));
        Assert.Equal(new Foreign(ForeignKind.File, "env"), Of("a/.env"));
        foreach (var name in new[] { "a/copy", "b/.env", "a" })
        {
            Assert.Null(Of(name));
        }

        File.Delete(temp["tree/a/.env"]);
        temp.Write("tree/a/.env", "written by another name, and renamed"u8);
        Assert.Equal(new Foreign(ForeignKind.File, "env"), Of("a/.env"));
    }

    [Fact]
    public void The_repository_is_foreign_by_whatever_path_it_is_configured()
    {
        temp.Make("tree/backups");
        Directory.CreateSymbolicLink(temp["link"], "tree/backups");
        repository = temp["link"];
        Assert.Equal(new Foreign(ForeignKind.Repository), Of("backups"));
    }

    [Fact]
    public void What_is_excluded_now_or_was_then_is_foreign()
    {
        (now, recorded) = (["*.tmp"], ["/cache/"]);
        temp.Write("tree/d/a.tmp", "x"u8);
        temp.Write("tree/cache/a", "x"u8);
        temp.Write("tree/d/cache/a", "x"u8);
        Assert.Equal(new Foreign(ForeignKind.Excluded), Of("d/a.tmp"));
        Assert.Equal(new Foreign(ForeignKind.Excluded), Of("cache"));
        Assert.Null(Of("d/cache"));
    }

    [Fact]
    public void What_is_excluded_and_saved_by_its_own_source_is_said_to_be_saved()
    {
        Database("tree/app.db");
        now = ["/app.db*"];
        temp.Write("tree/app.db", "x"u8);
        Assert.Equal(ForeignKind.Database, Of("app.db")?.Kind);
    }

    [Fact]
    public void A_mount_is_foreign_while_one_file_system_is_on()
    {
        temp.Make("tree/d");
        temp.Write("tree/f", "x"u8);
        var otherMount = (FileStatus status) => status with { MountId = status.MountId + 1 };
        var otherDevice = (FileStatus status) => status with { Device = status.Device + 1 };
        Assert.Equal(ForeignKind.Mount, Of("d", otherMount)?.Kind);
        Assert.Equal(ForeignKind.Mount, Of("f", otherMount)?.Kind);
        Assert.Equal(ForeignKind.Mount, Of("d", otherDevice)?.Kind);

        // A file of an overlay's lower layer.
        Assert.Null(Of("f", otherDevice));
        oneFileSystem = false;
        Assert.Null(Of("d", otherMount));
        Assert.Null(Of("f", otherMount));
    }

    [Fact]
    public void A_socket_and_what_a_restore_left_are_foreign()
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(temp["tree/talk"]));
        temp.Write("tree/a.before_restore_20261129T001500.123Z", "x"u8);
        temp.Write("tree/a.before_restore_mine", "x"u8);
        Assert.Equal(ForeignKind.Socket, Of("talk")?.Kind);
        Assert.Equal(ForeignKind.Leftover, Of("a.before_restore_20261129T001500.123Z")?.Kind);
        Assert.Null(Of("a.before_restore_mine"));
        Assert.All(ScratchKind.All, kind => Assert.True(LeftoverName.Is(Encoding.ASCII.GetBytes($"{kind.Prefix}20261129T001500Z"))));
        Assert.False(LeftoverName.Is("vertex-ar-backup-drill-mine"u8));
    }

    private void Database(string path) => sources.Add(new SourcePlace(Path.GetFileName(path), SourceKind.Database, temp[path]));

    private Foreign? Of(string path, Func<FileStatus, FileStatus>? change = null)
    {
        var boundary = new TreeBoundary(Posix.StatusOrNull(temp["tree"])!.Value, ForeignPlaces.Find(repository is null ? [] : [repository], sources, withLinks), oneFileSystem, now, recorded);
        using var directory = Posix.OpenDirectory(Posix.Here, Posix.Bytes(Path.GetDirectoryName(temp[$"tree/{path}"])!));
        var status = Posix.StatusAt(directory, Encoding.UTF8.GetBytes(Path.GetFileName(path)));
        return boundary.Of(directory, Posix.Status(directory), Encoding.UTF8.GetBytes(path), change is null ? status : change(status));
    }
}
