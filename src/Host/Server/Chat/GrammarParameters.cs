using System.Text.Json;
using LayerStream.Host.Server.Http;
using LayerStream.Sampling.Grammars;
using LayerStream.Sampling.Grammars.States;

namespace LayerStream.Host.Server.Chat;

/// <summary>Members of a request that say what the answer must be a text of; one of them at a time.</summary>
internal static class GrammarParameters
{
    /// <summary>The rows.</summary>
    public static IReadOnlyList<Parameter> Rows { get; } =
    [
        Does("response_format", "`text`, `json_object` (its `schema` too), `json_schema`", ResponseFormat),
        Does("json_schema", "a JSON Schema", (r, v, n) => Set(r, n, () => Schema(v))),
        Does("grammar", "a grammar in GBNF", (r, v, n) => Set(r, n, () => Grammar.FromGbnf(JsonFields.Text(v, n)))),
        Does("guided_json", "a JSON Schema, or its text", (r, v, n) => Set(r, n, () => SchemaOrText(v, n))),
        Does("guided_grammar", "a grammar in GBNF", (r, v, n) => Set(r, n, () => Grammar.FromGbnf(JsonFields.Text(v, n)))),
        Does("guided_regex", "a regular expression of the whole answer",
            (r, v, n) => Set(r, n, () => Grammar.FromRegex(JsonFields.Text(v, n)))),
        Does("guided_choice", "texts among which to choose", (r, v, n) => Set(r, n, () => Grammar.FromChoices(Choices(v, n)))),
    ];

    private static void ResponseFormat(ChatRequest request, JsonElement value, string name)
    {
        string type = value.ValueKind == JsonValueKind.Object && value.TryGetProperty("type", out JsonElement given)
            ? JsonFields.Text(given, name + ".type")
            : throw ApiException.Invalid(name, $"'{name}' must be an object with a type", "invalid_type");
        switch (type)
        {
            case "text":
                break;
            case "json_object":
                Set(request, name, () => Member(value, "schema") is JsonElement schema ? Schema(schema) : Grammar.AnyObject());
                break;
            case "json_schema":
                JsonElement inner = Member(value, "json_schema") is { ValueKind: JsonValueKind.Object } wrapped
                    && Member(wrapped, "schema") is JsonElement own ? own
                    : Member(value, "schema") ?? throw ApiException.Invalid(
                        name, $"'{name}.json_schema.schema' is missing", "missing_parameter");
                Set(request, name, () => Schema(inner));
                break;
            default:
                throw ApiException.Invalid(
                    name, $"this server does not support the parameter '{name}' but as text, json_object or json_schema",
                    "unsupported_parameter");
        }
    }

    private static void Set(ChatRequest request, string name, Func<Grammar> compile)
    {
        if (request.Grammar is not null)
        {
            throw ApiException.Invalid(name, $"'{name}' and another member both say what the answer must be", "conflicting_parameters");
        }

        try
        {
            request.Grammar = compile();
        }
        catch (GrammarException e)
        {
            throw ApiException.Invalid(
                name, $"'{name}': {e.Message}", e.Fault == GrammarFault.Unsupported ? "unsupported_schema" : "invalid_schema");
        }
    }

    // The tree of the request is gone when the answer begins.
    private static Grammar Schema(JsonElement schema) => Grammar.FromSchema(schema.Clone());

    private static Grammar SchemaOrText(JsonElement value, string name)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return Schema(value);
        }

        try
        {
            using JsonDocument document = JsonDocument.Parse(
                JsonFields.Text(value, name), new JsonDocumentOptions { MaxDepth = GrammarLimits.Nesting });
            return Schema(document.RootElement);
        }
        catch (JsonException)
        {
            throw ApiException.Invalid(name, $"'{name}' is a text that is no JSON", "invalid_schema");
        }
    }

    private static string[] Choices(JsonElement value, string name) => value.ValueKind == JsonValueKind.Array
        ? [.. value.EnumerateArray().Select(v => JsonFields.Text(v, name))]
        : throw ApiException.Invalid(name, $"'{name}' must be an array of strings", "invalid_type");

    private static JsonElement? Member(JsonElement value, string name) =>
        value.TryGetProperty(name, out JsonElement member) && member.ValueKind != JsonValueKind.Null ? member : null;

    private static Parameter Does(string name, string note, Action<ChatRequest, JsonElement, string> read) =>
        new(name, ParameterUse.Honoured, note, read);
}
