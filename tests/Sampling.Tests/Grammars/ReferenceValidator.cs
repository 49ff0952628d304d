using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace LayerStream.Sampling.Tests.Grammars;

/// <summary>Another validator of JSON Schema.</summary>
internal sealed class ReferenceValidator(string schema)
{
    private static readonly EvaluationOptions s_options = new() { RequireFormatValidation = true, EvaluateAs = SpecVersion.Draft202012 };

    private readonly JsonSchema _schema = JsonSchema.FromText(schema);

    /// <summary>Whether a JSON text is valid.</summary>
    public bool Accepts(string text) => _schema.Evaluate(Parsed(text), s_options).IsValid;

    // Of members with the same name the last one counts.
    private static JsonNode? Parsed(string text)
    {
        using JsonDocument document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 256 });
        return Node(document.RootElement);
    }

    private static JsonNode? Node(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                JsonObject members = [];
                foreach (JsonProperty member in element.EnumerateObject())
                {
                    members[member.Name] = Node(member.Value);
                }

                return members;
            case JsonValueKind.Array:
                return new JsonArray([.. element.EnumerateArray().Select(Node)]);
            default:
                return JsonNode.Parse(element.GetRawText());
        }
    }
}
