using System.Text.Json.Nodes;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A directory beside a site that its snapshots are copied to by rclone, as they are or through crypt, and named in its configuration.</summary>
internal sealed class SecondPlace
{
    /// <summary>For <see cref="ReplaceRclone"/>: credentials that forbid it.</summary>
    public const string MayNotDelete = "[[ $verb != delete && $verb != purge ]] || { echo not allowed >&2; exit 1; }";

    private readonly Site site;

    public SecondPlace(Site site, bool crypt = false)
    {
        this.site = site;
        Remote = crypt ? "secret:" : Top;
        WriteConfig("a password");
        site.Settings["offsite"] = new JsonObject { ["remote"] = Remote, ["rclone_config"] = Config };
    }

    public string Remote { get; }

    /// <summary>Where the files lie; with crypt under names that nobody knows.</summary>
    public string Top => site.In("second");

    public string Config => site.In("rclone.conf");

    public JsonObject Settings => site.Settings["offsite"]!.AsObject();

    /// <summary>What makes a command that needs no other configuration find the place.</summary>
    public string[] Options => ["--remote", Remote, "--rclone-config", Config];

    /// <summary>Files there, by path below the top, sorted.</summary>
    public IReadOnlyList<string> Files() => !Directory.Exists(Top) ? [] :
        [.. Directory.EnumerateFiles(Top, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Top, file)).Order(StringComparer.Ordinal)];

    public IReadOnlyList<string> Packs() => [.. Files().Where(file => file.StartsWith("packs/", StringComparison.Ordinal)).Select(In)];

    public string In(string relative) => Path.Combine(Top, relative);

    /// <summary>All of the repository that belongs there is there, byte for byte, and nothing else.</summary>
    public void AssertIsCopy()
    {
        string[] own = ["lock", "offsite.lock"];
        var here = Directory.EnumerateFiles(site.Backups, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(site.Backups, file))
            .Where(file => !own.Contains(file) && !file.StartsWith("runs/", StringComparison.Ordinal) && !file.StartsWith("leases/", StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
        Assert.Equal(here, Files());
        Assert.All(here, file => Assert.True(File.ReadAllBytes(Path.Combine(site.Backups, file)).AsSpan().SequenceEqual(File.ReadAllBytes(In(file))), file));
    }

    public void WriteConfig(string password)
    {
        var obscured = Command.Run("rclone", "obscure", password).Succeeds().Output.Trim();
        File.WriteAllText(Config, $"[secret]\ntype = crypt\nremote = {Top}\npassword = {obscured}\n");
    }

    /// <summary>
    /// Puts a script in rclone's place. It finds the command in $verb, all words in "$@", rclone itself as $real, and a file of its own as $note.
    /// </summary>
    public void ReplaceRclone(string script)
    {
        var path = site.In("rclone");
        File.WriteAllText(path, $$"""
            #!/bin/bash
            real=$(command -v rclone) note={{site.In("note")}}
            for word; do
                case $word in
                version | backend | lsjson | lsf | copy | move | moveto | delete | purge | rmdir) verb=$word; break ;;
                esac
            done
            {{script}}
            exec "$real" "$@"
            """);
        Command.Run("chmod", "755", path).Succeeds();
        Settings["rclone"] = path;
    }

    /// <summary>What the script wrote.</summary>
    public string Note => File.Exists(site.In("note")) ? File.ReadAllText(site.In("note")) : "";
}
