namespace VertexAr.Backup.Core;

/// <summary>A number in the header of a tar entry.</summary>
internal static class TarNumber
{
    /// <summary>Octal digits up to a zero byte or a blank; or, where the first bit is set, the bytes of the number itself, in two's complement.</summary>
    /// <returns>Null if it is neither, or too large.</returns>
    public static long? Read(ReadOnlySpan<byte> field)
    {
        const byte isBinary = 0x80;
        const byte isNegative = 0x40;
        if ((field[0] & isBinary) != 0)
        {
            var value = (Int128)((field[0] & isNegative) != 0 ? -1 : 0);
            value = (value << 6) | (uint)(field[0] & (isNegative - 1));
            foreach (var b in field[1..])
            {
                value = (value << 8) | b;
            }

            return value >= long.MinValue && value <= long.MaxValue ? (long)value : null;
        }

        var number = 0L;
        foreach (var b in field.TrimStart((byte)' '))
        {
            if (b is 0 or (byte)' ')
            {
                break;
            }

            if (b is not (>= (byte)'0' and <= (byte)'7') || number >= 1L << 59)
            {
                return null;
            }

            number = (number << 3) | (uint)(b - '0');
        }

        return number;
    }
}
