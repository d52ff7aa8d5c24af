using System.Buffers.Text;
using System.Globalization;

namespace VertexAr.Backup.Core;

/// <summary>A file's time stamp, to the nanosecond, for any year a file system can hold. Written as <c>seconds.nanoseconds</c> since 1970.</summary>
internal readonly record struct FileTime(long Seconds, int Nanoseconds) : IComparable<FileTime>
{
    /// <summary>The longest text: sign, 19 digits, point, 9 digits.</summary>
    public const int MaxText = 30;

    public static FileTime From(DateTimeOffset time)
    {
        var ticks = time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        var seconds = Math.DivRem(ticks, TimeSpan.TicksPerSecond, out var rest);
        return rest < 0
            ? new FileTime(seconds - 1, (int)(rest + TimeSpan.TicksPerSecond) * 100)
            : new FileTime(seconds, (int)rest * 100);
    }

    /// <summary>To the second, for people: years that this type does not have become the first or the last that can be shown in any zone.</summary>
    public DateTimeOffset ToNearestTime()
    {
        const long aDay = 86_400;
        return DateTimeOffset.FromUnixTimeSeconds(Math.Clamp(
            Seconds, DateTimeOffset.MinValue.ToUnixTimeSeconds() + aDay, DateTimeOffset.MaxValue.ToUnixTimeSeconds() - aDay));
    }

    public static bool operator <(FileTime left, FileTime right) => left.CompareTo(right) < 0;

    public static bool operator >(FileTime left, FileTime right) => left.CompareTo(right) > 0;

    public static bool operator <=(FileTime left, FileTime right) => left.CompareTo(right) <= 0;

    public static bool operator >=(FileTime left, FileTime right) => left.CompareTo(right) >= 0;

    public int CompareTo(FileTime other) =>
        Seconds != other.Seconds ? Seconds.CompareTo(other.Seconds) : Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>Earlier by whole milliseconds.</summary>
    public FileTime MinusMilliseconds(long milliseconds)
    {
        var nanoseconds = Nanoseconds - (milliseconds % 1000 * 1_000_000);
        var borrow = nanoseconds < 0 ? 1 : 0;
        return new FileTime(Seconds - (milliseconds / 1000) - borrow, (int)(nanoseconds + (borrow * 1_000_000_000L)));
    }

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Seconds}.{Nanoseconds:D9}");

    /// <summary>As a decimal number: half a second before 1970 is -0.500000000, where the form of file lists is -1.500000000.</summary>
    public string ToDecimal() => Seconds >= 0 || Nanoseconds == 0
        ? ToString()
        : string.Create(CultureInfo.InvariantCulture, $"-{-(Seconds + 1)}.{1_000_000_000 - Nanoseconds:D9}");

    /// <summary>Writes the text form; <paramref name="text"/> holds at least <see cref="MaxText"/> bytes. Returns the length.</summary>
    public int Format(Span<byte> text)
    {
        _ = Utf8Formatter.TryFormat(Seconds, text, out var length);
        text[length++] = (byte)'.';
        _ = Utf8Formatter.TryFormat((uint)Nanoseconds, text[length..], out _, new System.Buffers.StandardFormat('D', 9));
        return length + 9;
    }

    /// <summary>Reads the text form; false for anything else.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out FileTime time)
    {
        time = default;
        if (!Utf8Parser.TryParse(text, out long seconds, out var used) || text.Length != used + 10 || text[used] != '.')
        {
            return false;
        }

        var nanoseconds = 0;
        foreach (var digit in text[(used + 1)..])
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return false;
            }

            nanoseconds = (nanoseconds * 10) + (digit - '0');
        }

        time = new FileTime(seconds, nanoseconds);
        return true;
    }
}
