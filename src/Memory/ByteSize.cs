using System.Globalization;

namespace LayerStream.Memory;

/// <summary>Byte counts as people write them. <c>KiB</c> and a bare <c>K</c> are 1,024; <c>KB</c> is 1,000; likewise M, G, T.</summary>
public static class ByteSize
{
    private static readonly (string Suffix, long Bytes)[] s_units =
    [
        ("KIB", 1L << 10), ("MIB", 1L << 20), ("GIB", 1L << 30), ("TIB", 1L << 40),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
        ("K", 1L << 10), ("M", 1L << 20), ("G", 1L << 30), ("T", 1L << 40), ("B", 1),
    ];

    private static readonly string[] s_names = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>Reads "12GiB", "500MB", "1.5G" or "4096". Letter case and one run of spaces before the unit do not matter.</summary>
    /// <param name="text">The text; null is refused.</param>
    /// <param name="bytes">Bytes, rounded down; 0 when refused.</param>
    /// <returns>False for anything else: signs, exponents, fractions of a byte, more than 2^63 − 1.</returns>
    public static bool TryParse(string? text, out long bytes)
    {
        bytes = 0;
        if (text is null)
        {
            return false;
        }

        ReadOnlySpan<char> number = text.AsSpan().Trim();
        long unit = 1;
        foreach ((string suffix, long size) in s_units)
        {
            if (number.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                unit = size;
                number = number[..^suffix.Length].TrimEnd();
                break;
            }
        }

        NumberStyles style = unit == 1 ? NumberStyles.None : NumberStyles.AllowDecimalPoint;
        if (number.IsEmpty || number.Length > 28 || !decimal.TryParse(number, style, CultureInfo.InvariantCulture, out decimal value))
        {
            return false;
        }

        if (value > (decimal)long.MaxValue / unit)
        {
            return false;
        }

        bytes = (long)decimal.Floor(value * unit);
        return true;
    }

    /// <summary>Like <see cref="TryParse"/>.</summary>
    /// <exception cref="FormatException">Names the text and shows what is accepted.</exception>
    public static long Parse(string text) => TryParse(text, out long bytes)
        ? bytes
        : throw new FormatException($"'{text}' is not a size; write for example 12GiB, 500MB, 1.5G or 4096.");

    /// <summary>"1.25 GiB": binary units, two decimals; whole bytes below 1 KiB.</summary>
    public static string Format(long bytes)
    {
        double value = bytes;
        int unit = 0;
        while (Math.Abs(value) >= 1024 && unit < s_names.Length - 1)
        {
            value /= 1024;
            unit++;
        }

        return $"{value.ToString(unit == 0 ? "0" : "0.00", CultureInfo.InvariantCulture)} {s_names[unit]}";
    }

    /// <summary>The value as an option takes it, rounded up to whole MiB: "1234MiB".</summary>
    public static string FormatOption(long bytes) =>
        string.Create(CultureInfo.InvariantCulture, $"{(bytes >> 20) + ((bytes & ((1 << 20) - 1)) == 0 ? 0 : 1)}MiB");
}
