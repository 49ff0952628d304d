using System.Globalization;
using System.Text;
using LayerStream.Session;

namespace LayerStream.Host.Options;

/// <summary>Texts of options to values; each error is a <see cref="UsageException"/> that names the option.</summary>
internal static class OptionText
{
    /// <summary>A whole number in [least, most].</summary>
    public static int Whole(string name, string text, int least, int most) =>
        int.TryParse(text, least < 0 ? NumberStyles.AllowLeadingSign : NumberStyles.None, CultureInfo.InvariantCulture, out int v)
            && v >= least && v <= most
            ? v
            : throw new UsageException($"--{name} takes a whole number from {least}{(most == int.MaxValue ? " up" : $" to {most}")}, "
            + $"not '{text}'.");

    /// <summary>A finite number.</summary>
    public static float Real(string name, string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float v) && float.IsFinite(v)
            ? v
            : throw new UsageException($"--{name} takes a number, not '{text}'.");

    /// <summary>A whole number of 64 bits.</summary>
    public static long Seed(string name, string text) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long v) ? v
            : throw new UsageException($"--{name} takes a whole number, not '{text}'.");

    /// <summary>One of the texts of a table.</summary>
    public static T Choice<T>(string name, string text, params ReadOnlySpan<(string Text, T Value)> rows)
    {
        foreach ((string key, T value) in rows)
        {
            if (string.Equals(key, text, StringComparison.OrdinalIgnoreCase))
            {
                return value;
            }
        }

        StringBuilder all = new();
        for (int i = 0; i < rows.Length; i++)
        {
            all.Append(i == 0 ? "" : i == rows.Length - 1 ? " or " : ", ").Append(rows[i].Text);
        }

        throw new UsageException($"--{name} takes {all}, not '{text}'.");
    }

    /// <summary>True or false; an absent text is false.</summary>
    public static bool Flag(string name, string? text) => text?.ToLowerInvariant() switch
    {
        null or "false" or "0" => false,
        "true" or "1" => true,
        _ => throw new UsageException($"{name} is true or false, not '{text}'."),
    };
}
