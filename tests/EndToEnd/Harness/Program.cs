namespace VertexAr.Backup.EndToEnd;

/// <summary>The published program under test.</summary>
internal static class Program
{
    private const string Variable = "VERTEX_AR_BACKUP_BINARY";

    private static readonly Lazy<string> Copied = new(Copy);
    private static readonly Lazy<string> State = new(MakeState);

    /// <summary>
    /// A copy of the published file in a directory that every user may enter: it must work alone, wherever it lies, and for
    /// tests that run it as another user.
    /// </summary>
    public static string Binary => Copied.Value;

    /// <summary>Runs the program to its end.</summary>
    public static Result Run(params string[] arguments) => Run(arguments, null);

    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables to set, or with null to remove.</param>
    /// <param name="before">A command that starts it, such as strace or setpriv.</param>
    public static Result Run(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment, IEnumerable<string>? before = null)
    {
        using var running = Start(arguments, environment, before);
        return running.Wait();
    }

    /// <summary>Runs the program on a terminal, where a question gets the next answer. Its messages are in the output.</summary>
    /// <param name="answers">Words with spaces between them.</param>
    /// <param name="arguments">Its arguments.</param>
    public static Result RunOnTerminal(string answers, IEnumerable<string> arguments)
    {
        var command = string.Join(' ', arguments.Prepend(Binary).Select(word => $"'{word}'"));
        return Command.Run(["bash", "-c", $$"""printf '%s\n' {{answers}} | script -qec "{{command}}" /dev/null"""], Environment(null));
    }

    public static Command Start(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string?>? environment = null, IEnumerable<string>? before = null) =>
        Command.Start([.. before ?? [], Binary, .. arguments], Environment(environment));

    /// <summary>The variables that steer the program are as the test says, whatever they are around the tests.</summary>
    public static Dictionary<string, string?> Environment(IReadOnlyDictionary<string, string?>? given)
    {
        string[] steering =
        [
            "BACKUP_DIR", "DATABASE_PATH", "STORAGE_PATH", "MAX_BACKUPS", "VERTEX_AR_BACKUP_CONFIG", "JOURNAL_STREAM", "NOTIFY_SOCKET", "TZ",
            "TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID", "CREDENTIALS_DIRECTORY",
            "BACKUP_DATABASE_SCHEDULE", "BACKUP_STORAGE_SCHEDULE", "BACKUP_FULL_SCHEDULE", "BACKUP_ROTATION_SCHEDULE",
            "BACKUP_DATABASE_ENABLED", "BACKUP_STORAGE_ENABLED", "BACKUP_FULL_ENABLED", "BACKUP_ROTATION_ENABLED",
        ];
        var all = steering.ToDictionary(name => name, _ => (string?)null);
        all["STATE_DIRECTORY"] = State.Value;
        foreach (var (name, value) in given ?? new Dictionary<string, string?>())
        {
            all[name] = value;
        }

        return all;
    }

    /// <summary>What the program remembers outside of the backups, for all the tests' sites and users.</summary>
    private static string MakeState()
    {
        var directory = Directory.CreateTempSubdirectory("vertex-e2e-state-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        Command.Run("chmod", "1777", directory).Succeeds();
        return directory;
    }

    private static string Copy()
    {
        var directory = Directory.CreateTempSubdirectory("vertex-e2e-bin-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(directory, recursive: true);
        var copy = Path.Combine(directory, "vertex-ar-backup");
        Command.Run("cp", Find(), copy).Succeeds();
        Command.Run("chmod", "-R", "a=rx,u+w", directory).Succeeds();
        return copy;
    }

    private static string Find()
    {
        const string usual = "artifacts/bin/vertex-ar-backup";
        if (System.Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named)
        {
            return File.Exists(named) ? named : throw new FileNotFoundException($"{Variable} names {named}, which is not there");
        }

        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, usual)))
            {
                return Path.Combine(at.FullName, usual);
            }
        }

        throw new FileNotFoundException($"there is no {usual}; 'make build' makes it");
    }
}
