using VertexAr.Backup.Config;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

/// <summary>Something that says what this program does, or is run by it, and that others can change.</summary>
/// <param name="What">What it is, with its path.</param>
/// <param name="Place">What they can change: it, or a directory above it.</param>
internal sealed record ExposedFile(string What, Exposure Place)
{
    /// <summary>Root does not use it, so that what needs it fails.</summary>
    public bool StopsRoot { get; init; }

    public string Sentence => $"others can change {What}: {Place.Sentence}";

    public string Mending => Place.IsOfMount()
        ? "mount it with the option umask=077, since its files have no owners"
        : $"sudo chown root {ShellWord.Of(Place.Path)} && sudo chmod go-w {ShellWord.Of(Place.Path)}";
}

/// <summary>Who can change the configuration, rclone's configuration and hooks: whoever can is obeyed by those who run this program.</summary>
internal static class ExposedFiles
{
    private static readonly string[] Interpreters = ["sh", "bash", "dash", "zsh", "python", "python3", "perl", "ruby", "node", "php", "env"];

    /// <summary>All of them, seen from whoever runs this command. To be called before root becomes another user.</summary>
    public static List<ExposedFile> Of(Surroundings around, Settings settings)
    {
        // Root obeys the configuration itself, also where it works as another user later.
        var found = new List<ExposedFile>();
        Add("the configuration", SettingsFile.Name(around.Options.ConfigFile, around.Environment), Exposure.Ourselves);
        if (Surroundings.OwnerOf(settings.BackupDir) is null && RepositoryExposure.FindAny(settings.BackupDir) is { } open)
        {
            found.Add(new ExposedFile($"the backup directory {settings.BackupDir}{(open.IsOfMount() ? "" : ", so root does not write to it")}", open) { StopsRoot = !open.IsOfMount() });
        }

        uint[] works = [.. Exposure.Ourselves, Surroundings.OwnerOf(settings.BackupDir)?.Uid ?? 0];
        if (settings.Offsite is { } offsite)
        {
            Add("rclone's configuration", offsite.RcloneConfig, works);
        }

        foreach (var file in Commands(settings.Hooks).SelectMany(Programs).Distinct(StringComparer.Ordinal))
        {
            Add("the hook", file, works, stopsRoot: true);
        }

        return found;

        void Add(string what, string file, uint[] trusted, bool stopsRoot = false)
        {
            if (File.Exists(file) && Exposure.Find(Path.GetFullPath(file), trusted) is { } place)
            {
                found.Add(new ExposedFile($"{what} {file}", place) { StopsRoot = stopsRoot });
            }
        }
    }

    /// <summary>Why root does not run a hook, as the end of a sentence; null if it does, and for other users.</summary>
    /// <param name="command">Its words.</param>
    /// <param name="configuration">The file that names it.</param>
    public static string? Refusal(IReadOnlyList<string> command, string configuration) => !Posix.IsRoot ? null
        : Programs(command).Append(configuration).Where(File.Exists).Select(file => Exposure.Find(Path.GetFullPath(file), 0)).FirstOrDefault(found => found is not null) is { } place
            ? $"is not run by root, since others can change it or its configuration: {place.Sentence}"
            : null;

    private static IEnumerable<IReadOnlyList<string>> Commands(HooksSetting hooks) => hooks.BeforeCreate.Concat(hooks.AfterCreate).Concat(hooks.OnFailure);

    /// <summary>The program of a command, and the script that an interpreter is given.</summary>
    private static IEnumerable<string> Programs(IReadOnlyList<string> command)
    {
        if (ProgramFile.Find(command[0], Environment.GetEnvironmentVariable("PATH")) is { } program)
        {
            yield return program;
        }

        if (Interpreters.Contains(Path.GetFileName(command[0])) && command.Skip(1).FirstOrDefault(word => !word.StartsWith('-')) is { } script && File.Exists(script))
        {
            yield return script;
        }
    }
}
