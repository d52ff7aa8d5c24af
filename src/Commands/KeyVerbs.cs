using VertexAr.Backup.Cli;
using VertexAr.Backup.Config;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Commands;

/// <summary><c>key new</c> and <c>key show</c>.</summary>
internal static class KeyVerbs
{
    public static ExitCode New(Surroundings around, KeyNewCommand command)
    {
        var configured = Configured(around);
        var file = command.File is { } given ? Path.GetFullPath(given) : configured ?? SigningSetting.DefaultKeyFile;
        var key = SigningKey.Make(file, Posix.IsRoot ? Owner(around.FindBackupDirectory()) : null);
        Print(around, key.Public, file);
        if (!around.Output.Json)
        {
            around.Output.Line();
            around.Output.Line("keep the public key and its fingerprint where this machine cannot change them, as in a password manager");
            around.Output.Line($"on a machine that only reads snapshots, configure: \"signing\": {{ \"trust\": [\"{key.Public.Text}\"] }}");
            around.Output.Line(around.Output.Offered.Complete($"snapshots that were made before: '{CommandTable.Program} key sign' vouches for them"));
            if (configured != file)
            {
                around.Output.Line($"to sign with it, add to the configuration: \"signing\": {{ \"key_file\": \"{file}\" }}");
            }
        }

        return ExitCode.Done;
    }

    public static ExitCode Show(Surroundings around, KeyShowCommand command)
    {
        var file = command.File is { } given ? Path.GetFullPath(given) : Configured(around) ?? SigningSetting.DefaultKeyFile;
        Print(around, Signing.ReadPublic(file) ?? SigningKey.Read(file).Public, file);
        return ExitCode.Done;
    }

    private static string? Configured(Surroundings around) => SettingsLoader.Signing(around.Options.ConfigFile, around.Environment, unreadable: e => throw e)?.KeyFile;

    /// <summary>The user that makes backups: the owner of the backup directory, or the service's if there is none yet.</summary>
    private static (uint Uid, uint Gid)? Owner(string backupDirectory) =>
        Posix.StatusOrNull(backupDirectory) is { IsDirectory: true } status ? (status.Uid, status.Gid) : (Accounts.PackageUser is { } user ? Accounts.User(user) : null);

    private static void Print(Surroundings around, PublicKey key, string file)
    {
        if (around.Output.Json)
        {
            around.Output.Record("key", json =>
            {
                json.WriteString("file", file);
                json.WriteString("public_key", key.Text);
                json.WriteString("fingerprint", key.Fingerprint);
            });
            return;
        }

        around.Output.Line($"key file     {file}");
        around.Output.Line($"public key   {key.Text}");
        around.Output.Line($"fingerprint  {key.Fingerprint}");
    }
}
