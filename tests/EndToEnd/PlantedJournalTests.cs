using System.Text.Json;

namespace VertexAr.Backup.EndToEnd;

/// <summary>A restore gives root files whose content somebody else chose, so a journal of a restore that is root's own may still be a planted one.</summary>
public sealed class PlantedJournalTests : IDisposable
{
    private const string Stamp = "20261126T020000.000Z";

    private readonly Site site = new();

    public PlantedJournalTests()
    {
        Machine.NeedRoot("being asked to work elsewhere");
        Directory.CreateDirectory(site.In("victim/inside"));
        File.WriteAllText(site.In("victim/file"), "root's own");
        site.Create();
    }

    public void Dispose() => site.Dispose();

    [Fact]
    public void Nothing_that_it_names_elsewhere_is_removed()
    {
        var before = Tree.Describe(site.In("victim"));
        foreach (var journal in new[]
        {
            Plant(scratch: [site.In("victim/inside")], pointers: []),
            Plant(scratch: [], pointers: [site.In("victim/file")]),
            Plant(scratch: [$"{site.Storage}/../../victim/inside"], pointers: []),
        })
        {
            foreach (var end in new[] { "--undo", "--continue" })
            {
                File.WriteAllText(site.In($"app/.storage.restore_{Stamp}.steps"), journal);
                site.Run("restore", end);
                site.Run("restore", "latest", "--only", "storage", "--yes");
                site.Run("create");
                site.Run("status");
                Tree.AssertSame(before, Tree.Describe(site.In("victim")), Likeness.Restored);
                File.Delete(site.In($"app/.storage.restore_{Stamp}.steps"));
            }
        }
    }

    [Fact]
    public void It_is_refused_with_what_it_names()
    {
        File.WriteAllText(site.In($"app/.storage.restore_{Stamp}.steps"), Plant(scratch: [site.In("victim/inside")], pointers: []));

        site.Run("restore", "--undo").Fails(1, $"app/.storage.restore_{Stamp}.steps", "is damaged", $"it names {site.In("victim/inside")}, which is not its own");
    }

    private string Plant(string[] scratch, string[] pointers) => JsonSerializer.Serialize(new
    {
        restore = 1,
        began_at = Stamp,
        what = "snapshot 20261126T020000Z",
        targets = new[] { site.Storage },
        scratch,
        pointers,
        databases = Array.Empty<string>(),
        above = Array.Empty<string>(),
    }) + "\n";
}
