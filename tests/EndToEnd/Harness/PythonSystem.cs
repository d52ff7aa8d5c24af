using System.Runtime.CompilerServices;

namespace VertexAr.Backup.EndToEnd;

/// <summary>The system that this program replaces, as far as the files that it left: a stand-in in Python makes them with Python's own modules.</summary>
internal sealed class PythonSystem(Site site, string? directory = null)
{
    /// <summary>Where its <c>database/</c>, <c>storage/</c> and <c>full/</c> are.</summary>
    public string Backups { get; } = directory ?? site.In("old");

    /// <summary>Makes a backup of the site as it is now.</summary>
    /// <param name="type">database, storage or full.</param>
    /// <param name="at">Its local time, as in the names.</param>
    /// <param name="options">The stand-in's.</param>
    /// <returns>The file that stands for it: the one a user would name.</returns>
    public string Create(string type, string at, params string[] options)
    {
        // The writer's log belongs into the database before it is copied as a file.
        Command.Run("sqlite3", site.Database, "PRAGMA wal_checkpoint(TRUNCATE)").Succeeds();
        Command.Run(["python3", Script(), Backups, type, "--at", at, "--database", site.Database, "--storage", site.Storage, .. options]).Succeeds();
        return type switch
        {
            "database" => In($"database/db_backup_{at}.db"),
            "full" => In($"full/full_backup_{at}.json"),
            _ => Directory.GetFiles(In("storage"), $"storage_backup_{at}.*").Where(f => !f.EndsWith(".json", StringComparison.Ordinal)).Order(StringComparer.Ordinal).First(),
        };
    }

    public string In(string relative) => Path.Combine(Backups, relative);

    /// <summary>An archive of that system's that Python makes as the lines say, which have an open <c>archive</c> and a function to add to it.</summary>
    public string Craft(string at, string lines)
    {
        var path = In($"storage/storage_backup_{at}.tar.gz");
        Directory.CreateDirectory(In("storage"));
        var script = $"""
            import io, tarfile
            archive = tarfile.open({Quoted(path)}, "w:gz")
            def add(name, content=b"x", **more):
                member = tarfile.TarInfo(name)
                member.size = len(content)
                for key, value in more.items():
                    setattr(member, key, value)
                archive.addfile(member, io.BytesIO(content))
            add("storage", b"", type=tarfile.DIRTYPE, mode=0o755)
            {lines}
            archive.close()
            """;
        Command.Run("python3", "-c", script).Succeeds();
        return path;
    }

    private static string Quoted(string path) => $"'{path}'";

    private static string Script([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "python_system.py");
}
