using System.Text.Json;
using LayerStream.Host.Server.Http;

namespace LayerStream.Host.Server.Chat;

/// <summary>Values of request members that are more than a number or a flag. Errors: <see cref="ApiException"/> 400 naming the
/// member.</summary>
internal static class ParameterValues
{
    private const int MostTexts = 16;
    private const int LongestText = 1024;

    // Names of tokens among them: their text is read as control tokens.
    private static readonly string[] s_ownVariables =
        ["messages", "tools", "add_generation_prompt", "bos_token", "eos_token", "unk_token", "pad_token", "sep_token", "cls_token",
            "mask_token"];

    /// <summary>A member's name.</summary>
    public static string NameOf(JsonProperty member)
    {
        try
        {
            return member.Name;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(null, "a member name holds half of a surrogate pair", "invalid_string");
        }
    }

    /// <summary>Texts that end an answer; an empty one ends none.</summary>
    public static string[] Stops(JsonElement value, string name) => [.. Texts(value, name, least: 0).Where(s => s.Length > 0)];

    /// <summary>A text or an array of up to 16, none of them shorter than the least.</summary>
    public static string[] Texts(JsonElement value, string name, int least = 1)
    {
        string[] texts = value.ValueKind switch
        {
            JsonValueKind.String => [JsonFields.Text(value, name)],
            JsonValueKind.Array when value.GetArrayLength() <= MostTexts =>
                [.. value.EnumerateArray().Select(e => JsonFields.Text(e, name))],
            JsonValueKind.Array => throw ApiException.Invalid(name, $"'{name}' may hold at most {MostTexts} strings", "out_of_range"),
            _ => throw ApiException.Invalid(name, $"'{name}' must be a string or an array of strings", "invalid_type"),
        };
        return Array.TrueForAll(texts, s => s.Length >= least && s.Length <= LongestText)
            ? texts
            : throw ApiException.Invalid(name, $"a string of '{name}' must have {least} to {LongestText} characters", "out_of_range");
    }

    /// <summary>Length of an array.</summary>
    public static int List(JsonElement value, string name) => value.ValueKind == JsonValueKind.Array
        ? value.GetArrayLength()
        : throw ApiException.Invalid(name, $"'{name}' must be an array", "invalid_type");

    /// <summary>Whether a stream ends with the usage; what else a client says of the stream's form is a hint.</summary>
    public static void StreamOptions(ChatRequest request, JsonElement value, string name)
    {
        foreach (JsonProperty member in Members(value, name))
        {
            string inner = NameOf(member);
            if (member.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            switch (inner)
            {
                case "include_usage":
                    request.IncludeUsage = JsonFields.Flag(member.Value, "stream_options.include_usage");
                    break;
                case "include_obfuscation" or "continuous_usage_stats":
                    JsonFields.Flag(member.Value, "stream_options." + inner);
                    break;
                default:
                    throw ApiException.Unsupported("stream_options." + inner);
            }
        }
    }

    /// <summary>Variables of the template that are not the server's own.</summary>
    public static Dictionary<string, JsonElement> TemplateVariables(JsonElement value, string name)
    {
        Dictionary<string, JsonElement> variables = [];
        foreach (JsonProperty member in Members(value, name))
        {
            string variable = NameOf(member);
            variables[variable] = !s_ownVariables.Contains(variable)
                ? member.Value
                : throw ApiException.Invalid(name, $"'{name}' may not set '{variable}'", "invalid_value");
        }

        return variables;
    }

    /// <summary>Text only.</summary>
    public static void Modalities(ChatRequest request, JsonElement value, string name)
    {
        if (Array.Exists(Texts(value, name), m => m != "text"))
        {
            throw ApiException.Invalid(name, $"this server does not support the parameter '{name}' but as [\"text\"]",
                "unsupported_parameter");
        }
    }

    private static JsonElement.ObjectEnumerator Members(JsonElement value, string name) => value.ValueKind == JsonValueKind.Object
        ? value.EnumerateObject()
        : throw ApiException.Invalid(name, $"'{name}' must be an object", "invalid_type");
}
