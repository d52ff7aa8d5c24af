using System.Buffers.Binary;
using System.Text;

namespace VertexAr.Backup.EndToEnd;

/// <summary>What a writer leaves that is killed in the middle of a transaction, and what somebody may make of that.</summary>
internal static class HotJournal
{
    /// <summary>Makes a database of accounts in place of what is there, half changed, with the journal to take that back.</summary>
    public static void Make(string path)
    {
        Command.Shell($"rm -f '{path}' '{path}'-*");
        using var database = new TestDatabase(path + ".work", "delete");
        database.Fill(rows: 500);
        database.Execute("PRAGMA cache_size=5; PRAGMA cache_spill=ON; BEGIN; UPDATE account SET balance = 7");
        Command.Shell($"cp '{path}.work' '{path}'; cp '{path}.work-journal' '{path}-journal'");
        database.Execute("ROLLBACK");
    }

    /// <summary>Ends the journal as one of a transaction over several databases: https://www.sqlite.org/fileformat2.html.</summary>
    public static void NameSuperJournal(string path, string name)
    {
        var bytes = Encoding.UTF8.GetBytes(name);
        var numbers = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(numbers, bytes.Length);
        BinaryPrimitives.WriteInt32BigEndian(numbers.AsSpan(4), bytes.Sum(b => (sbyte)b));
        using var journal = new FileStream(path + "-journal", FileMode.Append);
        journal.Write([0x40, 0, 0, 1, .. bytes, .. numbers, 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7]);
    }
}
