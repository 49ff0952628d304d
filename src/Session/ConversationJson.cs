using System.Text.Json.Serialization;

namespace LayerStream.Session;

/// <summary>Serializer of conversations, generated at compile time.</summary>
[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ConversationFile))]
internal sealed partial class ConversationJson : JsonSerializerContext;
