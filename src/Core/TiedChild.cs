using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace VertexAr.Backup.Core;

/// <summary>
/// Another program that the kernel tells to end when this one dies, also when it is killed. That is asked for by the child
/// itself, before it becomes the other program; so this program is started first, with a word that no command line has, and
/// replaces itself. util-linux' setpriv would do so, but needs rights that the service's sandbox withholds.
/// </summary>
internal static unsafe class TiedChild
{
    private const string Word = "--end-with-parent";

    /// <summary>The file that this process runs, also after an upgrade replaced it.</summary>
    private const string ThisProgram = "/proc/self/exe";

    private const int CannotRun = 127;

    /// <summary>What to start in place of a command, whose program is named by its path. Not for tests, which are other programs.</summary>
    public static IReadOnlyList<string> Tie(IReadOnlyList<string> command) =>
        [ThisProgram, Word, Environment.ProcessId.ToString(CultureInfo.InvariantCulture), .. command];

    /// <summary>If this process was started to become another, becomes it; returns what to end with if it cannot, or null if it was not.</summary>
    public static int? Become(IReadOnlyList<string> args)
    {
        const int terminate = 15;
        if (args is not [Word, var parent, var program, ..])
        {
            return null;
        }

        // Before the kernel is asked, who forgets when the user changes.
        Accounts.BecomeWhomOneActsAs();
        if (ThisProcess.EndWithParent(parent, terminate))
        {
            Replace(program, [.. args.Skip(2)]);
        }

        return CannotRun;
    }

    /// <summary>Returns only if that is not possible. Nothing is given back: this process ends then.</summary>
    private static void Replace(string program, string[] command)
    {
        var words = (byte**)NativeMemory.AllocZeroed((nuint)command.Length + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < command.Length; i++)
        {
            words[i] = Text(command[i]);
        }

        _ = PosixCalls.Execute(Text(program), words);
    }

    private static byte* Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var copy = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        return copy;
    }
}
