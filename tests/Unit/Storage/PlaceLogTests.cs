using VertexAr.Backup.Core;
using VertexAr.Backup.Storage;

namespace VertexAr.Backup.Tests.Storage;

public sealed class PlaceLogTests : IDisposable
{
    private readonly TempDirectory temp = new();

    public void Dispose() => temp.Dispose();

    [Theory]
    [InlineData(PlaceLog.InMemory)]
    [InlineData(PlaceLog.InMemory + 1)]
    [InlineData((3 * PlaceLog.InMemory) + 5)]
    public void Gives_each_place_by_its_number_and_leaves_no_name(int count)
    {
        using var log = new PlaceLog(temp.Root);
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(i, log.Add(Place(i)));
        }

        Assert.All(Enumerable.Range(0, count), i => Assert.Equal(Place(i), log.Get(i)));
        Assert.Empty(Directory.GetFileSystemEntries(temp.Root));
    }

    [Fact]
    public void Few_places_need_no_disk()
    {
        using var log = new PlaceLog(temp["none"]);
        for (var i = 0; i < PlaceLog.InMemory; i++)
        {
            log.Add(Place(i));
        }

        Assert.Throws<PosixError>(() => log.Add(Place(PlaceLog.InMemory)));
        Assert.Equal(Place(3), log.Get(3));
    }

    [Fact]
    public void Several_threads_add_and_ask()
    {
        using var log = new PlaceLog(temp.Root);
        var threads = Enumerable.Range(0, 4).Select(thread => new Thread(() =>
        {
            for (var i = 0; i < PlaceLog.InMemory; i++)
            {
                var place = Place((thread * PlaceLog.InMemory) + i);
                Assert.Equal(place, log.Get(log.Add(place)));
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Equal(4 * PlaceLog.InMemory, log.Add(Place(0)));
    }

    private static PiecePlace Place(int i) => new((ulong)i, ~(ulong)i, (uint)i * 7, i % 13, (uint)i * 11, i % 5);
}
