namespace VertexAr.Backup.EndToEnd;

/// <summary>libfaketime, which shows a process another time than this machine's. A test that needs it is skipped where it is not installed.</summary>
internal static class FakeClock
{
    public static string Library
    {
        get
        {
            var library = Directory.EnumerateDirectories("/usr/lib", "*-linux-gnu*").Select(path => Path.Combine(path, "faketime/libfaketime.so.1")).FirstOrDefault(File.Exists);
            Assert.SkipWhen(library is null, "there is no libfaketime");
            return library!;
        }
    }

    /// <summary>
    /// The environment of a program whose clock stands at a time when it starts, and goes on from there. It knows whole seconds: the
    /// next one, so that what was done before a time has always its age by then.
    /// </summary>
    public static Dictionary<string, string?> At(DateTimeOffset time) => new()
    {
        ["LD_PRELOAD"] = Library,
        ["FAKETIME"] = time.AddTicks(TimeSpan.TicksPerSecond - 1).ToString("'@'yyyy-MM-dd HH:mm:ss", System.Globalization.CultureInfo.InvariantCulture),
        ["NO_FAKE_STAT"] = "1",
        ["TZ"] = "UTC",
    };
}
