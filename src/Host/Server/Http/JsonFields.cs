using System.Globalization;
using System.Text.Json;

namespace LayerStream.Host.Server.Http;

/// <summary>Reads members of a request; whatever does not fit is a 400 that names the member.</summary>
internal static class JsonFields
{
    /// <summary>A whole number in [low, high].</summary>
    public static long Integer(JsonElement value, string name, long low, long high)
    {
        if (!TryGetWhole(value, out long number))
        {
            throw ApiException.Invalid(name, $"'{name}' must be a whole number between {low} and {high}", "invalid_type");
        }

        return number >= low && number <= high
            ? number
            : throw ApiException.Invalid(name, $"'{name}' must be between {low} and {high}", "out_of_range");
    }

    // 3.0 is a whole number too.
    private static bool TryGetWhole(JsonElement value, out long number)
    {
        number = 0;
        if (value.ValueKind != JsonValueKind.Number || value.TryGetInt64(out number))
        {
            return value.ValueKind == JsonValueKind.Number;
        }

        const double most = 1L << 53;
        bool isWhole = value.TryGetDouble(out double real) && double.IsInteger(real) && Math.Abs(real) <= most;
        number = isWhole ? (long)real : 0;
        return isWhole;
    }

    /// <summary>A finite number in [low, high].</summary>
    public static float Number(JsonElement value, string name, double low, double high)
    {
        if (value.ValueKind != JsonValueKind.Number || !value.TryGetDouble(out double number) || !double.IsFinite(number))
        {
            throw ApiException.Invalid(name, $"'{name}' must be a finite number", "invalid_type");
        }

        return number >= low && number <= high
            ? (float)number
            : throw ApiException.Invalid(name, string.Create(CultureInfo.InvariantCulture, $"'{name}' must be between {low} and {high}"),
            "out_of_range");
    }

    /// <summary>True or false.</summary>
    public static bool Flag(JsonElement value, string name) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw ApiException.Invalid(name, $"'{name}' must be true or false", "invalid_type"),
    };

    /// <summary>A text of valid UTF-16.</summary>
    public static string Text(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw ApiException.Invalid(name, $"'{name}' must be a string", "invalid_type");
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(name, $"'{name}' holds half of a surrogate pair", "invalid_string");
        }
    }
}
