using System.Globalization;
using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Ollama;

/// <summary><c>keep_alive</c>: how long a model stays loaded that nobody uses: seconds, or a text such as <c>5m</c> or <c>1h30m</c>; 0 = it
/// is unloaded at once; negative = it stays.</summary>
/// <param name="Time">The time; null = it stays.</param>
internal sealed record KeepAlive(TimeSpan? Time)
{
    private static readonly (string Unit, double Seconds)[] s_units =
        [("ns", 1e-9), ("us", 1e-6), ("µs", 1e-6), ("ms", 1e-3), ("h", 3600), ("m", 60), ("s", 1)];

    /// <summary>Whether the model is to go at once.</summary>
    public bool IsOver => Time == TimeSpan.Zero;

    /// <summary>Reads it.</summary>
    /// <exception cref="ApiException">400: it is no time.</exception>
    public static KeepAlive Of(JsonElement value)
    {
        double seconds = value.ValueKind switch
        {
            JsonValueKind.Number => value.GetDouble(),
            JsonValueKind.String => Seconds(JsonFields.Text(value, "keep_alive")),
            _ => double.NaN,
        };
        return double.IsNaN(seconds)
            ? throw ApiException.Invalid("keep_alive", "'keep_alive' must be seconds, or a text such as \"5m\"", "invalid_value")
            : new KeepAlive(seconds < 0 || seconds >= TimeSpan.MaxValue.TotalSeconds ? null : TimeSpan.FromSeconds(seconds));
    }

    // A number with a unit, several of them one behind the other, or a number alone, which means seconds.
    private static double Seconds(string text)
    {
        string rest = text.Trim();
        double sign = rest.StartsWith('-') ? -1 : 1, sum = 0;
        rest = rest.TrimStart('-', '+');
        if (double.TryParse(rest, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double plain))
        {
            return sign * plain;
        }

        while (rest.Length > 0)
        {
            int end = rest.AsSpan().IndexOfAnyExcept("0123456789.");
            if (end <= 0 || !double.TryParse(rest[..end], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double count)
                || Array.Find(s_units, u => rest[end..].StartsWith(u.Unit, StringComparison.Ordinal)) is not { Unit: { } unit } row)
            {
                return double.NaN;
            }

            sum += count * row.Seconds;
            rest = rest[(end + unit.Length)..];
        }

        return text.Trim().Length == 0 ? double.NaN : sign * sum;
    }
}
