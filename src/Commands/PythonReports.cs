using System.Globalization;
using System.Text.Json;
using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Policy;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Commands;

/// <summary>What <c>list</c>, <c>show</c> and <c>verify</c> say of backups of the Python system.</summary>
internal static class PythonReports
{
    /// <summary>Lists what that system left in a directory, below what else is listed.</summary>
    /// <param name="around">The outside world.</param>
    /// <param name="directory">The backup directory.</param>
    /// <param name="type">Only of this type; null for all.</param>
    /// <param name="imported">Of backups that are snapshots already: which; null where there are no snapshots above.</param>
    /// <returns>Whether there was anything.</returns>
    public static bool List(Surroundings around, string directory, SnapshotType? type, Dictionary<(string Name, long Bytes), string>? imported)
    {
        var backups = PythonLookup.All(directory).Where(backup => type is null || backup.Type == type).ToList();
        if (around.Output.Json)
        {
            backups.ForEach(backup => around.Output.Record("python_backup", json => Write(json, around, backup, imported ?? [])));
        }
        else if (backups.Count > 0)
        {
            around.Output.Lines(imported is null ? [] : [""]);
            Print(around, backups, imported ?? []);
        }

        return backups.Count > 0;
    }

    public static ExitCode Show(Surroundings around, PythonBackup backup, bool files)
    {
        if (files)
        {
            return ShowFiles(around, backup);
        }

        var output = around.Output;
        if (output.Json)
        {
            output.Record("python_backup", json => Write(json, around, backup, []));
            return ExitCode.Done;
        }

        var made = MadeAt(around, backup);
        output.Line($"backup    {backup.Name}  {backup.Type.Word()}, of the Python system");
        output.Line($"made      {made.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)}, {Units.Age(around.Clock.GetUtcNow() - made)}");
        foreach (var archive in backup.Archives)
        {
            output.Line();
            output.Line($"{archive.Kind.Word(),-9} {archive.Name}, {Units.Size(archive.Bytes)}"
                + (archive.IsSplit ? $" in {Units.Count(archive.Files.Count, "part")}" : "")
                + (archive.Metadata?.FileCount is { } count ? $", {Units.Count(count, "file")}" : ""));
            output.Line($"  was     {archive.Metadata?.OriginalPath ?? "it does not say where"}");
            output.Line($"  sha256  {archive.Checksum?.ToString() ?? "unknown"}");
            output.Lines(archive.Files.Select(file => $"  file    {file}"));
            output.Lines(archive.Remarks.Select(remark => $"  note    {remark}"));
        }

        if (backup.Problem is { } problem)
        {
            output.Line();
            around.Screen.Log.Say(Severity.Error, $"{backup.Name} {problem}");
        }

        return backup.Problem is null ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>Reads every byte of these backups, and says what is wrong with which.</summary>
    public static ExitCode Verify(Surroundings around, IReadOnlyList<PythonBackup> backups)
    {
        var progress = around.NewProgress();
        progress.Expect(Units.Sum(backups.Select(backup => backup.Bytes)));
        var damages = new List<Damage>();
        var unread = 0;
        using (around.Screen.Progress(progress))
        {
            foreach (var backup in backups)
            {
                unread += Verify(around, backup, progress, damages);
            }
        }

        Report(around, backups, damages, unread);
        return damages.Count > 0 ? ExitCode.Failed : unread > 0 ? ExitCode.Partial : ExitCode.Done;
    }

    public static DateTimeOffset MadeAt(Surroundings around, PythonBackup backup) => WallClock.ToInstant(backup.LocalTime, around.Clock.LocalTimeZone);

    /// <returns>How many archives cannot be read without being converted.</returns>
    private static int Verify(Surroundings around, PythonBackup backup, RunProgress progress, List<Damage> damages)
    {
        var unread = 0;
        if (backup.Problem is { } problem)
        {
            damages.Add(new Damage(backup.Name, problem));
        }

        foreach (var archive in backup.Archives.Where(archive => archive.Problem is null))
        {
            foreach (var remark in archive.Remarks)
            {
                progress.Say(Severity.Warning, remark, archive.Name);
            }

            try
            {
                foreach (var warning in PythonCheck.Run(archive, progress, around.Stop).Warnings)
                {
                    progress.Say(Severity.Warning, warning.Reason, warning.Path);
                }
            }
            catch (DamageError e)
            {
                damages.Add(new Damage(archive.Name, e.Message));
            }
            catch (UserError e)
            {
                unread++;
                progress.Say(Severity.Error, $"not checked: {e.Message}; {e.Hint}");
            }
        }

        return unread;
    }

    private static void Report(Surroundings around, IReadOnlyList<PythonBackup> backups, List<Damage> damages, int unread)
    {
        var output = around.Output;
        var bytes = Units.Sum(backups.Select(backup => backup.Bytes));
        if (output.Json)
        {
            damages.ForEach(damage => output.Record("damage", json =>
            {
                json.WriteString("thing", damage.Thing);
                json.WriteString("reason", damage.Reason);
            }));
            output.Record("summary", json =>
            {
                json.WriteNumber("python_backups", backups.Count);
                json.WriteNumber("bytes", bytes);
                json.WriteBoolean("deep", true);
                json.WriteNumber("damages", damages.Count);
                json.WriteNumber("not_checked", unread);
            });
            return;
        }

        output.Lines(damages.Select(damage => $"damaged: {damage.Thing} {damage.Reason}"));
        var looked = $"{Units.Count(backups.Count, "backup")} of the Python system, {Units.Size(bytes)}";
        if (damages.Count > 0)
        {
            around.Screen.Log.Say(Severity.Error, $"{Units.Count(damages.Count, "damage")} found in {looked}");
        }
        else if (!around.Options.Quiet && unread == 0)
        {
            output.Line($"{looked}: every byte was read, and all is as it should be");
        }
    }

    private static void Print(Surroundings around, List<PythonBackup> backups, Dictionary<(string Name, long Bytes), string> imported)
    {
        var table = new Table([new("BACKUP OF THE PYTHON SYSTEM"), new("TYPE"), new("STATE"), new("AGE"), new("FILES", Right: true), new("SIZE", Right: true)]);
        foreach (var backup in backups)
        {
            table.Add(
                backup.Name,
                backup.Type.Word(),
                backup.Problem is not null ? "not whole" : imported.TryGetValue((backup.Name, backup.Bytes), out var id) ? $"is {id}" : "old",
                Units.Age(around.Clock.GetUtcNow() - MadeAt(around, backup)),
                backup.FileCount?.ToString(CultureInfo.InvariantCulture) ?? "",
                Units.Size(backup.Bytes));
        }

        table.Print(around.Output);
    }

    private static void Write(
        Utf8JsonWriter json, Surroundings around, PythonBackup backup, Dictionary<(string Name, long Bytes), string> imported)
    {
        json.WriteString("id", backup.Name);
        json.WriteString("type", backup.Type.Word());
        json.WriteString("made_at", MadeAt(around, backup));
        json.WriteNumber("bytes", backup.Bytes);
        if (backup.FileCount is { } count)
        {
            json.WriteNumber("files", count);
        }

        if (imported.TryGetValue((backup.Name, backup.Bytes), out var id))
        {
            json.WriteString("snapshot", id);
        }

        if (backup.Problem is { } problem)
        {
            json.WriteString("problem", problem);
        }

        json.WriteStartArray("archives");
        foreach (var archive in backup.Archives)
        {
            json.WriteStartObject();
            json.WriteString("name", archive.Name);
            json.WriteString("kind", archive.Kind.Word());
            json.WriteNumber("bytes", archive.Bytes);
            json.WriteString("original_path", archive.Metadata?.OriginalPath);
            json.WriteString("sha256", archive.Checksum?.ToString());
            json.WriteStartArray("paths");
            foreach (var file in archive.Files)
            {
                json.WriteStringValue(file);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static ExitCode ShowFiles(Surroundings around, PythonBackup backup)
    {
        var names = PythonLookup.SourceNames(around.SettingsIfGood(quiet: true));
        foreach (var archive in backup.Archives)
        {
            var place = names.Of(archive);
            if (archive.Problem is { } problem)
            {
                throw UserError.Failed($"{archive.Name} {problem}");
            }

            if (archive.Kind == SourceKind.Database)
            {
                var path = System.Text.Encoding.UTF8.GetBytes($"{place.Name}/{Path.GetFileName(place.Path)}");
                ShowVerb.ShowEntry(around.Output, PythonDatabase.Describe(archive, place, path));
                continue;
            }

            try
            {
                PythonListing.Read(archive, top: null, place.Name, entry => ShowVerb.ShowEntry(around.Output, entry), around.Stop);
            }
            catch (DamageError e)
            {
                throw UserError.Failed($"{archive.Name} {e.Message}", $"'{CommandTable.Program} verify {archive.Name}' says more", e);
            }
        }

        return ExitCode.Done;
    }
}
