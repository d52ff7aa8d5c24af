using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary><c>offsite status</c>: which snapshots are where. The newest that is here must be there, too.</summary>
internal static class OffsiteStatusVerb
{
    private const string Push = $"sudo {CommandTable.Program} offsite push";

    public static ExitCode Run(Surroundings around, OffsiteStatusCommand command)
    {
        var progress = around.NewProgress();
        OffsiteStatus status;
        List<Damage> tampering;
        string remote;
        using (around.Screen.Progress(progress))
        {
            using var session = OffsiteReading.Open(around, command.Place, progress);
            remote = session.Snapshots.Rclone.Place.Remote;
            OffsiteSession.RefuseBackups(around.FindBackupDirectory(), around.FindOffsite(command.Place).FindDirectories());
            _ = session.Snapshots.IsMarked ? session.Snapshots.RequireMark() : null;
            status = OffsiteStatus.Read(StoreHere(around.FindBackupDirectory()), session.Snapshots);
            tampering = session.Snapshots.LookForTampering();
        }

        var isThere = status.NewestHere is null or { There: Presence.Whole };
        if (around.Output.Json)
        {
            WriteJson(around, remote, status, isThere);
        }
        else if (!around.Options.Quiet || !isThere)
        {
            Print(around, remote, status);
        }

        foreach (var bad in status.DamagedThere)
        {
            around.Screen.Log.Say(Severity.Error, $"snapshot {bad.Id} is {bad.Word} there: its header {bad.Reason}");
        }

        foreach (var one in tampering)
        {
            around.Screen.Log.Say(Severity.Error, $"{one.Thing} {one.Reason}");
        }

        if (!isThere)
        {
            around.Screen.Log.Say(Severity.Error, $"the newest snapshot, {status.NewestHere!.Id}, is not in the second place; copy it, with: {Push}");
        }

        return isThere && status.DamagedThere.Count + tampering.Count == 0 ? ExitCode.Done : ExitCode.Failed;
    }

    /// <summary>On a new machine there is none yet.</summary>
    private static SnapshotStore? StoreHere(string backupDirectory) =>
        File.Exists(new Layout(backupDirectory).Mark) ? new SnapshotStore(Repository.Open(backupDirectory)) : null;

    private static void Print(Surroundings around, string remote, OffsiteStatus status)
    {
        var output = around.Output;
        var now = around.Clock.GetUtcNow();
        if (status.Rows.Count == 0)
        {
            output.Line("no snapshots, neither here nor there");
            return;
        }

        var table = new Table([new("ID"), new("TYPE"), new("STATE"), new("AGE"), new("SIZE", Right: true), new("WHERE")]);
        foreach (var row in status.Rows)
        {
            table.Add(row.Id.ToString(), row.Header.Type.Word(), row.Header.State.Word(), Units.Age(now - row.Header.StartedAt), Units.Size(row.Header.Bytes), Where(row));
        }

        table.Print(output);
        output.Line();
        output.Line($"in {remote}  {Units.Count(status.Rows.Count(row => row.There == Presence.Whole), "snapshot")}, {Units.Size(status.Bytes)}; "
            + (status.NewestThere is { } newest ? $"the newest was made {Units.Age(now - newest.Header.StartedAt)}" : "none is whole there"));
    }

    private static string Where(OffsiteRow row) => (row.IsHere, row.There) switch
    {
        (true, Presence.Whole) => "both",
        (true, Presence.None) => "here",
        (true, _) => "here, incomplete off-site",
        (false, Presence.Whole) => "off-site",
        _ => "incomplete off-site",
    };

    private static string Word(Presence there) => there switch
    {
        Presence.Whole => "yes",
        Presence.None => "no",
        _ => "incomplete",
    };

    private static void WriteJson(Surroundings around, string remote, OffsiteStatus status, bool isThere)
    {
        foreach (var row in status.Rows)
        {
            around.Output.Record("snapshot", json =>
            {
                SnapshotJson.Write(json, row.Header);
                json.WriteBoolean("here", row.IsHere);
                json.WriteString("offsite", Word(row.There));
            });
        }

        around.Output.Record("offsite_status", json =>
        {
            json.WriteString("remote", remote);
            json.WriteNumber("snapshots", status.Rows.Count(row => row.There == Presence.Whole));
            json.WriteNumber("bytes", status.Bytes);
            json.WriteString("newest_here", status.NewestHere?.Id.ToString());
            json.WriteString("newest_offsite", status.NewestThere?.Id.ToString());
            json.WriteBoolean("newest_is_offsite", isThere);
            json.WriteNumber("damaged_headers", status.DamagedThere.Count);
        });
    }
}
