using System.Formats.Tar;
using System.Globalization;
using System.Text;
using VertexAr.Backup.Core;
using VertexAr.Backup.Model;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Fuzz;

/// <summary>Whatever stands in the files of the Python system: it is understood or refused, and no path in it leads out.</summary>
public sealed class HostilePythonTests : IDisposable
{
    private const string Metadata = """
        {"database": {"backup_path": "/a/db_backup_20240107_020000.db", "success": true}, "storage": {"metadata": {"split_files": ["x/storage_backup_20240107_020000.tar.part001.gz", {"path": "p"}]}},
         "checksum": "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", "file_size": "12", "file_count": 3.5, "errors": ["e", null], "original_path": "\u00e9"}
        """;

    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Fact]
    public void An_archive_whose_headers_have_the_right_sums()
    {
        var good = Archive();
        Each(good, seed =>
        {
            var mutant = seed.Of(good);
            // What is not resealed tells little: the first wrong sum ends it.
            for (var at = 0; at + 512 <= mutant.Length; at += 512)
            {
                Seal(mutant.AsSpan(at, 512));
            }

            using var stream = new MemoryStream(mutant);
            var entries = new TarEntries(stream);
            var buffer = new byte[100];
            while (entries.Next() is { } entry)
            {
                Assert.True(entry.Path.Length == 0 || EntryRules.IsSafePath(entry.Path));
                Assert.True(entry.Type != EntryType.HardLink || entry.Target!.Length == 0 || EntryRules.IsSafePath(entry.Target));
                Assert.InRange(entry.Size, 0, long.MaxValue);
                _ = entries.Read(buffer);
            }
        });
    }

    [Fact]
    public void Metadata_of_any_kind()
    {
        var good = Encoding.UTF8.GetBytes(Metadata);
        temp.Write("database/db_backup_20240107_020000.db", []);
        temp.Write("storage/storage_backup_20240107_020000.tar.part001.gz", []);
        Each(good, seed =>
        {
            var mutant = seed.Of(good);
            temp.Write("full/full_backup_20240107_020000.json", mutant);
            temp.Write("storage/storage_backup_20240107_020000.tar.part001.json", mutant);
            Assert.InRange(PythonBackups.Find(temp.Root).All.Count, 1, 3);
        });
    }

    private static void Each(byte[] good, Action<Mutation> read)
    {
        Assert.NotEmpty(good);
        var seed = int.TryParse(Environment.GetEnvironmentVariable("FUZZ_SEED"), NumberStyles.Integer, CultureInfo.InvariantCulture, out var given) ? given : Environment.TickCount;
        var mutation = new Mutation(seed);
        for (var i = 0; i < Mutation.Inputs; i++)
        {
            try
            {
                read(mutation);
            }
            catch (Exception e) when (e is DamageError or UserError)
            {
                // Refused, as it should be.
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"input {i} of seed {seed}", e);
            }
        }
    }

    private static byte[] Archive()
    {
        using var bytes = new MemoryStream();
        foreach (var format in new[] { TarEntryFormat.Pax, TarEntryFormat.Gnu, TarEntryFormat.Ustar })
        {
            using var writer = new TarWriter(bytes, format, leaveOpen: true);
            System.Formats.Tar.TarEntry New(TarEntryType type, string name) => format switch
            {
                TarEntryFormat.Pax => new PaxTarEntry(type, name),
                TarEntryFormat.Gnu => new GnuTarEntry(type, name),
                _ => new UstarTarEntry(type, name),
            };
            var file = New(TarEntryType.RegularFile, "storage/" + new string('a', format == TarEntryFormat.Ustar ? 50 : 150));
            file.DataStream = new MemoryStream(new byte[600]);
            writer.WriteEntry(file);
            var link = New(TarEntryType.HardLink, "storage/link");
            link.LinkName = "storage/x";
            writer.WriteEntry(link);
        }

        // Without the two empty blocks between them, which would end it.
        return [.. bytes.ToArray().Chunk(512).Where(block => block.AsSpan().ContainsAnyExcept((byte)0)).SelectMany(block => block), .. new byte[1024]];
    }

    private static void Seal(Span<byte> header)
    {
        if (header.ContainsAnyExcept((byte)0))
        {
            header.Slice(148, 8).Fill((byte)' ');
            var sum = 0;
            foreach (var b in header)
            {
                sum += b;
            }

            Encoding.ASCII.GetBytes(Convert.ToString(sum, 8).PadLeft(6, '0') + "\0 ").CopyTo(header.Slice(148, 8));
        }
    }
}
