using System.Runtime.InteropServices;

namespace VertexAr.Backup.Core;

/// <summary>Flags of open(2), as Linux has them.</summary>
internal static class OpenFlags
{
    internal const int WriteOnly = 1;
    internal const int ReadWrite = 2;
    internal const int Create = 0x40;
    internal const int Exclusive = 0x80;
    internal const int Append = 0x400;
    internal const int NonBlocking = 0x800;
    internal const int CloseOnExec = 0x80000;

    /// <summary>O_PATH: a place from which names can be given, and nothing else.</summary>
    internal const int Place = 0x200000;

    // These differ between x86-64 and arm64.
    private static readonly bool Arm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal static int Directory => Arm ? 0x4000 : 0x10000;

    internal static int NoFollow => Arm ? 0x8000 : 0x20000;

    /// <summary>O_TMPFILE, which contains O_DIRECTORY.</summary>
    internal static int Unnamed => 0x400000 | Directory;
}
