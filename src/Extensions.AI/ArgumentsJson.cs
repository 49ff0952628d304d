using System.Text.Json;
using System.Text.Json.Serialization;

namespace LayerStream.Extensions.AI;

/// <summary>Arguments of calls, between JSON text and named values.</summary>
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class ArgumentsJson : JsonSerializerContext
{
    /// <summary>The values of a JSON object.</summary>
    /// <exception cref="JsonException">It is none.</exception>
    public static IDictionary<string, object?> Read(string json) =>
        JsonSerializer.Deserialize(json, Default.DictionaryStringJsonElement)!.ToDictionary(a => a.Key, a => (object?)a.Value);
}
