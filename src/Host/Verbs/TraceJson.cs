using System.Text.Json.Serialization;
using LayerStream.Actors.Tracing;

namespace LayerStream.Host.Verbs;

/// <summary>Serializer of trace figures, generated at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(TraceFigures))]
[JsonSerializable(typeof(TraceDiffFigures))]
internal sealed partial class TraceJson : JsonSerializerContext;
