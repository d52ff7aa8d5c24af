using System.Runtime.InteropServices;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What this machine lets a test do. A test that cannot be done is skipped with its reason.</summary>
internal static partial class Machine
{
    private static readonly Lazy<string?> StraceTrouble = new(() =>
    {
        try
        {
            var tried = Command.Run("strace", "-f", "-e", "trace=openat", "true");
            return tried.Code == 0 ? null : tried.Errors.Trim();
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return e.Message;
        }
    });

    /// <summary>Nobody: the user that every Debian machine has and that owns nothing.</summary>
    public const int OrdinaryUser = 65534;
    public const int OrdinaryGroup = 65534;

    /// <summary>For <see cref="Site.MountFuse"/>: SFTP without a network, to the directory "server" of the site. The server is the program that sshd would start.</summary>
    public const string Sshfs =
        "printf '#!/bin/sh\nexec /usr/lib/openssh/sftp-server\n' > ssh; chmod 755 ssh; mkdir -p server; sshfs -o ssh_command=\"$PWD/ssh\" host:\"$PWD/server\" \"$1\"";

    public static bool IsRoot { get; } = EffectiveUser() == 0;

    public static void NeedRoot(string why) => Assert.SkipUnless(IsRoot, $"{why} takes root");

    /// <summary>A disk in a file; a container has no loop devices.</summary>
    public static void NeedLoopDevices() => Assert.SkipUnless(Command.Run("losetup", "-f").Code == 0, "there are no loop devices");

    /// <summary>Script lines that give a mount namespace a machine-id; a root that was just unpacked has none that could be mounted over.</summary>
    /// <param name="file">Holds it.</param>
    public static string TakeIdentity(string file) =>
        $"etc=$(mktemp -d '{file}.XXXXXX'); cp -a /etc/. $etc; cp --remove-destination '{file}' $etc/machine-id; chmod 755 $etc; mount --bind $etc /etc; ";

    public static void NeedStrace() => Assert.SkipWhen(StraceTrouble.Value is not null, $"strace does not work here: {StraceTrouble.Value}");

    [LibraryImport("libc", EntryPoint = "geteuid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint EffectiveUser();
}
