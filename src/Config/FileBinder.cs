using System.Text.Json;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Config;

/// <summary>From a configuration file's tree to the draft. What is wrong is noted with its line, and the rest is read on.</summary>
internal sealed class FileBinder(string file, SettingsDraft draft, SettingsErrors errors)
{
    private readonly JsonKeys keys = new(file, errors);
    private readonly RunBinder run = new(new JsonKeys(file, errors), draft);
    private readonly OffsiteBinder offsite = new(new JsonKeys(file, errors), draft.Offsite, errors);

    private readonly SigningBinder signing = new(new JsonKeys(file, errors), draft.Signing, errors);

    private const string TheFile = "the file";

    private static readonly string[] Top =
    [
        "backup_dir", "databases", "storage", "keep", "max_age_hours", "compression",
        .. NumberKey.All.Select(key => key.Key).Where(key => !key.Contains('.', StringComparison.Ordinal)),
        .. RunBinder.Keys, OffsiteBinder.Key, SigningBinder.Key,
    ];

    private static readonly string[] Keep = ["daily", "weekly", "monthly", "yearly"];
    private static readonly string[] MaxAge = ["database", "storage"];
    private const string MaxShrink = "max_shrink_percent";
    private static readonly string[] NameAndPath = ["name", "path"];
    private static readonly string[] Database = ["name", "path", MaxShrink];
    private static readonly string[] Storage = ["name", "path", "exclude", "one_file_system", MaxShrink];
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
        foreach (var (key, line, value) in keys.Members(root, TheFile, "", Top))
        {
            switch (key)
            {
                case "backup_dir":
                    draft.BackupDir = keys.Text(key, value) is { } path ? new Sourced<string>(path, keys.At(line)) : null;
                    break;
                case "databases":
                    draft.Databases = [.. keys.Items(key, value).Select(DatabaseAt).OfType<Sourced<DatabaseSetting>>()];
                    break;
                case "storage":
                    draft.Storage = [.. keys.Items(key, value).Select(StorageAt).OfType<Sourced<StorageSetting>>()];
                    break;
                case "keep":
                    BindKeep(value);
                    break;
                case "max_age_hours":
                    BindMaxAge(key, line, value);
                    break;
                case "compression":
                    BindCompression(key, line, value);
                    break;
                case SigningBinder.Key:
                    signing.Bind(value);
                    break;
                default:
                    BindOther(key, line, value);
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
        foreach (var (_, line, value) in keys.Members(looked, TheFile, "", Top).Where(member => member.Key == Key))
        {
            draft.BackupDir = keys.Text(Key, value) is { } path ? new Sourced<string>(path, keys.At(line)) : null;
        }
    }

    /// <summary>Only the second place, whatever is wrong with the rest: for whoever has lost all but that.</summary>
    public void BindOffsite(JsonTree root)
    {
        foreach (var member in root.Members.Where(member => member.Key == OffsiteBinder.Key).Take(1))
        {
            offsite.Bind(member.Value);
        }
    }

    /// <summary>Only whose signatures count, whatever is wrong with the rest.</summary>
    public void BindSigning(JsonTree root)
    {
        foreach (var member in root.Members.Where(member => member.Key == SigningBinder.Key).Take(1))
        {
            signing.Bind(member.Value);
        }
    }

    private void BindKeep(JsonTree value)
    {
        foreach (var (key, line, number) in keys.Members(value, "'keep'", "keep.", Keep))
        {
            BindNumber(NumberKey.All.First(known => known.Key == $"keep.{key}"), line, number);
        }
    }

    /// <summary>One number for both kinds, or one for each: files are often saved less often than databases.</summary>
    private void BindMaxAge(string key, int line, JsonTree value)
    {
        if (value.Kind == JsonTokenType.StartObject)
        {
            foreach (var (kind, at, hours) in keys.Members(value, $"'{key}'", key + ".", MaxAge))
            {
                BindNumber(kind == MaxAge[0] ? NumberKey.MaxAgeDatabase : NumberKey.MaxAgeStorage, at, hours);
            }
        }
        else if (value.Kind == JsonTokenType.Number && NumberKey.MaxAgeDatabase.Read(value.Text) is { } both)
        {
            draft.Set(NumberKey.MaxAgeDatabase, both, keys.At(line));
            draft.Set(NumberKey.MaxAgeStorage, both, keys.At(line));
        }
        else
        {
            keys.Wrong(key, value, $"{NumberKey.MaxAgeDatabase.Allowed}, or an object with \"database\" and \"storage\"");
        }
    }

    private void BindCompression(string key, int line, JsonTree value)
    {
        if (keys.Choice(key, value, CompressionWords) is { } index)
        {
            draft.Compression = new Sourced<Compression>((Compression)index, keys.At(line));
        }
    }

    private void BindOther(string key, int line, JsonTree value)
    {
        if (NumberKey.All.FirstOrDefault(known => known.Key == key) is { } number)
        {
            BindNumber(number, line, value);
        }
        else if (RunBinder.Keys.Contains(key))
        {
            run.Bind(key, line, value);
        }
        else
        {
            offsite.Bind(value);
        }
    }

    private void BindNumber(NumberKey key, int line, JsonTree value)
    {
        if ((key == NumberKey.Workers || key == NumberKey.LimitMbPerS) && value.Kind == JsonTokenType.Null)
        {
            return; // As many as the machine suggests, and as fast as it can: the defaults, said aloud.
        }

        if (keys.Number(key, value) is { } number)
        {
            draft.Set(key, number, keys.At(line));
        }
    }

    private Sourced<DatabaseSetting>? DatabaseAt(JsonMember item)
    {
        var (name, path, limit) = ((string?)null, (string?)null, (ShrinkLimit?)null);
        foreach (var (key, _, member) in keys.Members(item.Value, $"'{item.Key}'", item.Key + ".", Database, required: NameAndPath))
        {
            switch (key)
            {
                case "name":
                    name = keys.Text($"{item.Key}.{key}", member);
                    break;
                case "path":
                    path = keys.Text($"{item.Key}.{key}", member);
                    break;
                case MaxShrink:
                    limit = LimitAt($"{item.Key}.{key}", member);
                    break;
            }
        }

        return name is null || path is null ? null
            : new Sourced<DatabaseSetting>(new DatabaseSetting(name, path) { MaxShrink = limit }, keys.At(item.Value.Line));
    }

    /// <summary>Null says that the source may lose everything.</summary>
    private ShrinkLimit? LimitAt(string key, JsonTree value) =>
        value.Kind == JsonTokenType.Null ? new ShrinkLimit(null)
        : keys.Number(NumberKey.MaxShrinkPercent with { Key = key }, value) is { } percent ? new ShrinkLimit(percent)
        : null;

    private Sourced<StorageSetting>? StorageAt(JsonMember item)
    {
        var (place, _, value) = item;
        var (name, path, exclude, oneFileSystem, limit) = ((string?)null, (string?)null, new List<JsonMember>(), true, (ShrinkLimit?)null);
        foreach (var (key, _, member) in keys.Members(value, $"'{place}'", place + ".", Storage, required: NameAndPath))
        {
            switch (key)
            {
                case "name":
                    name = keys.Text($"{place}.{key}", member);
                    break;
                case "path":
                    path = keys.Text($"{place}.{key}", member);
                    break;
                case "exclude":
                    exclude.AddRange(keys.Items($"{place}.{key}", member).Where(item => keys.Text(item.Key, item.Value) is not null));
                    break;
                case MaxShrink:
                    limit = LimitAt($"{place}.{key}", member);
                    break;
                default:
                    oneFileSystem = keys.Flag($"{place}.{key}", member) ?? true;
                    break;
            }
        }

        CheckExclude(exclude, path);
        return name is null || path is null
            ? null
            : new Sourced<StorageSetting>(
                new StorageSetting(name, path, [.. exclude.Select(item => item.Value.Text)], oneFileSystem) { MaxShrink = limit }, keys.At(value.Line));
    }

    /// <summary>A pattern that can match nothing would save what its author wants left out.</summary>
    private void CheckExclude(List<JsonMember> exclude, string? path)
    {
        if (path?.StartsWith('/') != true)
        {
            return;
        }

        var problems = IgnoreAdvice.Check([.. exclude.Select(item => item.Value.Text)], Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        foreach (var (item, problem) in exclude.Zip(problems).Where(pair => pair.Second is not null))
        {
            errors.Add(keys.At(item.Line), $"'{item.Key}' is {SettingsErrors.Quote(item.Value.Text)}, which {problem}");
        }
    }
}
