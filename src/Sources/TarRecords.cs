using System.Buffers.Text;
using System.Text;
using VertexAr.Backup.Core;

namespace VertexAr.Backup.Sources;

/// <summary>
/// What extended headers say of the members after them: PAX records, and GNU tar's long names. Values are bytes: Python writes a
/// name that is not UTF-8 into a PAX record as it is.
/// </summary>
internal sealed class TarRecords
{
    private readonly Dictionary<string, byte[]> values = [];

    public byte[]? this[string key]
    {
        get => values.GetValueOrDefault(key);
        set => values[key] = value!;
    }

    public string? Text(string key) => this[key] is { Length: > 0 } value ? Encoding.UTF8.GetString(value) : null;

    /// <summary>A whole number, or the whole part of one; null if there is none.</summary>
    public long? Number(string key) => this[key] is { } value && Utf8Parser.TryParse(value, out long number, out var used) && used > 0 ? number : null;

    /// <summary>Decimal seconds since 1970, as "1700000000.25".</summary>
    public FileTime? Time(string key)
    {
        if (this[key] is not { } value || !Utf8Parser.TryParse(value, out long seconds, out var used) || (used < value.Length && value[used] != '.'))
        {
            return null;
        }

        var (nanoseconds, place) = (0, 100_000_000);
        foreach (var digit in value.AsSpan(Math.Min(value.Length, used + 1)))
        {
            if (!char.IsAsciiDigit((char)digit))
            {
                return null;
            }

            nanoseconds += (digit - '0') * place;
            place /= 10;
        }

        return value[0] != '-' || nanoseconds == 0 ? new FileTime(seconds, nanoseconds) : new FileTime(seconds - 1, 1_000_000_000 - nanoseconds);
    }

    /// <summary>Takes over the records of a PAX header, "LENGTH KEY=VALUE\n" each.</summary>
    /// <exception cref="DamageError">They are none.</exception>
    public void AddPax(ReadOnlySpan<byte> text)
    {
        while (text.Length > 0)
        {
            if (!Utf8Parser.TryParse(text, out int length, out var digits) || length <= digits + 1 || length > text.Length)
            {
                throw new DamageError("holds what is no tar header");
            }

            var record = text[(digits + 1)..(length - 1)];
            var equals = record.IndexOf((byte)'=');
            if (equals > 0)
            {
                values[Encoding.UTF8.GetString(record[..equals])] = record[(equals + 1)..].ToArray();
            }

            text = text[length..];
        }

        if (values.Keys.FirstOrDefault(key => key.StartsWith("GNU.sparse.", StringComparison.Ordinal)) is not null)
        {
            throw new DamageError("holds a sparse file as GNU tar writes them, which this program does not read; unpack it with tar");
        }
    }

    public void Clear() => values.Clear();
}
