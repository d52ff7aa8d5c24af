using System.Text;
using CsCheck;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Tests.Core;

public sealed class PrintableTests
{
    [Theory]
    [InlineData("portraits/42.jpg", "portraits/42.jpg")]
    [InlineData("портрет é 日本 🙂.mp4", "портрет é 日本 🙂.mp4")]
    [InlineData("a\nb\r\tc", "a\\nb\\r\\tc")]
    [InlineData("\u001b[2Jx", "\\x1b[2Jx")]
    [InlineData("\0\u007f\u009b31m", "\\x00\\x7f\\x9b31m")]
    [InlineData("gpj.\u202eexe", "gpj.\\u202eexe")]
    [InlineData("\u200f\u061c\u2066\u2069", "\\u200f\\u061c\\u2066\\u2069")]
    [InlineData("a\u2028b\ufeffc", "a\\u2028b\\ufeffc")]
    [InlineData("lost \ufffd", "lost \ufffd")]
    [InlineData("back\\slash", "back\\slash")]
    public void What_could_drive_a_terminal_is_shown_instead(string text, string shown) => Assert.Equal(shown, Printable.Escape(text));

    // Not as InlineData: test runners cannot hand lone surrogates on.
    [Fact]
    public void A_lone_surrogate_is_shown_as_its_number()
    {
        Assert.Equal("a\\udc80b", Printable.Escape("a" + (char)0xdc80 + "b"));
        Assert.Equal("\\ud83d", Printable.Escape(((char)0xd83d).ToString()));
        Assert.Equal("\\ud83dx", Printable.Escape((char)0xd83d + "x"));
    }

    [Fact]
    public void Any_text_comes_out_free_of_controls_and_escaping_again_changes_nothing() =>
        Gen.Char[(char)0, (char)0xffff].Array[0, 20].Select(chars => new string(chars)).Sample(text =>
        {
            var shown = Printable.Escape(text);
            Assert.DoesNotContain(shown, char.IsControl);
            Assert.Equal(shown, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(shown)));
            Assert.Equal(shown, Printable.Escape(shown));
        });

    [Theory]
    [InlineData("abc", 3)]
    [InlineData("мир", 3)]
    [InlineData("日本", 4)]
    [InlineData("e\u0301", 1)]
    [InlineData("🙂", 2)]
    public void Width_counts_columns(string text, int width) => Assert.Equal(width, Printable.Width(text));

    [Theory]
    [InlineData("abcdef", 6, "abcdef")]
    [InlineData("abcdef", 5, "abcd…")]
    [InlineData("abcdef", 1, "…")]
    [InlineData("abcdef", 0, "")]
    [InlineData("日本語", 5, "日本…")]
    [InlineData("日本語", 4, "日…")]
    public void What_is_too_wide_is_cut(string text, int width, string fitted) => Assert.Equal(fitted, Printable.Fit(text, width));
}
