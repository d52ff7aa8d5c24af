using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests;

/// <summary>
/// The program has functions of Debian's <c>libcrypto.a</c> linked in. Here they come from a library that is linked from the same
/// file: the system's own keeps one of them to itself.
/// </summary>
internal static class LinkedLibraries
{
    [ModuleInitializer]
    public static void Use() => NativeLibrary.SetDllImportResolver(
        typeof(Sha256).Assembly,
        (name, _, _) => name == "libcrypto" ? NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "linked.so")) : 0);
}
