using VertexAr.Backup.Model;
using VertexAr.Backup.Operations;
using VertexAr.Backup.Sources;

namespace VertexAr.Backup.Tests.Operations;

public sealed class PythonNamesTests
{
    private static readonly PythonNames Names = new(
        [new NamedPlace("app_data", "/opt/app/app_data/app.db"), new NamedPlace("users", "/opt/app/users.db")],
        [new NamedPlace("storage", "/opt/app/storage"), new NamedPlace("media", "/mnt/media")]);

    [Theory]
    [InlineData("Database", "/opt/app/users.db", "users", "/opt/app/users.db")]
    [InlineData("Database", "/old/place/users.db", "users", "/old/place/users.db")]
    [InlineData("Database", "/old/other.db", "app_data", "/old/other.db")]
    [InlineData("Database", "users.db", "users", "/opt/app/users.db")]
    [InlineData("Database", "./app_data/app.db", "app_data", "/opt/app/app_data/app.db")]
    [InlineData("Database", "elsewhere.db", "app_data", "/opt/app/app_data/app.db")]
    [InlineData("Database", null, "app_data", "/opt/app/app_data/app.db")]
    [InlineData("Database", "", "app_data", "/opt/app/app_data/app.db")]
    [InlineData("Database", "/", "app_data", "/opt/app/app_data/app.db")]
    [InlineData("Database", "/a/\0", "app_data", "/opt/app/app_data/app.db")]
    [InlineData("Storage", "/mnt/media/", "media", "/mnt/media")]
    [InlineData("Storage", "/opt/app/../x/./storage", "storage", "/opt/x/storage")]
    [InlineData("Storage", "storage", "storage", "/opt/app/storage")]
    public void The_path_is_the_one_that_it_had_and_the_name_a_configured_one(string kind, string? told, string name, string path)
    {
        var archive = new PythonArchive
        {
            Name = "x",
            Kind = Enum.Parse<SourceKind>(kind),
            LocalTime = default,
            Files = ["x"],
            Bytes = 0,
            Metadata = new PythonMetadata { OriginalPath = told },
        };

        Assert.Equal(new NamedPlace(name, path), Names.Of(archive));
    }
}
