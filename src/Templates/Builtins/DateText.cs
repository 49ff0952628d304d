using System.Globalization;
using System.Text;

namespace LayerStream.Templates.Builtins;

/// <summary>strftime with English names.</summary>
internal static class DateText
{
    // strftime letter → .NET format (a lone letter gets its % prefix when used).
    private static readonly Dictionary<char, string> s_table = new()
    {
        ['Y'] = "yyyy",
        ['y'] = "yy",
        ['m'] = "MM",
        ['d'] = "dd",
        ['B'] = "MMMM",
        ['b'] = "MMM",
        ['h'] = "MMM",
        ['A'] = "dddd",
        ['a'] = "ddd",
        ['H'] = "HH",
        ['I'] = "hh",
        ['M'] = "mm",
        ['S'] = "ss",
        ['p'] = "tt",
        ['f'] = "ffffff",
        ['F'] = "yyyy-MM-dd",
        ['T'] = "HH:mm:ss",
        ['D'] = "MM'/'dd'/'yy",
        ['R'] = "HH:mm",
        ['x'] = "MM'/'dd'/'yy",
        ['X'] = "HH:mm:ss",
    };

    /// <summary>The date in the given strftime format; an unknown directive stays as written.</summary>
    public static string Format(DateTime time, string format)
    {
        var builder = new StringBuilder();
        for (int i = 0; i < format.Length; i++)
        {
            if (format[i] != '%' || i + 1 == format.Length)
            {
                builder.Append(format[i]);
                continue;
            }

            char letter = format[++i];
            bool unpadded = letter == '-' && i + 1 < format.Length;
            string text = Directive(time, unpadded ? format[++i] : letter);
            builder.Append(unpadded && text.Length > 1 ? text.TrimStart('0', ' ') is { Length: > 0 } rest ? rest : "0" : text);
        }

        return builder.ToString();
    }

    private static string Directive(DateTime time, char letter)
    {
        if (s_table.TryGetValue(letter, out string? pattern))
        {
            return time.ToString(pattern, CultureInfo.InvariantCulture);
        }

        return letter switch
        {
            'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
            'e' => time.Day.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'u' => (time.DayOfWeek == DayOfWeek.Sunday ? 7 : (int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'w' => ((int)time.DayOfWeek).ToString(CultureInfo.InvariantCulture),
            'c' => Format(time, "%a %b %e %H:%M:%S %Y"),
            'k' => time.Hour.ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'l' => (((time.Hour + 11) % 12) + 1).ToString(CultureInfo.InvariantCulture).PadLeft(2),
            'P' => time.ToString("tt", CultureInfo.InvariantCulture).ToLowerInvariant(),
            'C' => (time.Year / 100).ToString("00", CultureInfo.InvariantCulture),
            'U' => ((time.DayOfYear + 6 - (int)time.DayOfWeek) / 7).ToString("00", CultureInfo.InvariantCulture),
            'W' => ((time.DayOfYear + 6 - (((int)time.DayOfWeek + 6) % 7)) / 7).ToString("00", CultureInfo.InvariantCulture),
            'V' => ISOWeek.GetWeekOfYear(time).ToString("00", CultureInfo.InvariantCulture),
            'G' => ISOWeek.GetYear(time).ToString(CultureInfo.InvariantCulture),
            'n' => "\n",
            't' => "\t",
            'Z' or 'z' => "",
            '%' => "%",
            _ => "%" + letter,
        };
    }
}
