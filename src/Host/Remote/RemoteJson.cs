using System.Text.Json.Serialization;

namespace LayerStream.Host.Remote;

/// <summary>What goes to a daemon and comes from it.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RemoteRequest))]
[JsonSerializable(typeof(RemotePiece))]
[JsonSerializable(typeof(RemoteRefusal))]
internal sealed partial class RemoteJson : JsonSerializerContext;
