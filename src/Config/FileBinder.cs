using System.Text.Json;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Config;

/// <summary>From a configuration file's tree to the draft. What is wrong is noted with its line, and the rest is read on.</summary>
internal sealed class FileBinder(string file, SettingsDraft draft, SettingsErrors errors)
{
    private const string TheFile = "the file";

    /// <summary>Known so that one file serves this version and later ones, which read them. They are not looked into.</summary>
    private static readonly string[] ReadByLaterFeatures = ["notify", "hooks", "metrics_file", "log_file", "offsite", "schedule"];

    private static readonly string[] Top =
    [
        "backup_dir", "databases", "storage", "keep", "compression",
        .. NumberKey.All.Select(key => key.Key).Where(key => !key.StartsWith("keep.", StringComparison.Ordinal)),
        .. ReadByLaterFeatures,
    ];

    private static readonly string[] Keep = ["daily", "weekly", "monthly", "yearly"];
    private static readonly string[] Database = ["name", "path"];
    private static readonly string[] Storage = ["name", "path", "exclude", "one_file_system"];
    private static readonly string[] CompressionWords = [.. Enum.GetValues<Compression>().Select(Word)];

    public static string Word(Compression compression) => compression switch
    {
        Compression.None => "none",
        Compression.Fast => "fast",
        Compression.Balanced => "balanced",
        _ => "best",
    };

    public void Bind(JsonTree root)
    {
        foreach (var (key, line, value) in Members(root, TheFile, "", Top))
        {
            switch (key)
            {
                case "backup_dir":
                    draft.BackupDir = Text(key, value) is { } path ? new Sourced<string>(path, At(line)) : null;
                    break;
                case "databases":
                    draft.Databases = [.. Items(key, value).Select(DatabaseAt).OfType<Sourced<DatabaseSetting>>()];
                    break;
                case "storage":
                    draft.Storage = [.. Items(key, value).Select(StorageAt).OfType<Sourced<StorageSetting>>()];
                    break;
                case "keep":
                    BindKeep(value);
                    break;
                case "compression":
                    BindCompression(key, line, value);
                    break;
                default:
                    BindNumberOrLater(key, line, value);
                    break;
            }
        }
    }

    /// <summary>
    /// Only the backup directory, and only what is wrong with it: for commands that need nothing else. Without it, a key that
    /// nobody knows may be a slip for it, and must not lead to the default directory.
    /// </summary>
    public void BindBackupDir(JsonTree root)
    {
        const string Key = "backup_dir";
        var relevant = root.Members.Where(member => member.Key == Key).Take(1).ToList();
        var looked = root.Kind != JsonTokenType.StartObject || relevant.Count > 0
            ? new JsonTree { Kind = root.Kind, Line = root.Line, Text = root.Text, Members = relevant }
            : root;
        foreach (var (_, line, value) in Members(looked, TheFile, "", Top).Where(member => member.Key == Key))
        {
            draft.BackupDir = Text(Key, value) is { } path ? new Sourced<string>(path, At(line)) : null;
        }
    }

    private void BindKeep(JsonTree value)
    {
        foreach (var (key, line, number) in Members(value, "'keep'", "keep.", Keep))
        {
            BindNumber(NumberKey.All.First(known => known.Key == $"keep.{key}"), line, number);
        }
    }

    private void BindCompression(string key, int line, JsonTree value)
    {
        if (Text(key, value) is not { } word)
        {
            return;
        }

        var index = Array.IndexOf(CompressionWords, word);
        if (index < 0)
        {
            errors.Add(
                At(value.Line),
                $"'{key}' is {SettingsErrors.Quote(word)}; it must be {string.Join(", ", CompressionWords[..^1])} or {CompressionWords[^1]}"
                    + NearestWord.Suggestion(word, CompressionWords));
            return;
        }

        draft.Compression = new Sourced<Compression>((Compression)index, At(line));
    }

    private void BindNumberOrLater(string key, int line, JsonTree value)
    {
        if (NumberKey.All.FirstOrDefault(known => known.Key == key) is { } number)
        {
            BindNumber(number, line, value);
        }
        else
        {
            draft.Unused.Add((key, At(line)));
        }
    }

    private void BindNumber(NumberKey key, int line, JsonTree value)
    {
        if (key == NumberKey.Workers && value.Kind == JsonTokenType.Null)
        {
            return; // As many as the machine suggests, said aloud.
        }

        if (value.Kind == JsonTokenType.Number && key.Read(value.Text) is { } number)
        {
            draft.Set(key, number, At(line));
        }
        else
        {
            Wrong(key.Key, value, key.Allowed);
        }
    }

    private Sourced<DatabaseSetting>? DatabaseAt((string Place, JsonTree Value) item)
    {
        var (name, path) = ((string?)null, (string?)null);
        foreach (var (key, _, member) in Members(item.Value, $"'{item.Place}'", item.Place + ".", Database, required: Database))
        {
            if (key == "name")
            {
                name = Text($"{item.Place}.{key}", member);
            }
            else
            {
                path = Text($"{item.Place}.{key}", member);
            }
        }

        return name is null || path is null ? null : new Sourced<DatabaseSetting>(new DatabaseSetting(name, path), At(item.Value.Line));
    }

    private Sourced<StorageSetting>? StorageAt((string Place, JsonTree Value) item)
    {
        var (place, value) = item;
        var (name, path, exclude, oneFileSystem) = ((string?)null, (string?)null, new List<string>(), true);
        foreach (var (key, _, member) in Members(value, $"'{place}'", place + ".", Storage, required: Database))
        {
            switch (key)
            {
                case "name":
                    name = Text($"{place}.{key}", member);
                    break;
                case "path":
                    path = Text($"{place}.{key}", member);
                    break;
                case "exclude":
                    exclude.AddRange(Items($"{place}.{key}", member).Select(item => Text(item.Key, item.Value)).OfType<string>());
                    break;
                default:
                    oneFileSystem = Flag($"{place}.{key}", member) ?? true;
                    break;
            }
        }

        return name is null || path is null
            ? null
            : new Sourced<StorageSetting>(new StorageSetting(name, path, exclude, oneFileSystem), At(value.Line));
    }

    /// <summary>The members of an object that are known, each once; unknown, repeated and missing ones are noted.</summary>
    private IEnumerable<(string Key, int Line, JsonTree Value)> Members(
        JsonTree value, string what, string prefix, string[] known, string[]? required = null)
    {
        if (value.Kind != JsonTokenType.StartObject)
        {
            errors.Add(At(value.Line), $"{what} is {Describe(value)}; it must be an object: {{ … }}");
            yield break;
        }

        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var member in value.Members)
        {
            if (!known.Contains(member.Key))
            {
                var meant = NearestWord.Find(member.Key, known) is { } word ? $"; did you mean '{prefix}{word}'?" : "";
                errors.Add(At(member.Line), $"key {SettingsErrors.Quote(prefix + member.Key)} is unknown{meant}");
            }
            else if (!seen.TryAdd(member.Key, member.Line))
            {
                errors.Add(At(member.Line), $"key '{prefix}{member.Key}' is given twice; it stands in line {seen[member.Key]} already");
            }
            else
            {
                yield return member;
            }
        }

        foreach (var missing in (required ?? []).Where(key => !seen.ContainsKey(key)))
        {
            errors.Add(At(value.Line), $"{what} has no '{missing}'");
        }
    }

    private IEnumerable<(string Key, JsonTree Value)> Items(string key, JsonTree value)
    {
        if (value.Kind == JsonTokenType.StartArray)
        {
            return value.Items.Select((item, i) => ($"{key}[{i}]", item));
        }

        Wrong(key, value, "a list: [ … ]");
        return [];
    }

    private string? Text(string key, JsonTree value)
    {
        if (value.Kind == JsonTokenType.String && value.Text.Length > 0)
        {
            return value.Text;
        }

        Wrong(key, value, "a text that is not empty");
        return null;
    }

    private bool? Flag(string key, JsonTree value)
    {
        if (value.Kind is JsonTokenType.True or JsonTokenType.False)
        {
            return value.Kind == JsonTokenType.True;
        }

        Wrong(key, value, "true or false");
        return null;
    }

    private void Wrong(string key, JsonTree value, string allowed) =>
        errors.Add(At(value.Line), $"'{key}' is {Describe(value)}; it must be {allowed}");

    private static string Describe(JsonTree value) => value.Kind switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "a list",
        JsonTokenType.String => $"the text {SettingsErrors.Quote(value.Text)}",
        _ => value.Text,
    };

    private string At(int line) => $"{file}:{line}";
}
