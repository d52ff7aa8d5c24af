using System.Text;
using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

public sealed class ReferenceQueryTests
{
    [Theory]
    [InlineData("portraits/1.jpg", "", "", "storage/portraits/1.jpg")]
    [InlineData("/portraits/1.jpg", "", "", "storage/portraits/1.jpg")]
    [InlineData("./portraits//1.jpg", "", "", "storage/portraits/1.jpg")]
    [InlineData("portraits/./1.jpg", "", "", "storage/portraits/1.jpg")]
    [InlineData("portraits/", "", "", "storage/portraits")]
    [InlineData("/opt/vertex-ar/storage/1.jpg", "/opt/vertex-ar/storage", "", "storage/1.jpg")]
    [InlineData("1.jpg", "/opt/vertex-ar/storage", "", "storage/1.jpg")]
    [InlineData("https://cdn.example.org/1.jpg", "https://cdn.example.org/", "media/", "storage/media/1.jpg")]
    [InlineData("1.jpg", "", "portrait-", "storage/portrait-1.jpg")]
    [InlineData("../1.jpg", "", "", "storage/../1.jpg")]
    [InlineData("../../1.jpg", "", "", "storage/../../1.jpg")]
    [InlineData("portraits/../1.jpg", "", "", "storage/1.jpg")]
    [InlineData("portraits/..", "", "", "")]
    [InlineData("portraits/../../1.jpg", "", "", "storage/../1.jpg")]
    [InlineData("portraits../1.jpg", "", "", "storage/portraits../1.jpg")]
    [InlineData("", "", "media/", "")]
    [InlineData("/", "", "", "")]
    [InlineData("/opt", "/opt", "", "")]
    public void A_name_becomes_a_path_of_the_list(string named, string strip, string add, string path)
    {
        var query = new ReferenceQuery("app", "SELECT 1", "storage", strip, add);
        Assert.Equal(path, Encoding.UTF8.GetString(query.InList(Encoding.UTF8.GetBytes(named))));
    }

    [Fact]
    public void A_name_that_is_too_long_for_a_path_is_one_that_no_list_has() =>
        Assert.Equal(4096, new ReferenceQuery("app", "SELECT 1", "storage", "", "").InList(new byte[1_000_000].Select(_ => (byte)'a').ToArray()).Length);
}
