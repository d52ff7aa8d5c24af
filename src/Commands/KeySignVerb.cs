using VertexAr.Backup.Cli;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Commands;

/// <summary><c>key sign</c>: the operator vouches for the snapshots that are here, as those that were made before there was a key.</summary>
internal static class KeySignVerb
{
    private const int Named = 10;

    public static ExitCode Run(Surroundings around, KeySignCommand command)
    {
        var settings = around.LoadSettings();
        around.BecomeOwner(settings.BackupDir);
        var signer = Signing.Signer(settings) ?? throw UserError.Usage("the configuration names no signing.key_file to sign with", $"make a key, with: sudo {CommandTable.Program} key new");
        var layout = around.OpenRepository(settings.BackupDir);
        try
        {
            using var held = RepositoryLock.Acquire(layout, "key sign", around.Clock.GetUtcNow());
            Sign(around, command, signer, held);
            return ExitCode.Done;
        }
        catch (PosixError e)
        {
            throw Repository.NotWritable(layout.Root, e);
        }
    }

    private static void Sign(Surroundings around, KeySignCommand command, SnapshotSigner signer, RepositoryLock held)
    {
        var (whole, damaged) = new SnapshotStore(held.Layout).ReadAll();
        var trusted = new SnapshotStore(held.Layout, trust: HeaderTrust.Of(around.Trust!, held.Layout));
        var unknown = whole.FindAll(snapshot => trusted.TryRead(snapshot.Id).Whole is null).ConvertAll(snapshot => snapshot.Id);
        var missing = Signing.Look(around, held.Layout);
        var log = around.Screen.Log;
        damaged.ForEach(bad => log.Say(Severity.Warning, $"snapshot {bad.Id} is damaged and is not listed: its header {bad.Reason}"));
        missing.ForEach(one => log.Say(Severity.Warning, $"{one.Thing} {one.Reason}"));
        if (unknown.Count > 0)
        {
            log.Say(Severity.Warning, $"{Units.Count(unknown.Count, "snapshot")} not signed by a trusted key: {string.Join(", ", unknown.Take(Named))}{(unknown.Count > Named ? ", …" : "")}");
        }

        if (unknown.Count + missing.Count > 0 && !command.Yes)
        {
            Ask(around);
        }

        signer.Vouch(held, whole.Select(snapshot => snapshot.Id), around.Clock.GetUtcNow());
        AtomicFile.Write(Path.Combine(held.Layout.Staging, UnmarkedDirectory.RecoveryTemporary), held.Layout.Recovery, RecoveryText.Text);
        around.Output.Line($"{held.Layout.Manifest} lists {Units.Count(whole.Count, "snapshot")}, signed with {signer.Key.Public.Fingerprint}");
    }

    private static void Ask(Surroundings around)
    {
        around.Screen.Log.Say(Severity.Warning, $"from now on what is here counts as right; '{CommandTable.Program} verify --deep --trust none' shows whether it is whole, 'list --trust none' what it is");
        switch (around.Screen.Question.Ask("Vouch for it?"))
        {
            case Answer.CannotAsk:
                throw UserError.Usage("there is no terminal to ask for confirmation", "add --yes to vouch without being asked");
            case Answer.No:
                throw UserError.Failed("not confirmed; nothing was changed");
        }
    }
}
