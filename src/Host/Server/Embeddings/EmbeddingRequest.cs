using LayerStream.Host.Server.Chat;
using LayerStream.Host.Server.Completions;

namespace LayerStream.Host.Server.Embeddings;

/// <summary>A request for embeddings after its checks.</summary>
internal sealed class EmbeddingRequest : ChatRequest
{
    /// <summary>Texts or token ids.</summary>
    public IReadOnlyList<CompletionPrompt> Inputs { get; set; } = [];

    /// <summary>How many of a vector's first values to send; 0 = all.</summary>
    public int Dimensions { get; set; }

    /// <summary>Whether vectors are sent as base64 of little-endian floats.</summary>
    public bool IsBase64 { get; set; }

    /// <summary>Whether a text that is too long is cut.</summary>
    public bool Truncates { get; set; }
}
