using System.Text.Json;
using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A small server to back up, in a directory of its own: a database in WAL mode, a tree of media, a configuration, an empty backup directory.</summary>
internal sealed class Site : IDisposable
{
    private readonly List<string> mounts = [];

    public Site(bool withMedia = true)
    {
        Root = Directory.CreateTempSubdirectory("vertex-e2e-").FullName;
        Storage = Directory.CreateDirectory(Path.Combine(Root, "app/storage")).FullName;
        Backups = Directory.CreateDirectory(Path.Combine(Root, "backups")).FullName;
        Directory.CreateDirectory(Path.GetDirectoryName(Database)!);
        using (var database = OpenDatabase())
        {
            database.Fill(rows: 500);
        }

        if (withMedia)
        {
            AddMedia();
        }

        Settings = new JsonObject
        {
            ["backup_dir"] = Backups,
            ["databases"] = new JsonArray(Source("app_data", Database)),
            ["storage"] = new JsonArray(Source("storage", Storage)),
            ["min_free_mb"] = 0,
        };
    }

    public string Root { get; }

    public string Storage { get; }

    public string Backups { get; }

    public string Database => Path.Combine(Root, "app/app_data/app_data.db");

    public string Config => Path.Combine(Root, "config.json");

    /// <summary>Written to <see cref="Config"/> before each run.</summary>
    public JsonObject Settings { get; }

    public static JsonObject Source(string name, string path) => new() { ["name"] = name, ["path"] = path };

    /// <summary>The one storage tree's settings.</summary>
    public JsonObject TreeSettings => Settings["storage"]![0]!.AsObject();

    public string In(string relative) => Path.Combine(Root, relative);

    public string InStorage(string relative) => Path.Combine(Storage, relative);

    public TestDatabase OpenDatabase() => new(Database);

    /// <summary>Writes a file of the storage tree, and the directories above it.</summary>
    public string Write(string relative, byte[] content)
    {
        var path = InStorage(relative);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, content);
        return path;
    }

    public string Write(string relative, string content) => Write(relative, System.Text.Encoding.UTF8.GetBytes(content));

    /// <summary>Runs the program with this site's configuration.</summary>
    public Result Run(params string[] arguments) => Program.Run(Arguments(arguments), null);

    public Result Run(string[] arguments, IReadOnlyDictionary<string, string?>? environment = null, string[]? before = null) =>
        Program.Run(Arguments(arguments), environment, before);

    public Command Start(string[] arguments, string[]? before = null) => Program.Start(Arguments(arguments), null, before);

    /// <summary>Takes a snapshot that must succeed.</summary>
    public Snapshot Create(params string[] arguments)
    {
        Run(["create", .. arguments]).Succeeds();
        return Newest();
    }

    public Snapshot Newest() => Snapshots()[^1];

    /// <summary>All snapshots, oldest first, by what lies on disk.</summary>
    public IReadOnlyList<Snapshot> Snapshots() =>
        !Directory.Exists(Path.Combine(Backups, "snapshots")) ? [] :
        [
            .. Directory.EnumerateFiles(Path.Combine(Backups, "snapshots"), "*.json")
                .Order(StringComparer.Ordinal).Select(header => new Snapshot(this, Path.GetFileNameWithoutExtension(header))),
        ];

    /// <summary>Nothing that is configured is there any more, so that a run fails.</summary>
    public void HideSources()
    {
        Directory.Move(Storage, Storage + ".away");
        File.Move(Database, Database + ".away");
    }

    public void ShowSources()
    {
        Directory.Move(Storage + ".away", Storage);
        File.Move(Database + ".away", Database);
    }

    /// <summary>Every pack file of the repository, by path.</summary>
    public IReadOnlyList<string> Packs() => Directory.Exists(Path.Combine(Backups, "packs"))
        ? [.. Directory.EnumerateFiles(Path.Combine(Backups, "packs"), "*.tar.gz", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]
        : [];

    public long PackBytes() => Packs().Sum(pack => new FileInfo(pack).Length);

    /// <summary>Mounts a file system in memory; only root may.</summary>
    public string MountMemory(string relative, string options)
    {
        Machine.NeedRoot("mounting a file system");
        var path = Directory.CreateDirectory(In(relative)).FullName;
        var mounted = Command.Run("mount", "-t", "tmpfs", "-o", options, "tmpfs", path);
        Assert.SkipWhen(mounted.Code != 0, $"this machine does not let root mount: {mounted.Errors.Trim()}");
        mounts.Add(path);
        return path;
    }

    /// <summary>Mounts a file system that runs as a program.</summary>
    /// <param name="relative">Where.</param>
    /// <param name="script">Mounts it at <c>$1</c>, in the site's own directory.</param>
    public string MountFuse(string relative, string script)
    {
        Machine.NeedRoot("mounting a file system");
        Assert.SkipUnless(File.Exists("/dev/fuse"), "this machine does not mount by FUSE");
        var path = Directory.CreateDirectory(In(relative)).FullName;
        Command.Shell($"set -- '{path}'; {script}", Root);
        mounts.Add(path);
        return path;
    }

    /// <summary>
    /// What to put before the program so that an ordinary user runs it, to whom the whole site belongs from now on. Who runs
    /// the tests without being root is one already.
    /// </summary>
    public string[] BelongToOrdinaryUser()
    {
        if (!Machine.IsRoot)
        {
            return [];
        }

        SaveSettings();
        Command.Shell($"chown -R {Machine.OrdinaryUser}:{Machine.OrdinaryGroup} '{Root}'");
        return ["setpriv", $"--reuid={Machine.OrdinaryUser}", $"--regid={Machine.OrdinaryGroup}", "--clear-groups", "--"];
    }

    public string[] Arguments(IEnumerable<string> arguments)
    {
        SaveSettings();
        return [.. arguments, "--config", Config];
    }

    public void SaveSettings() => File.WriteAllText(Config, Settings.ToJsonString(new JsonSerializerOptions { WriteIndented = true }));

    public void Dispose()
    {
        foreach (var mount in mounts)
        {
            Command.Run("umount", mount);
        }

        // By rm: .NET cannot delete names that are no text, nor paths as long as the kernel allows.
        Command.Run("chmod", "-R", "u+rwX", Root);
        Command.Run("rm", "-rf", "--one-file-system", Root);
    }

    private void AddMedia()
    {
        for (var i = 0; i < 6; i++)
        {
            Write($"portraits/{i}/portrait.jpg", Content.Random(40_000 + i, seed: i));
            Write($"nft_markers/{i}.fset", Content.Text(20_000 + i, seed: i));
        }

        Write("videos/clip.mp4", Content.Random(3_000_000, seed: 100));
        Directory.CreateDirectory(InStorage("previews/empty"));
        File.CreateSymbolicLink(InStorage("latest.jpg"), "portraits/5/portrait.jpg");
    }
}
