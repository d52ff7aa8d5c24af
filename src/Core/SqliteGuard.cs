using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace VertexAr.Backup.Core;

/// <summary>
/// The files that SQLite may touch for one database: the database, its log and journal, and super-journals next to it. The names of
/// everything else come from what others wrote, and what was looked at before may have been exchanged since; this is asked at the
/// moment itself, under SQLite's own lock. A layer over SQLite's own file system layer: https://www.sqlite.org/vfs.html, "VFS shims".
/// </summary>
internal static unsafe partial class SqliteGuard
{
    /// <summary>What the name of a database begins with that is in the current directory and cannot be found by any path.</summary>
    public const string Here = "./";

    /// <summary>What it begins with where its directory is open: the number follows. SQLite, which looks for links, would find the directory's path.</summary>
    public const string Held = "/proc/self/fd/";

    // https://www.sqlite.org/rescode.html
    private const int CannotOpen = 14;
    private const int CannotDelete = 2570;
    private const int CannotAccess = 3338;

    // https://www.sqlite.org/c3ref/c_open_autoproxy.html
    private const int OpenMainDatabase = 0x100;
    private const int OpenMainJournal = 0x800;
    private const int OpenSuperJournal = 0x4000;
    private const int OpenLog = 0x80000;

    /// <summary>A list of at most as many names as databases can be attached.</summary>
    private const long LargestSuperJournal = 1 << 20;

    private static readonly Lock Registering = new();

    /// <summary>There are few databases, and SQLite may keep what belongs to one for as long as it likes.</summary>
    private static readonly Dictionary<string, string> Names = new(StringComparer.Ordinal);

    /// <summary>SQLite's own layer.</summary>
    private static Layer* original;

    /// <summary>The layer for a database, by the name under which SQLite knows it.</summary>
    /// <param name="database">The file, links resolved.</param>
    public static string For(string database)
    {
        lock (Registering)
        {
            if (!Names.TryGetValue(database, out var name))
            {
                Names[database] = name = $"guarded-{Names.Count}";
                Register(name, database);
            }

            return name;
        }
    }

    /// <summary>Lets SQLite call something else in place of a function of the C library.</summary>
    public static void SetSystemCall(byte* name, void* call)
    {
        original = original == null ? Find(null) : original;
        if (original->SetSystemCall(original, name, call) != 0)
        {
            throw new InvalidOperationException("SQLite knows no such call");
        }
    }

    private static void Register(string name, string database)
    {
        original = original == null ? Find(null) : original;
        var layer = (Layer*)NativeMemory.AllocZeroed((nuint)sizeof(Layer));
        *layer = *original;
        layer->Next = null;
        layer->Name = (byte*)Marshal.StringToCoTaskMemUTF8(name);
        layer->Data = (void*)GCHandle.ToIntPtr(GCHandle.Alloc(database));
        layer->Open = &Open;
        layer->Delete = &Delete;
        layer->Access = &Access;
        if (database.StartsWith(Here, StringComparison.Ordinal) || database.StartsWith(Held, StringComparison.Ordinal))
        {
            layer->FullPath = &KeepPath;
        }

        if (Register(layer, makeDefault: 0) != 0)
        {
            throw new InvalidOperationException($"SQLite refuses {name}");
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Open(Layer* layer, byte* name, void** file, int flags, int* flagsOut)
    {
        if (name == null || MayOpen(Database(layer), Text(name), flags))
        {
            return original->Open(original, Local(layer, name), file, flags, flagsOut);
        }

        // No methods: it was not opened.
        *file = null;
        return CannotOpen;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Delete(Layer* layer, byte* name, int syncDirectory) =>
        MayDelete(Database(layer), Text(name)) ? original->Delete(original, Local(layer, name), syncDirectory) : CannotDelete;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Access(Layer* layer, byte* name, int flags, int* result) =>
        MayLook(Database(layer), Text(name)) ? original->Access(original, Local(layer, name), flags, result) : CannotAccess;

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int KeepPath(Layer* layer, byte* name, int size, byte* path)
    {
        var length = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(name).Length;
        if (length >= size)
        {
            return CannotOpen;
        }

        new Span<byte>(name, length + 1).CopyTo(new Span<byte>(path, size));
        return 0;
    }

    /// <summary>Journals name each other by path, which may lead nowhere for this user.</summary>
    private static string Local(string database, string name) =>
        name.StartsWith('/') && database.StartsWith(Here, StringComparison.Ordinal) && Path.GetDirectoryName(name) == Environment.CurrentDirectory
            ? Here + Path.GetFileName(name)
            : name;

    /// <summary>The same, as SQLite has it. What it is given anew it may keep; that is rare.</summary>
    private static byte* Local(Layer* layer, byte* name)
    {
        var text = name == null ? "" : Text(name);
        return Local(Database(layer), text) is var local && local == text ? name : (byte*)Marshal.StringToCoTaskMemUTF8(local);
    }

    /// <summary>A FIFO would be waited for, and a super-journal is read into memory.</summary>
    private static bool MayOpen(string database, string name, int flags) => IsFileOrNothing(Local(database, name), out var size) && (flags & (OpenMainDatabase | OpenMainJournal | OpenSuperJournal | OpenLog)) switch
    {
        OpenMainDatabase => name == database,
        OpenMainJournal => name == database + SqliteCompanions.Journal,
        OpenLog => name == database + SqliteCompanions.Log,
        OpenSuperJournal => IsJournal(name) || (SqliteJournal.IsOwnSuperJournal(database, name) && size <= LargestSuperJournal),
        _ => false,
    };

    private static bool MayDelete(string database, string name) =>
        name == database + SqliteCompanions.Journal || name == database + SqliteCompanions.Log || SqliteJournal.IsOwnSuperJournal(database, name);

    private static bool MayLook(string database, string name) => name == database || IsJournal(name) || MayDelete(database, name);

    /// <summary>
    /// The journal of another database of the same transaction, wherever that is: SQLite reads its end, to see whether the super-journal
    /// is still needed.
    /// </summary>
    private static bool IsJournal(string name) => name.EndsWith(SqliteCompanions.Journal, StringComparison.Ordinal);

    private static bool IsFileOrNothing(string name, out long size)
    {
        size = 0;
        try
        {
            var status = Posix.StatusAt(Posix.Here, Posix.Bytes(name));
            size = status.Size;
            return status.IsRegular;
        }
        catch (PosixError e)
        {
            return e.Number is PosixError.NotFound;
        }
    }

    private static string Database(Layer* layer) => (string)GCHandle.FromIntPtr((nint)layer->Data).Target!;

    private static string Text(byte* name) => Marshal.PtrToStringUTF8((nint)name) ?? "";

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_find")]
    private static partial Layer* Find(byte* name);

    [LibraryImport("e_sqlite3", EntryPoint = "sqlite3_vfs_register")]
    private static partial int Register(Layer* layer, int makeDefault);

    /// <summary>struct sqlite3_vfs, version 3. What is not named here goes to the original as it is, which does not look at whose it is.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Layer
    {
        internal int Version;
        internal int FileSize;
        internal int LongestPath;
        internal Layer* Next;
        internal byte* Name;
        internal void* Data;
        internal delegate* unmanaged[Cdecl]<Layer*, byte*, void**, int, int*, int> Open;
        internal delegate* unmanaged[Cdecl]<Layer*, byte*, int, int> Delete;
        internal delegate* unmanaged[Cdecl]<Layer*, byte*, int, int*, int> Access;
        internal delegate* unmanaged[Cdecl]<Layer*, byte*, int, byte*, int> FullPath;
        internal Others Rest;
        internal delegate* unmanaged[Cdecl]<Layer*, byte*, void*, int> SetSystemCall;
        internal void* GetSystemCall;
        internal void* NextSystemCall;
    }

    /// <summary>xDlOpen to xCurrentTimeInt64.</summary>
    [InlineArray(9)]
    private struct Others
    {
        private nint first;
    }
}
