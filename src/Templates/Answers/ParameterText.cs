using System.Text.Json;

namespace LayerStream.Templates.Answers;

/// <summary>A parameter's value, written without quotes in a tag, as JSON.</summary>
internal static class ParameterText
{
    /// <summary>JSON of the value; a text that is no JSON where JSON is wanted stays a string, so that nothing is lost.</summary>
    public static string ToJson(string raw, ParameterKind kind)
    {
        if (kind == ParameterKind.Text)
        {
            return JsonPieces.Quote(raw);
        }

        string trimmed = raw.Trim();
        JsonValueKind? found = JsonPieces.KindOf(trimmed);
        bool isJson = found is not null && (kind == ParameterKind.Json || found is not (JsonValueKind.String or JsonValueKind.Null));
        return isJson ? trimmed
            : kind == ParameterKind.Json && PythonText.TryRead(trimmed) is { } python ? python
            : kind == ParameterKind.Either && trimmed == "null" ? trimmed : JsonPieces.Quote(raw);
    }
}
