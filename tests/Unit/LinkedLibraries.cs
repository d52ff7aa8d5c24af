using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using SQLitePCL;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests;

/// <summary>
/// The program has SQLite linked in. Here it comes from a library that is linked from the same file.
/// </summary>
internal static class LinkedLibraries
{
    [ModuleInitializer]
    public static void Use()
    {
        NativeLibrary.SetDllImportResolver(typeof(Posix).Assembly, Find);
        NativeLibrary.SetDllImportResolver(typeof(SQLite3Provider_e_sqlite3).Assembly, Find);
    }

    private static nint Find(string name, System.Reflection.Assembly assembly, DllImportSearchPath? path) =>
        name == "e_sqlite3" ? NativeLibrary.Load(Path.Combine(AppContext.BaseDirectory, "linked.so")) : 0;
}
