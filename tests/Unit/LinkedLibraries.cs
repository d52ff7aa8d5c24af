using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests;

/// <summary>
/// The program has SQLite and functions of Debian's <c>libcrypto.a</c> linked in. Here they come from a library that is linked from
/// the same files.
/// </summary>
internal static class LinkedLibraries
{
    [ModuleInitializer]
    public static void Use()
    {
        NativeLibrary.SetDllImportResolver(typeof(Sha256).Assembly, Find);
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Find);
    }

    private static nint Find(string name, System.Reflection.Assembly assembly, DllImportSearchPath? path) =>
        name is "libcrypto" or "e_sqlite3" ? NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "linked.so")) : 0;
}
