using System.Text;
using CsCheck;
using VertexAr.Backup.Policy;

namespace VertexAr.Backup.Tests.Policy;

/// <summary>Names that every file system takes, and that a person still recognizes.</summary>
public sealed class FittingNameTests
{
    [Theory]
    [InlineData("a:b.jpg", "a_b~*.jpg")]
    [InlineData("end.", "end_~*")]
    [InlineData("end. .", "end___~*")]
    [InlineData("CON", "CON~*")]
    [InlineData("aux.txt", "aux~*.txt")]
    [InlineData(".hidden", ".hidden~*")]
    [InlineData("archive.tar.gz", "archive.tar~*.gz")]
    [InlineData("Bücher?", "Bücher_~*")]
    [InlineData("no.extension-of-such-a-length", "no.extension-of-such-a-length~*")]
    public void What_is_reserved_becomes_an_underscore_and_the_extension_stays(string name, string expected)
    {
        var parts = expected.Split('*');
        var now = Encoding.UTF8.GetString(FittingName.Of(Encoding.UTF8.GetBytes(name)).First());
        Assert.StartsWith(parts[0], now, StringComparison.Ordinal);
        Assert.EndsWith(parts[1], now, StringComparison.Ordinal);
        Assert.Equal(expected.Length - 1 + 8, now.Length);
    }

    [Fact]
    public void The_digest_is_that_of_the_name_as_it_was() =>
        Assert.Equal("a_b~be6b3059.jpg", Encoding.UTF8.GetString(FittingName.Of("a:b.jpg"u8.ToArray()).First()));

    [Fact]
    public void A_name_that_is_too_long_is_cut_between_two_letters()
    {
        var name = Encoding.UTF8.GetBytes(new string('ü', 127) + ".");
        Assert.Equal([239, 239, 120, 60], FittingName.Of(name).Select(one => one.Length));
        Assert.All(FittingName.Of(name), one => Assert.True(FittingName.IsText(one)));
    }

    [Fact]
    public void Every_one_can_be_had_on_any_file_system() => Gen.Byte.Where(b => b is not (0 or (byte)'/')).Array[1, 255].Sample(name =>
    {
        var names = FittingName.Of(name).ToList();
        Assert.Equal(names, FittingName.Of(name));
        foreach (var one in names)
        {
            var text = Encoding.UTF8.GetString(one);
            Assert.True(FittingName.IsText(one) && one.Length is > 0 and <= 240, text);
            Assert.DoesNotContain(text, letter => char.IsControl(letter) || "<>:\"|?*\\/".Contains(letter, StringComparison.Ordinal));
            Assert.DoesNotContain(text[^1], ". ");
        }

        Assert.True(names[^1].Length <= 60 && names[^1].All(b => b < 128));
    });

    [Fact]
    public void Names_that_differ_in_any_way_get_names_that_differ_in_more_than_capital_letters()
    {
        string[] names = ["Anna.JPG", "anna.jpg", "ANNA.jpg", "anna:jpg", "anna?jpg", "anna.", "anna "];
        Assert.Equal(names.Length, names.Select(name => Encoding.UTF8.GetString(FittingName.Of(Encoding.UTF8.GetBytes(name)).First())).Distinct(StringComparer.OrdinalIgnoreCase).Count());
    }
}
