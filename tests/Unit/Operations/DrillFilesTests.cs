using VertexAr.Backup.Operations;

namespace VertexAr.Backup.Tests.Operations;

/// <summary>What was restored is changed in every way there is before it is looked at.</summary>
public sealed class DrillFilesTests : IDisposable
{
    private readonly Site site = new();

    public void Dispose() => site.Dispose();

    [Fact]
    public void What_was_restored_well_is_as_the_list_says()
    {
        var (findings, files) = Look(_ => { });
        Assert.Empty(findings.First);
        Assert.Equal((5, 3_100_000 + 2_000_007 + 9 + 9), (files.Files, files.Bytes));
    }

    [Theory]
    [InlineData("one byte", "tree/large.bin", "other content than was saved, from byte 1048576 on")]
    [InlineData("in a hole", "tree/sparse.bin", "other content")]
    [InlineData("mode of a file", "tree/d/small.txt", "has mode 0600 and had 0640")]
    [InlineData("mode of a directory", "tree/d", "has mode 0700 and had 0755")]
    [InlineData("mode of the top", "tree", "has mode 0700 and had 0755")]
    [InlineData("cut short", "tree/large.bin", "has 9 bytes and had 3100000")]
    [InlineData("gone", "tree/d/empty", "was not restored")]
    [InlineData("one more", "(all)", "9 names were restored, and the list has 8")]
    [InlineData("link elsewhere", "tree/link", "points elsewhere")]
    [InlineData("link no more", "tree/link", "is no symlink any more")]
    [InlineData("directory no more", "tree/d/none", "is no directory any more")]
    [InlineData("file no more", "tree/d/small.txt", "is no file any more")]
    public void Whatever_is_different_is_found_and_named(string how, string path, string reason)
    {
        var (findings, _) = Look(top => Change(how, top));
        var found = Assert.Single(findings.First, f => f.Path == path);
        Assert.Contains(reason, found.Reason, StringComparison.Ordinal);
        Assert.Equal(findings.First.Count, findings.Count);
    }

    [Fact]
    public void A_mode_that_one_file_lost_excuses_no_other()
    {
        var (findings, _) = Look(
            top => Tools.Run("chmod", "600", Path.Combine(top, "d/small.txt"), Path.Combine(top, "large.bin")),
            losses => losses.Add(RestoreLoss.Mode, "tree/d/small.txt"u8.ToArray(), "it is 0600 instead of 0640"));
        Assert.Equal("tree/large.bin", Assert.Single(findings.First).Path);
    }

    private static void Change(string how, string top)
    {
        string In(string name) => Path.Combine(top, name);
        switch (how)
        {
            case "one byte":
                Overwrite(In("large.bin"), 1_500_000);
                break;
            case "in a hole":
                Overwrite(In("sparse.bin"), 1_000_000);
                break;
            case "mode of a file":
                Tools.Run("chmod", "600", In("d/small.txt"));
                break;
            case "mode of a directory":
                Tools.Run("chmod", "700", In("d"));
                break;
            case "mode of the top":
                Tools.Run("chmod", "700", top);
                break;
            case "cut short":
                File.WriteAllText(In("large.bin"), "cut short");
                break;
            case "gone":
                File.Delete(In("d/empty"));
                break;
            case "one more":
                File.WriteAllText(In("d/none/more"), "");
                break;
            case "link elsewhere":
                File.Delete(In("link"));
                File.CreateSymbolicLink(In("link"), "d/empty");
                break;
            case "link no more":
                File.Delete(In("link"));
                File.WriteAllText(In("link"), "d/small.txt");
                break;
            case "directory no more":
                Directory.Delete(In("d/none"));
                File.WriteAllText(In("d/none"), "");
                break;
            default:
                File.Delete(In("d/small.txt"));
                Directory.CreateDirectory(In("d/small.txt"));
                break;
        }
    }

    private static void Overwrite(string path, long at)
    {
        using var file = File.OpenWrite(path);
        file.Position = at;
        file.WriteByte(0x55);
    }

    /// <summary>Backs a tree up, restores it, lets it be changed, and looks.</summary>
    private (DrillFindings Findings, DrillFiles Files) Look(Action<string> change, Action<RestoreLosses>? lose = null)
    {
        site.Write("large.bin", Site.Noise(1, 3_100_000));
        site.Write("d/small.txt", "some text"u8);
        site.Write("d/empty", []);
        site.Temp.Make("tree/d/none");
        File.CreateSymbolicLink(site.Temp["tree/link"], "d/small.txt");
        using (var sparse = File.Create(site.Temp["tree/sparse.bin"]))
        {
            sparse.SetLength(2_000_000);
            sparse.Position = 2_000_000;
            sparse.Write("the end"u8);
        }

        Tools.Run("ln", site.Temp["tree/d/small.txt"], site.Temp["tree/linked.txt"]);
        Tools.Run("chmod", "755", site.Temp["tree"], site.Temp["tree/d"], site.Temp["tree/d/none"]);
        Tools.Run("chmod", "640", site.Temp["tree/d/small.txt"]);
        var snapshot = site.Create();
        var stop = TestContext.Current.CancellationToken;
        _ = new RestoreBackup(site.Store, snapshot, new RestorePlan { To = site.Temp["out"], Workers = 2 }, site.Clock, site.Progress, stop).Run();
        change(site.Temp["out/tree"]);
        var findings = new DrillFindings(site.Progress);
        using var list = site.Store.OpenFileList(snapshot);
        var losses = new RestoreLosses { KnowsPaths = true };
        lose?.Invoke(losses);
        using var files = new DrillFiles(site.Temp["out"], site.Progress, findings, losses, stop);
        files.Run(list);
        return (findings, files);
    }
}
